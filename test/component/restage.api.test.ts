import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { applySetup, awsAccountOf, newAccount, putAnalyzer } from '../support/aws-setup.ts'
import { accepted, configOf, functionArn, itemOf, refusalOf, stagedKinds, type Tenant, tenant } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'

let app: TestApp
let own: Tenant
beforeAll(async () => {
  app = await startTestApp()
  own = await tenant(app)
})
afterAll(() => app.close())

describe.each(stagedKinds)('staging $kind again', ({ kind }) => {
  test('while it is staged changes nothing at all', async () => {
    const staged = await own.bring(itemOf(kind), 'STAGE')
    const before = await rowsOf(app, own.id)
    for (const again of [{}, { partition: 'AWS' }, { allowRestage: true }]) {
      expect(accepted(await own.calls.stage({ kind, itemId: staged.itemId, ...again })).component).toEqual(staged)
    }
    expect(await rowsOf(app, own.id)).toEqual(before)
  })

  test('from CONFIGURE needs no leave; from INSTALLED it does, and clears configuration and health', async () => {
    const configurable = await own.bring(itemOf(kind), 'CONFIGURE')
    const { itemId, id } = configurable
    expect(accepted(await own.calls.stage({ kind, itemId })).component).toMatchObject({ id, state: 'STAGE', version: 3 })
    accepted(await own.calls.verify(id))
    const { component: installed } = accepted(await own.calls.configure(id, configOf(kind)))
    const refused = await own.calls.stage({ kind, itemId })
    expect(refusalOf(refused)).toEqual(['TransitionError', 'INVALID_TRANSITION', 'input.itemId'])
    expect(refused.errors[0]).toMatchObject({ fromState: 'INSTALLED', allowedActions: installed.allowedActions })
    expect(refused.errors[0].message).toContain('allowRestage')
    expect(await own.calls.read(id)).toEqual(installed)
    const { component: staged } = accepted(await own.calls.stage({ kind, itemId, allowRestage: true }))
    expect(staged).toMatchObject({ id, state: 'STAGE', version: 6, health: 'UNKNOWN', allowedActions: ['STAGE', 'VERIFY', 'REMOVE'] })
    expect(staged.login ?? null).toBeNull()
    const { rows } = await app.booted.services.db.pool.query('select "config" from "Component" where "id" = $1', [id])
    expect(rows).toEqual([{ config: null }])
    expect(staged.lastVerification).toEqual(installed.lastVerification)
  })
})

test('a configured ARN is gone after staging again, and absent does not bring it back', async () => {
  const { itemId, id } = await own.bring(itemOf('IAM_ASSESSMENT'), 'CONFIGURE')
  const accessAnalyzerArn = `arn:aws:access-analyzer:eu-west-1:${itemId}:analyzer/main`
  putAnalyzer(app.aws, accessAnalyzerArn)
  expect(accepted(await own.calls.configure(id, { iamAssessment: { accessAnalyzerArn } })).component).toMatchObject({ accessAnalyzerArn })
  expect(accepted(await own.calls.stage({ kind: 'IAM_ASSESSMENT', itemId, allowRestage: true })).component.accessAnalyzerArn).toBeNull()
  accepted(await own.calls.verify(id))
  expect(accepted(await own.calls.configure(id, { iamAssessment: {} })).component.accessAnalyzerArn).toBeNull()
})

test('a new setup is made for the issuer as it is now; until then a verification fails and names the old one', async () => {
  const other = await tenant(app)
  const item = itemOf('INVENTORY')
  const component = await other.bring(item, 'INSTALLED')
  const { pool } = app.booted.services.db
  await pool.query(`update "RoleSetup" set "issuer" = 'https://old.example.com' where "organizationId" = $1`, [other.id])
  await pool.query(`update "AwsIdentity" set "issuer" = 'https://old.example.com' where "organizationId" = $1`, [other.id])
  const { verification, errors } = await other.calls.verify(component.id)
  expect(errors).toMatchObject([{ __typename: 'VerificationError' }])
  expect(verification.checks[0]).toMatchObject({ code: 'SERVICE_ACCOUNT_CONFIGURED', status: 'FAILED' })
  expect(JSON.stringify(verification.checks[0])).toContain('https://old.example.com')
  expect(verification.checks.slice(1).map(({ status }: Data) => status)).not.toContain('PASSED')
  const { component: staged } = accepted(await other.calls.stage({ ...item, allowRestage: true }))
  expect(staged.setup).toMatchObject({ oidcProviderUrl: app.url, serviceAccountId: component.setup.serviceAccountId })
  const [base] = await other.calls.all({ kinds: ['BASE'] })
  expect(base.issuer).toBe(app.url)
  accepted(await other.calls.verify(component.id))
})

