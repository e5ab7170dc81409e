import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FaultInput } from '../../emulator/faults.ts'
import { instancesOf } from '../../emulator/services/ec2.ts'
import { bucketsOf } from '../../emulator/services/s3.ts'
import { call, done } from '../integration/integrations.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { accepted } from '../support/component-story.ts'
import { iamRoles, syncCalls } from '../support/sync-calls.ts'
import { type AwsWorld, awsWorld, type InventoryAccount } from './aws-world.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ worker: true, quotas: { runningOperations: 100 } })
})
afterAll(() => app.close())

/** An organization with one account that has something of each type, in two regions. */
async function filled(): Promise<{ own: AwsWorld; account: InventoryAccount; arns: string[] }> {
  const own = await awsWorld(app)
  const account = await own.account()
  const arns = [
    account.bucket(`logs-${account.id}`, 'eu-west-1', { team: 'blue' }),
    account.bucket(`plain-${account.id}`, 'us-east-1'),
    account.instance('eu-west-1', { Name: 'web', team: 'red' }),
    account.instance('us-east-1'),
    account.lambda('greet', 'eu-west-1', { team: 'green' }),
    account.lambda('greet', 'us-east-1'),
    account.roleArn,
  ]
  return { own, account, arns: arns.sort() }
}
const active = async (own: AwsWorld) =>
  [...(await own.resources()).values()].filter(({ status }) => status === 'ACTIVE').map(({ externalId }) => externalId)
const deleted = async (own: AwsWorld) =>
  [...(await own.resources()).values()].filter(({ status }) => status === 'DELETED').map(({ externalId }) => externalId)

