import { afterAll, beforeAll, expect, test } from 'vitest'
import { iamOf } from '../../emulator/iam/iam.state.ts'
import { putRole } from '../../emulator/iam/role.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { newAccount } from '../support/aws-setup.ts'
import { tenant } from '../support/component-story.ts'
import { accountWithRoles, iamRoles, keyOf, type SyncCalls, syncCalls, trustPolicy } from '../support/sync-calls.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ worker: true })
})
afterAll(() => app.close())

async function organization(): Promise<SyncCalls & { id: string }> {
  const made = await app.organization()
  return { ...syncCalls(made), id: made.id }
}
const arn = (accountId: string, name: string) => `arn:aws:iam::${accountId}:role/${name}`
const byName = (nodes: Data[], accountName: string) => nodes.find((node) => node.accountName === accountName)

test('without anything to read a sync is NA and says what to do', async () => {
  const calls = await organization()
  expect(await calls.state()).toMatchObject({ enabled: true, state: 'NA', errorId: 3, lastSyncAt: null, accounts: { totalCount: 0 } })
  const { operation } = await calls.sync()
  expect(operation).toMatchObject({ kind: 'AWS_SYNC', status: 'SUCCEEDED', progress: { done: 0, total: 0 } })
  expect(await calls.state()).toMatchObject({
    state: 'NA',
    errorId: 3,
    statusMessage: expect.stringContaining('put credentials'),
    lastSuccessAt: null,
  })
})

test('a sync through a key learns account, partition and alias and finds every role of every page with its tags', async () => {
  const calls = await organization()
  const [accountId, gov] = [
    accountWithRoles(app, 600, { tags: { team: 'blue', app: 'x' } }),
    accountWithRoles(app, 2, { partition: 'aws-us-gov' }),
  ]
  iamOf(app.aws.state.account(accountId)).alias = 'prod-main'
  await calls.put([
    { accountName: 'prod', accessKeyId: keyOf(accountId) },
    { accountName: 'gov', accessKeyId: keyOf(gov) },
  ])
  const { operation } = await calls.sync()
  expect(operation).toMatchObject({ status: 'SUCCEEDED', progress: { done: 2, total: 2 }, summary: { total: 2, succeeded: 2, failed: 0 } })
  const state = await calls.state()
  expect(state).toMatchObject({ state: 'SUCCEEDED', errorId: 0, statusMessage: null, accounts: { totalCount: 2 } })
  expect(state.lastSuccessAt).not.toBeNull()
  expect(byName(state.accounts.nodes, 'prod')).toMatchObject({
    succeeded: true,
    rolesFound: 600,
    awsAccount: { accountId },
    credential: { accountName: 'prod' },
  })
  expect(await calls.accounts()).toMatchObject(
    [
      {
        accountId,
        partition: 'AWS',
        alias: 'prod-main',
        syncStatusMessage: null,
        credentials: { nodes: [{ accountName: 'prod' }] },
        roles: { totalCount: 600 },
      },
      { accountId: gov, partition: 'AWS_US_GOV', alias: null, roles: { totalCount: 2 } },
    ].sort((a, b) => (a.accountId < b.accountId ? -1 : 1)),
  )
  expect(await calls.roles(`(filter: { name: "R599" })`)).toMatchObject([
    {
      arn: arn(accountId, 'r599'),
      path: '/',
      description: 'Role 599',
      maxSessionDuration: 3600,
      trustPolicy: JSON.parse(trustPolicy(accountId)),
      tags: [
        { key: 'app', value: 'x' },
        { key: 'team', value: 'blue' },
      ],
      status: 'OK',
      version: 1,
      missingSince: null,
      awsAccount: { accountId },
      discoveredBy: { __typename: 'AwsCredential', accountName: 'prod' },
    },
  ])
})