describe('the partition', () => {
  const gov = 'AWS_US_GOV'

  test('is AWS unless it is said or known', async () => {
    const accountId = newAccount()
    expect(accepted(await own.calls.stage({ kind: 'INVENTORY', itemId: accountId })).component.partition).toBe('AWS')
    const govAccount = newAccount()
    const { component } = accepted(await own.calls.stage({ kind: 'FUNCTION_CALLER', itemId: functionArn(govAccount, gov) }))
    expect(component).toMatchObject({ partition: gov, awsAccount: { accountId: govAccount, partition: gov } })
    // The account is known to lie in GovCloud by now.
    const { component: second } = accepted(await own.calls.stage({ kind: 'INVENTORY', itemId: govAccount }))
    expect(second.partition).toBe(gov)
    expect(JSON.stringify(second.setup)).toContain('arn:aws-us-gov:iam::')
  })

  test('of what is staged cannot change', async () => {
    const staged = await own.bring(itemOf('INVENTORY'), 'STAGE')
    const refused = await own.calls.stage({ kind: 'INVENTORY', itemId: staged.itemId, partition: gov })
    expect(refusalOf(refused)).toEqual(['ValidationError', 'INVALID_VALUE', 'input.partition'])
    expect(await own.calls.read(staged.id)).toEqual(staged)
  })

  test.each(['CONFIGURE', 'INSTALLED'] as const)(
    'can change when it is staged again from %s, with all that names it, where nothing else of the account contradicts',
    async (state) => {
      const component = await own.bring(itemOf('INVENTORY'), state)
      const { itemId, id } = component
      const { component: moved } = accepted(await own.calls.stage({ kind: 'INVENTORY', itemId, partition: gov, allowRestage: true }))
      expect(moved).toMatchObject({ id, partition: gov, state: 'STAGE', awsAccount: { partition: gov } })
      expect(moved.setup.trustPolicy).toContain(`arn:aws-us-gov:iam::${itemId}:oidc-provider/`)
      expect(moved.setup.inlinePolicy).not.toContain('arn:aws:')
      const [base] = await own.calls.all({ kinds: ['BASE'], accountIds: [itemId] })
      expect(base.partition).toBe(gov)
      // The stand-in has this account in aws: what AWS says decides.
      expect(awsAccountOf(app.aws, component).partition).toBe('aws')
      expect((await own.calls.verify(id)).errors).toMatchObject([{ __typename: 'VerificationError' }])
    },
  )

  test('cannot change while another component says where the account lies', async () => {
    const first = await own.bring(itemOf('INVENTORY'), 'CONFIGURE')
    await own.bring(itemOf('ACCESS_LOGS', first.itemId), 'STAGE')
    const refused = await own.calls.stage({ kind: 'INVENTORY', itemId: first.itemId, partition: gov })
    expect(refusalOf(refused)).toEqual(['ValidationError', 'INVALID_VALUE', 'input.partition'])
    expect(await own.calls.read(first.id)).toEqual(first)
  })
})

test("the recipes of an account's first component with a role make the OIDC provider by default, and those of its first function the role", async () => {
  const account = newAccount()
  const defaultsOf = async (kind: string, itemId: string): Promise<(string | undefined)[]> => {
    const { component } = accepted(await own.calls.stage({ kind, itemId }))
    const { component: read } = await own.ask(`{ component(id: "${component.id}") { setup { terraform } } }`)
    const terraform: string = read.setup?.terraform ?? ''
    return ['create_oidc_provider', 'create_role'].map((name) => new RegExp(`"${name}" \\{[^}]*default = (\\w+)`).exec(terraform)?.[1])
  }
  expect(await defaultsOf('ACCESS_LOGS', account)).toEqual([undefined, undefined])
  expect(await defaultsOf('INVENTORY', account)).toEqual(['true', undefined])
  expect(await defaultsOf('IAM_WRITE', account)).toEqual(['false', undefined])
  expect(await defaultsOf('FUNCTION_CALLER', functionArn(account, 'AWS', 'first'))).toEqual(['false', 'true'])
  expect(await defaultsOf('FUNCTION_CALLER', functionArn(account, 'AWS', 'second'))).toEqual(['false', 'false'])
  // Asked for again, each says the same.
  expect(await defaultsOf('INVENTORY', account)).toEqual(['true', undefined])
})

test('a removed component staged again is a new one, and the history of the old one can still be read', async () => {
  const item = itemOf('INVENTORY')
  const old = await own.bring(item, 'INSTALLED')
  accepted(await own.calls.remove(old.id))
  const { component: fresh } = accepted(await own.calls.stage(item))
  expect(fresh).toMatchObject({ state: 'STAGE', version: 1, lastVerification: null })
  expect(fresh.id).not.toBe(old.id)
  applySetup(app.aws, fresh)
  accepted(await own.calls.verify(fresh.id))
  const { organization } = await own.ask(
    `query ($id: ID!, $subject: ID!) { organization(id: $id) { auditEvents(filter: { subjectIds: [$subject] }) { nodes { action } } } }`,
    { id: own.id, subject: old.id },
  )
  expect(organization.auditEvents.nodes.map(({ action }: Data) => action)).toEqual([
    'component.remove',
    'component.configure',
    'component.verify',
    'component.stage',
  ])
})