// All side by side: the longest waits for an AWS that says nothing.
describe.concurrent('by refreshIntegration', () => {
  describe('an account is read', () => {
    it('by the list calls of every enabled region where Resource Explorer is off: every page, with tags, and nothing that is terminated', async () => {
      const { own, account, arns } = await filled()
      account.instance('eu-west-1', {}, 'terminated')
      const many = Array.from({ length: 60 }, (_, index) => account.lambda(`f${index}`, 'us-west-2'))
      const role = iamRoles(app, account.id).latest('GatehouseResourceInventory')!
      iamRoles(app, account.id).put('GatehouseResourceInventory', { ...role, tags: new Map([['team', 'iam']]) }, app.aws.state.now())
      expect(await own.refreshed()).toMatchObject({
        status: 'SUCCEEDED',
        statusMessage: null,
        summary: { total: 67, succeeded: 67, failed: 0 },
      })
      const found = await own.resources()
      expect([...found.keys()].sort()).toEqual([...arns, ...many].sort())
      const tag = (value: string) => ({ key: 'team', value })
      const awsAccount = { accountId: account.id }
      const parts = [...found.values()].filter(({ sourceTags }) => sourceTags.length > 0).map(({ id, externalId, owner, ...part }) => part)
      const status = 'ACTIVE'
      expect(parts.sort((a, b) => (a.type < b.type ? -1 : 1))).toEqual([
        { type: 'aws-ec2-instance', name: 'web', status, awsAccount, sourceTags: [{ key: 'Name', value: 'web' }, tag('red')] },
        { type: 'aws-iam-role', name: 'GatehouseResourceInventory', status, awsAccount, sourceTags: [tag('iam')] },
        { type: 'aws-lambda-function', name: 'greet', status, awsAccount, sourceTags: [tag('green')] },
        { type: 'aws-s3-bucket', name: `logs-${account.id}`, status, awsAccount, sourceTags: [tag('blue')] },
      ])
      const unnamed = found.get(arns.find((arn) => arn.includes('us-east-1') && arn.includes('instance')) ?? '')
      expect(unnamed.name).toBe(unnamed.externalId.split('/')[1])
      const integration = await own.integration()
      expect(integration).toMatchObject({ status: 'ACTIVE', statusMessage: null, version: 1 })
      expect(integration.lastSyncAt).not.toBeNull()
    })

    it('for its resources alone: nothing of its roles counts as seen by that', async () => {
      const { own } = await filled()
      const sync = syncCalls(own)
      await sync.sync()
      const before = await sync.roles()
      expect(before).not.toEqual([])
      expect(await own.refreshed()).toMatchObject({ status: 'SUCCEEDED' })
      expect(await sync.roles()).toEqual(before)
      const { rows } = await app.booted.services.db.pool.query(
        'select "lastScanAt" = "lastCompleteScanAt" as "isWhole" from "AwsAccount" where "organizationId" = $1',
        [own.id],
      )
      expect(rows).toEqual([{ isWhole: true }])
    })

    it('the same by the aggregator, by local views and by the list calls, so that no row changes from one to the other', async () => {
      const { own, account, arns } = await filled()
      await own.refreshed()
      const rows = await own.rows()
      const readAgain = async () => {
        account.forget()
        expect(await own.refreshed()).toMatchObject({ status: 'SUCCEEDED', summary: { total: arns.length } })
        expect(await own.rows()).toEqual(rows)
        return ['ListResources', 'Search', 'DescribeInstances', 'ListFunctions', 'ListBuckets'].map((operation) => account.calls(operation))
      }
      expect(await readAgain()).toEqual([0, 0, 4, 4, 1])
      account.explorer('eu-west-1', 'LOCAL')
      expect(await readAgain()).toEqual([0, 2, 3, 3, 1])
      account.explorer('eu-west-1', 'AGGREGATOR')
      expect(await readAgain()).toEqual([2, 0, 3, 3, 1])
      account.explorer('eu-west-1', 'LOCAL')
      for (const region of ['us-east-1', 'us-west-2', 'eu-central-1']) account.explorer(region, 'LOCAL')
      expect(await readAgain()).toEqual([0, 12, 0, 0, 0])
      // What the view does not tell, tags, is asked for.
      account.explorer('eu-west-1', 'AGGREGATOR', { includesTags: false })
      expect(await readAgain()).toEqual([3, 0, 0, 0, 0])
      account.fault({ kind: 'refuse', operation: 'ListIndexes' })
      expect(await readAgain()).toEqual([0, 0, 4, 4, 1])
    })

    it('by the list calls in regions whose index has no default view', async () => {
      const { own, account, arns } = await filled()
      account.explorer('eu-west-1', 'AGGREGATOR', null)
      await own.refreshed()
      expect((await active(own)).sort()).toEqual(arns)
      expect([account.calls('ListResources'), account.calls('DescribeInstances')]).toEqual([0, 4])
    })

    it('in aws-us-gov in the regions of that partition', async () => {
      const own = await awsWorld(app)
      const account = await own.account('AWS_US_GOV')
      const arns = [account.instance('us-gov-east-1'), account.bucket('gov', 'us-gov-west-1'), account.roleArn].sort()
      expect(await own.refreshed()).toMatchObject({ status: 'SUCCEEDED' })
      expect((await active(own)).sort()).toEqual(arns)
      expect(arns.every((arn) => arn.startsWith('arn:aws-us-gov:'))).toBe(true)
    })

    it('in the types that are connected alone, and nothing is asked about others', async () => {
      const { own, account, arns } = await filled()
      done(await call(own, 'updateIntegration', { id: own.integrationId, connectedResourceTypes: ['aws-s3-bucket'] }))
      await own.refreshed()
      expect((await active(own)).sort()).toEqual(arns.filter((arn) => arn.includes(':s3:')))
      for (const operation of ['ListRoles', 'DescribeInstances', 'ListFunctions']) expect(account.calls(operation)).toBe(0)
    })

    it('and each resource has the owner its tag names, else that of the integration', async () => {
      const { own, arns } = await filled()
      const owners = {
        ownersMapping: { keyName: 'team', attributeType: 'group' },
        owner: { attributeType: 'email', attributeValues: ['ops@example.com'] },
      }
      done(await call(own, 'updateIntegration', { id: own.integrationId, ...owners }))
      await own.refreshed()
      const found = await own.resources()
      const ownersOf = [...found.values()].map(({ owner }) => `${owner.attributeType} ${owner.attributeValues}`).sort()
      expect(ownersOf).toEqual([...Array(arns.length - 3).fill('email ops@example.com'), 'group blue', 'group green', 'group red'])
    })

    it('completely: what is gone is DELETED, and ACTIVE once it is there again, with what was kept of it', async () => {
      const { own, account } = await filled()
      const arn = account.bucket(`temporary-${account.id}`, 'us-east-1', { team: 'x' })
      await own.refreshed()
      const before = (await own.resources()).get(arn)
      bucketsOf(account.aws).delete(`temporary-${account.id}`)
      await own.refreshed()
      expect(await deleted(own)).toEqual([arn])
      account.bucket(`temporary-${account.id}`, 'us-east-1', { team: 'x' })
      await own.refreshed()
      expect((await own.resources()).get(arn)).toEqual(before)
    })
  })

  describe('what cannot be read', () => {
    const rows: [string, FaultInput, RegExp][] = [
      [
        'instances of an account are refused',
        { kind: 'refuse', operation: 'DescribeInstances' },
        /DescribeInstances in .*UnauthorizedOperation.*Verify its INVENTORY/,
      ],
      [
        'regions are refused',
        { kind: 'refuse', operation: 'DescribeRegions' },
        /DescribeRegions.*UnauthorizedOperation.*Verify its INVENTORY/,
      ],
      ['roles are refused', { kind: 'refuse', service: 'iam' }, /ListRoles.*AccessDenied.*Verify its INVENTORY/],
      ['the role is not lent', { kind: 'refuse', service: 'sts' }, /could not be assumed.*AccessDenied/],
      ['AWS throttles', { kind: 'throttle', operation: 'ListFunctions' }, /ListFunctions.*TooManyRequests.*Refresh again later/],
      ['AWS answers 500', { kind: 'error500', operation: 'ListBuckets' }, /ListBuckets.*Refresh again later/],
      ['AWS says nothing', { kind: 'silent', operation: 'ListBuckets' }, /ListBuckets.*did not answer.*Refresh again later/],
    ]
    it.each(rows)(
      'is told where %s, by the account and with what to do, and what else is there is found',
      { timeout: 40_000 },
      async (_what, fault, words) => {
        const { own, account } = await filled()
        const other = await own.account()
        const arns = [
          other.bucket(`here-${other.id}`, 'us-east-1'),
          other.instance('eu-west-1'),
          other.lambda('f', 'us-west-2'),
          other.roleArn,
        ]
        account.fault(fault)
        const { status, statusMessage } = await own.refreshed()
        expect([status, statusMessage]).toEqual(['SUCCEEDED_WITH_WARNING', expect.stringMatching(words)])
        expect(statusMessage).toContain(`Account ${account.id}:`)
        expect(statusMessage).not.toContain(other.id)
        const integration = await own.integration()
        expect(integration).toMatchObject({ status: 'WARNING', statusMessage })
        expect(integration.lastSyncAt).not.toBeNull()
        expect(await active(own)).toEqual(expect.arrayContaining(arns))
      },
    )

    it('makes the run a partial one: nothing counts as gone, in no account', async () => {
      const { own, account, arns } = await filled()
      const other = await own.account()
      const gone = other.bucket(`gone-${other.id}`, 'us-east-1')
      await own.refreshed()
      bucketsOf(other.aws).delete(`gone-${other.id}`)
      bucketsOf(account.aws).delete(`plain-${account.id}`)
      const fault = account.fault({ kind: 'refuse', operation: 'DescribeInstances' })
      expect(await own.refreshed()).toMatchObject({ status: 'SUCCEEDED_WITH_WARNING' })
      expect((await active(own)).sort()).toEqual([...arns, other.roleArn, gone].sort())
      app.aws.faults.remove(fault)
      expect(await own.refreshed()).toMatchObject({ status: 'SUCCEEDED' })
      expect((await deleted(own)).sort()).toEqual([gone, `arn:aws:s3:::plain-${account.id}`].sort())
    })

    it('leaves an ERROR where no account can be read, and all there was as it was', async () => {
      const { own, account, arns } = await filled()
      await own.refreshed()
      const { lastSyncAt } = await own.integration()
      account.fault({ kind: 'refuse', service: 'sts' })
      const { status, statusMessage } = await own.refreshed()
      expect([status, statusMessage]).toEqual([
        'FAILED',
        expect.stringMatching(/^No account could be read\. Account \d{12}: .*could not be assumed/),
      ])
      expect(await own.integration()).toMatchObject({ status: 'ERROR', statusMessage, lastSyncAt })
      expect((await active(own)).sort()).toEqual(arns)
    })

    it('leaves tags as they were where these alone are refused, and what is gone is still DELETED', async () => {
      const { own, account } = await filled()
      await own.refreshed()
      const before = await own.resources()
      account.fault({ kind: 'refuse', service: 'tagging' })
      account.fault({ kind: 'refuse', operation: 'GetAccountAuthorizationDetails' })
      const plain = `arn:aws:s3:::plain-${account.id}`
      bucketsOf(account.aws).delete(`plain-${account.id}`)
      const { status, statusMessage } = await own.refreshed()
      expect([status, statusMessage]).toEqual(['SUCCEEDED_WITH_WARNING', expect.stringContaining('AccessDenied')])
      expect(await own.resources()).toEqual(
        new Map([...before].map(([arn, one]) => [arn, { ...one, status: arn === plain ? 'DELETED' : 'ACTIVE' }])),
      )
    })

    it('is everything beyond the 1,000 that Search tells of: the run is partial and says how to get it whole', async () => {
      const own = await awsWorld(app)
      const account = await own.account()
      for (const region of ['eu-west-1', 'us-east-1', 'us-west-2', 'eu-central-1']) account.explorer(region, 'LOCAL')
      const gone = account.bucket(`gone-${account.id}`, 'us-east-1')
      await own.refreshed()
      bucketsOf(account.aws).delete(`gone-${account.id}`)
      for (let index = 0; index < 4_500; index++) account.lambda(`f${index}`, 'us-east-1', { of: 'many' })
      const { status, statusMessage, summary } = await own.refreshed()
      expect([status, summary.total]).toEqual(['SUCCEEDED_WITH_WARNING', 1_001])
      expect(statusMessage).toMatch(/Search in us-east-1 told of 1000 lambda:function, and there are more\. Make one .* the aggregator/)
      expect((await own.resources()).get(gone)?.status ?? 'not among the first').not.toBe('DELETED')
      account.explorer('us-east-1', 'AGGREGATOR')
      expect(await own.refreshed()).toMatchObject({ status: 'SUCCEEDED', summary: { total: 4_501 } })
      const { rows } = await app.booted.services.db.pool.query(
        `select "status", count(*)::int from "Resource" where "organizationId" = $1 group by 1 order by 1`,
        [own.id],
      )
      expect(rows).toEqual([
        { status: 'ACTIVE', count: 4_501 },
        { status: 'DELETED', count: 1 },
      ])
    })

    it('is an account whose component was staged again: its things stay', async () => {
      const { own, account } = await filled()
      const other = await own.account()
      other.bucket(`kept-${other.id}`, 'us-east-1')
      await own.refreshed()
      const before = (await active(own)).sort()
      accepted(await own.calls.stage({ kind: 'INVENTORY', itemId: other.id, allowRestage: true }))
      const { status, statusMessage } = await own.refreshed()
      expect([status, statusMessage]).toEqual([
        'SUCCEEDED_WITH_WARNING',
        expect.stringMatching(new RegExp(`Account ${other.id}: .* state STAGE`)),
      ])
      expect((await active(own)).sort()).toEqual(before)
      accepted(await own.calls.remove(other.component.id))
      expect(await own.refreshed()).toMatchObject({ status: 'SUCCEEDED' })
      expect((await active(own)).every((arn) => !arn.includes(other.id))).toBe(true)
      expect(account.id).not.toBe(other.id)
    })
  })

  describe('what AWS names of others is refused, and nothing of it is kept', () => {
    const foreign = '999999999999'
    const rows: [string, (account: InventoryAccount) => void][] = [
      [
        'a function of another account',
        (account) => account.lambda('f', 'us-east-1', {}, `arn:aws:lambda:us-east-1:${foreign}:function:f`),
      ],
      [
        'a function of another partition',
        (account) => account.lambda('f', 'us-east-1', {}, `arn:aws-us-gov:lambda:us-east-1:${account.id}:function:f`),
      ],
      [
        'a function of another region',
        (account) => account.lambda('f', 'us-east-1', {}, `arn:aws:lambda:us-west-2:${account.id}:function:f`),
      ],
      [
        'something else than a function',
        (account) => account.lambda('f', 'us-east-1', {}, `arn:aws:lambda:us-east-1:${account.id}:layer:f`),
      ],
      [
        'an instance of another account, by Resource Explorer',
        (account) => {
          account.explorer('us-east-1', 'AGGREGATOR')
          const arn = `arn:aws:ec2:us-east-1:${foreign}:instance/i-00000000`
          instancesOf(account.aws, 'us-east-1').put(
            'i-00000000',
            { arn, id: 'i-00000000', state: 'running', launchedAt: new Date(), tags: {} },
            0,
          )
        },
      ],
    ]
    it.each(rows)('%s', async (_what, put) => {
      const own = await awsWorld(app)
      const account = await own.account()
      put(account)
      const { status, statusMessage } = await own.refreshed()
      expect([status, statusMessage]).toEqual(['SUCCEEDED_WITH_WARNING', expect.stringContaining(`none of account ${account.id}`)])
      expect(await active(own)).toEqual([account.roleArn])
    })

    it('an organization finds what its own accounts have', async () => {
      const [one, two] = await Promise.all([filled(), filled()])
      await Promise.all([one.own.refreshed(), two.own.refreshed()])
      expect([(await active(one.own)).sort(), (await active(two.own)).sort()]).toEqual([one.arns, two.arns])
    })
  })

  describe('a refresh', () => {
    it('without an installed INVENTORY component is refused and says what to do', async () => {
      const own = await awsWorld(app)
      const { operation, errors } = await own.refresh()
      expect(operation).toBeNull()
      expect(errors).toMatchObject([
        { __typename: 'PreconditionError', path: ['input', 'id'], remediation: expect.stringContaining('INVENTORY') },
      ])
      expect((await own.integration()).status).toBe('INITIALIZING')
    })

    it('waits while another operation reads the account, and goes on once that has ended', async () => {
      const { own, account, arns } = await filled()
      const { pool } = app.booted.services.db
      const hold = (owner: string | null) =>
        pool.query(`update "AwsAccount" set "scanOwner" = $2, "scanUntil" = now() + interval '1 minute' where "organizationId" = $1`, [
          own.id,
          owner,
        ])
      await hold('op_other')
      account.forget()
      const { operation } = await own.refresh(false)
      await expect.poll(() => statusOf(own, operation.id), { timeout: 10_000 }).toBe('RUNNING')
      await new Promise((resolve) => setTimeout(resolve, 600))
      expect(account.calls('ListBuckets')).toBe(0)
      await pool.query(`update "AwsAccount" set "scanOwner" = null, "scanUntil" = null where "organizationId" = $1`, [own.id])
      await expect.poll(() => statusOf(own, operation.id), { timeout: 15_000 }).toBe('SUCCEEDED')
      expect((await active(own)).sort()).toEqual(arns)
    })

    it('that is cancelled asks AWS nothing more, leaves the integration as it was and the account free', { timeout: 40_000 }, async () => {
      const { own, account } = await filled()
      const { status } = await own.integration()
      const fault = account.fault({ kind: 'slow', delayMs: 20_000, operation: 'ListFunctions' })
      const { operation } = await own.refresh(false)
      await expect.poll(() => account.calls('ListFunctions'), { timeout: 10_000 }).toBeGreaterThan(0)
      expect((await own.integration()).status).toBe('REFRESHING')
      await own.ask(`mutation { cancelOperation(input: { id: "${operation.id}" }) { errors { code } } }`)
      expect(await own.integration()).toMatchObject({ status, statusMessage: 'The last refresh was cancelled.' })
      const { pool } = app.booted.services.db
      const owners = async () => (await pool.query('select "scanOwner" from "AwsAccount" where "organizationId" = $1', [own.id])).rows
      await expect.poll(owners, { timeout: 5_000 }).toEqual([{ scanOwner: null }])
      app.aws.faults.remove(fault)
      expect(await own.refreshed()).toMatchObject({ status: 'SUCCEEDED' })
    })

    it('ends with the integration, which is uninstalled with all that was found', async () => {
      const { own, account } = await filled()
      await own.refreshed()
      account.forget()
      account.fault({ kind: 'slow', delayMs: 20_000, operation: 'ListFunctions' })
      const { operation } = await own.refresh(false)
      await expect.poll(() => account.calls('ListFunctions'), { timeout: 10_000 }).toBeGreaterThan(0)
      accepted(await own.calls.uninstall())
      expect(await statusOf(own, operation.id)).toBe('CANCELLED')
      expect(await own.rows()).toEqual([])
    })
  })
})

async function statusOf({ ask }: AwsWorld, id: string): Promise<Data> {
  return (await ask(`{ operation(id: "${id}") { status } }`)).operation.status
}