test('a second sync that finds no change writes no role, and yet says when each was last seen', async () => {
  const calls = await organization()
  const accountId = accountWithRoles(app, 300)
  await calls.put([{ accountName: 'prod', accessKeyId: keyOf(accountId) }])
  await calls.sync()
  const { pool } = app.booted.services.db
  const stored = () => pool.query('select r.*, xmin, ctid from "AwsRole" r where "organizationId" = $1 order by "id"', [calls.id])
  const [first, before] = [await calls.roles('(first: 200)'), await stored()]
  await calls.sync()
  const [second, after] = [await calls.roles('(first: 200)'), await stored()]
  expect(after.rows).toEqual(before.rows)
  expect(second.map(({ lastSeenAt, ...role }) => role)).toEqual(first.map(({ lastSeenAt, ...role }) => role))
  for (const [index, role] of second.entries()) expect(Date.parse(role.lastSeenAt)).toBeGreaterThan(Date.parse(first[index].lastSeenAt))
})

test('only what changed is written: description, trust, tags; each change counts a version', async () => {
  const calls = await organization()
  const accountId = accountWithRoles(app, 4)
  await calls.put([{ accountName: 'prod', accessKeyId: keyOf(accountId) }])
  await calls.sync()
  const roles = iamRoles(app, accountId)
  const change = (name: string, what: object) => roles.put(name, { ...roles.latest(name)!, ...what }, app.aws.state.now())
  change('r000', { description: 'Another' })
  change('r001', { tags: new Map([['k', 'v']]) })
  change('r002', { trustPolicy: trustPolicy('999999999999'), maxSessionSeconds: 7200 })
  await calls.sync()
  expect(await calls.roles()).toMatchObject([
    { name: 'r000', version: 2, description: 'Another' },
    { name: 'r001', version: 2, tags: [{ key: 'k', value: 'v' }] },
    { name: 'r002', version: 2, maxSessionDuration: 7200, trustPolicy: JSON.parse(trustPolicy('999999999999')) },
    { name: 'r003', version: 1, tags: [] },
  ])
})

test('a role that a complete scan did not see is MISSING, keeps its history, and is OK again once it is seen again', async () => {
  const calls = await organization()
  const accountId = accountWithRoles(app, 3)
  await calls.put([{ accountName: 'prod', accessKeyId: keyOf(accountId) }])
  await calls.sync()
  await calls.sync()
  const [, known] = await calls.roles()
  const roles = iamRoles(app, accountId)
  const kept = roles.latest('r001')!
  roles.delete('r001')
  await calls.sync()
  const [missing, ...others] = await calls.roles('(filter: { statuses: [MISSING] })')
  expect(others).toEqual([])
  expect(missing).toMatchObject({
    id: known.id,
    status: 'MISSING',
    firstSeenAt: known.firstSeenAt,
    lastSeenAt: known.lastSeenAt,
    version: 2,
  })
  expect(missing.missingSince).not.toBeNull()
  await calls.sync()
  expect(await calls.roles('(filter: { statuses: [MISSING] })')).toEqual([missing])
  roles.put('r001', kept, app.aws.state.now())
  await calls.sync()
  expect((await calls.roles())[1]).toMatchObject({
    id: known.id,
    status: 'OK',
    missingSince: null,
    firstSeenAt: known.firstSeenAt,
    version: 3,
  })
})

test('a scan that is cut off between two pages makes no role MISSING and names its account', async () => {
  const calls = await organization()
  const accountId = accountWithRoles(app, 300)
  await calls.put([{ accountName: 'prod', accessKeyId: keyOf(accountId) }])
  await calls.sync()
  const roles = iamRoles(app, accountId)
  roles.delete('r000')
  roles.delete('r299')
  // The first page is answered, the second refused.
  const strike = app.aws.faults.strike.bind(app.aws.faults)
  let calls_ = 0
  app.aws.faults.strike = ((subject, kinds) => {
    if (
      subject.accountId === accountId &&
      subject.operation === 'ListRoles' &&
      (kinds as readonly string[]).includes('refuse') &&
      ++calls_ > 1
    )
      return { kind: 'refuse', probability: 1 }
    return strike(subject, kinds)
  }) as typeof strike
  await calls.sync()
  app.aws.faults.strike = strike
  expect(await calls.roles('(filter: { statuses: [MISSING] })')).toEqual([])
  expect(await calls.state()).toMatchObject({ state: 'FAILED', errorId: 2 })
  await calls.sync()
  expect((await calls.roles('(filter: { statuses: [MISSING] })')).map(({ name }) => name)).toEqual(['r000', 'r299'])
})

test('another role under a known ARN begins anew, which is audited', async () => {
  const calls = await organization()
  const accountId = accountWithRoles(app, 2, { tags: { old: 'tag' } })
  await calls.put([{ accountName: 'prod', accessKeyId: keyOf(accountId) }])
  await calls.sync()
  const [before] = await calls.roles()
  const old = iamRoles(app, accountId).latest('r000')!
  const made = putRole(app.aws.state.account(accountId), app.aws.state.now(), { name: 'r000', trustPolicy: trustPolicy(accountId) })
  await calls.sync()
  const [after] = await calls.roles()
  expect(after).toMatchObject({ id: before.id, version: 2, tags: [], description: null })
  expect(Date.parse(after.firstSeenAt)).toBeGreaterThan(Date.parse(before.firstSeenAt))
  expect(await calls.audit('awsRole.replace')).toEqual([
    {
      subjectId: before.id,
      before: { arn: before.arn, roleId: old.id, userGroupIds: [] },
      after: { arn: before.arn, roleId: made.id, userGroupIds: [] },
      actor: { kind: 'API_KEY' },
    },
  ])
})

test('where GetAccountAuthorizationDetails is denied tags keep their value, or are null where never read, and the account gets a warning', async () => {
  const calls = await organization()
  const accountId = accountWithRoles(app, 2, { tags: { team: 'blue' } })
  const key = keyOf(accountId, 'T')
  const policy = (...Action: string[]) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] })
  app.aws.state.putAccessKey(key, { accountId, userName: 'lister', policy: policy('iam:ListRoles') })
  await calls.put([{ accountName: 'prod', accessKeyId: key }])
  await calls.sync()
  expect(await calls.roles()).toMatchObject([{ tags: null, description: 'Role 0' }, { tags: null }])
  const state = await calls.state()
  expect(state).toMatchObject({ state: 'SUCCEEDED_WITH_WARNING', errorId: 1 })
  expect(state.accounts.nodes).toMatchObject([
    { succeeded: true, statusMessage: expect.stringContaining('Tags were not read'), rolesFound: 2 },
  ])
  expect((await calls.accounts())[0].syncStatusMessage).toContain('GetAccountAuthorizationDetails')
  app.aws.state.putAccessKey(key, { accountId, userName: 'reader', policy: policy('iam:ListRoles', 'iam:GetAccountAuthorizationDetails') })
  await calls.sync()
  expect(await calls.roles()).toMatchObject([{ tags: [{ key: 'team', value: 'blue' }] }, { tags: [{ key: 'team', value: 'blue' }] }])
  app.aws.state.putAccessKey(key, { accountId, userName: 'lister', policy: policy('iam:ListRoles') })
  await calls.sync()
  expect(await calls.roles()).toMatchObject([{ tags: [{ key: 'team', value: 'blue' }], version: 2 }, { version: 2 }])
  // The other way round: what only ListRoles tells keeps its value, and no role is lost.
  app.aws.state.putAccessKey(key, { accountId, userName: 'detailed', policy: policy('iam:GetAccountAuthorizationDetails') })
  await calls.sync()
  expect(await calls.roles()).toMatchObject([{ status: 'OK', description: 'Role 0', version: 2 }, { status: 'OK' }])
  expect((await calls.state()).accounts.nodes).toMatchObject([{ succeeded: true, statusMessage: expect.stringContaining('Descriptions') }])
})

test('an account with INVENTORY is read through its role; a key of it is the reserve and takes over when the role fails', async () => {
  const made = await tenant(app)
  const calls = syncCalls(made)
  const component = await made.bring({ kind: 'INVENTORY', itemId: newAccount() }, 'INSTALLED')
  const accountId = accountWithRoles(app, 2, { accountId: component.itemId })
  await calls.put([{ accountName: 'reserve', accessKeyId: keyOf(accountId) }])
  await calls.sync()
  const state = await calls.state()
  expect(state.state).toBe('SUCCEEDED')
  expect(byName(state.accounts.nodes, accountId)).toMatchObject({ succeeded: true, rolesFound: 3, credential: null })
  expect(byName(state.accounts.nodes, 'reserve')).toMatchObject({
    succeeded: true,
    rolesFound: 0,
    statusMessage: expect.stringContaining('INVENTORY'),
  })
  expect((await calls.roles('(filter: { name: "r000" })'))[0].discoveredBy).toEqual({ __typename: 'InventoryComponent', itemId: accountId })
  iamRoles(app, accountId).delete('GatehouseResourceInventory')
  await calls.sync()
  const second = await calls.state()
  expect(second.state).toBe('SUCCEEDED_WITH_WARNING')
  expect(byName(second.accounts.nodes, accountId)).toMatchObject({
    succeeded: false,
    statusMessage: expect.stringContaining('could not be assumed'),
  })
  expect(byName(second.accounts.nodes, 'reserve')).toMatchObject({ succeeded: true, rolesFound: 2 })
  expect((await calls.roles('(filter: { statuses: [MISSING] })')).map(({ name }) => name)).toEqual(['GatehouseResourceInventory'])
})

test('of two keys of one account the newer is used, once, and the other is a warning', async () => {
  const calls = await organization()
  const accountId = accountWithRoles(app, 1)
  await calls.put([{ accountName: 'older', accessKeyId: keyOf(accountId, 'A') }])
  await calls.put([{ accountName: 'newer', accessKeyId: keyOf(accountId, 'B') }])
  app.aws.requests.reset()
  await calls.sync()
  const { state, accounts } = await calls.state()
  expect(state).toBe('SUCCEEDED_WITH_WARNING')
  expect(byName(accounts.nodes, 'newer')).toMatchObject({ succeeded: true, rolesFound: 1, statusMessage: null })
  expect(byName(accounts.nodes, 'older')).toMatchObject({
    succeeded: true,
    rolesFound: 0,
    statusMessage: expect.stringContaining('newer key'),
  })
  expect(
    app.aws.requests.recent().filter(({ operation, accountId: of }: Data) => operation === 'ListRoles' && of === accountId),
  ).toHaveLength(1)
})

test('a key that answers for another account moves its link; the roles of the old account stay, and the account says it has no source', async () => {
  const calls = await organization()
  const [old, next] = [accountWithRoles(app, 1), accountWithRoles(app, 2)]
  const key = keyOf(old, 'M')
  await calls.put([{ accountName: 'moving', accessKeyId: key }])
  await calls.sync()
  app.aws.state.putAccessKey(key, { accountId: next, userName: 'administrator' })
  await calls.sync()
  const accounts = await calls.accounts()
  expect(accounts.find(({ accountId }) => accountId === old)).toMatchObject({
    credentials: { nodes: [] },
    roles: { totalCount: 1 },
    syncStatusMessage: expect.stringContaining('neither'),
  })
  expect(accounts.find(({ accountId }) => accountId === next)).toMatchObject({
    credentials: { nodes: [{ accountName: 'moving' }] },
    syncStatusMessage: null,
  })
  expect((await calls.roles()).map(({ status }) => status)).toEqual(['OK', 'OK', 'OK'])
})

test('all failing is FAILED and keeps lastSuccessAt; one failing is a warning that names it, and its account says why', async () => {
  const calls = await organization()
  const [good, bad] = [accountWithRoles(app, 1), accountWithRoles(app, 1)]
  await calls.put([
    { accountName: 'good', accessKeyId: keyOf(good) },
    { accountName: 'bad', accessKeyId: keyOf(bad, 'X') },
  ])
  await calls.sync()
  app.aws.state.revokeAccessKey(keyOf(bad, 'X'))
  const { operation } = await calls.sync()
  expect(operation).toMatchObject({ status: 'SUCCEEDED_WITH_WARNING', summary: { total: 2, succeeded: 1, failed: 1 } })
  const partial = await calls.state()
  expect(partial).toMatchObject({ state: 'SUCCEEDED_WITH_WARNING', errorId: 1, statusMessage: '1 of 2 could not be read; each says why.' })
  expect(byName(partial.accounts.nodes, 'bad')).toMatchObject({
    succeeded: false,
    statusMessage: expect.stringContaining('InvalidClientTokenId'),
  })
  expect((await calls.accounts()).find(({ accountId }) => accountId === bad).syncStatusMessage).toContain('InvalidClientTokenId')
  await calls.remove(['good'])
  await calls.sync()
  expect(await calls.state()).toMatchObject({ state: 'FAILED', errorId: 2, lastSuccessAt: partial.lastSuccessAt })
  expect((await calls.roles()).map(({ status }) => status)).toEqual(['OK', 'OK'])
})

test('of 100 accounts 5 refuse, 2 hang and one throttles: all eight are named, the others are read, and only what they lost is MISSING', async () => {
  const calls = await organization()
  const accounts = Array.from({ length: 100 }, () => accountWithRoles(app, 2))
  await calls.put(accounts.map((accountId) => ({ accountName: accountId, accessKeyId: keyOf(accountId) })))
  await calls.finish((await calls.sync(false)).operation.id)
  const [refusing, hanging, throttling] = [accounts.slice(0, 5), accounts.slice(5, 7), accounts.slice(7, 8)]
  for (const accountId of refusing) app.aws.faults.add({ kind: 'refuse', accountId, service: 'iam' })
  for (const accountId of hanging) app.aws.faults.add({ kind: 'silent', accountId, operation: 'ListRoles' })
  for (const accountId of throttling) app.aws.faults.add({ kind: 'throttle', accountId, service: 'iam' })
  // Gone in AWS: from an account that is read, and from one of each kind that is not.
  const lost = accounts[50] as string
  for (const accountId of [lost, accounts[0], accounts[5], accounts[7]]) iamRoles(app, accountId as string).delete('r001')
  const operation = await calls.finish((await calls.sync(false)).operation.id)
  app.aws.faults.clear()
  expect(operation).toMatchObject({ status: 'SUCCEEDED_WITH_WARNING', summary: { total: 100, succeeded: 92, failed: 8 } })
  const state = await calls.state()
  expect(state).toMatchObject({ state: 'SUCCEEDED_WITH_WARNING', errorId: 1, accounts: { totalCount: 100 } })
  const failed: Data[] = state.accounts.nodes.filter(({ succeeded }: Data) => !succeeded)
  expect(failed.map(({ accountName }) => accountName).sort()).toEqual(accounts.slice(0, 8).sort())
  for (const accountId of refusing) expect(byName(failed, accountId)?.statusMessage).toContain('AccessDenied')
  for (const accountId of hanging) expect(byName(failed, accountId)?.statusMessage).toContain('did not answer')
  for (const accountId of throttling) expect(byName(failed, accountId)?.statusMessage).toMatch(/Throttl/i)
  const roles = await calls.roles('(first: 200)')
  expect(roles).toHaveLength(200)
  expect(roles.filter(({ status }) => status === 'MISSING').map(({ arn }) => arn)).toEqual([arn(lost, 'r001')])
}, 90_000)
