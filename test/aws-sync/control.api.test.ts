import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAwsAccounts } from '../../src/aws-sync/read-accounts.job.ts'
import { syncSchedule } from '../../src/aws-sync/sync-schedule.ts'
import { type Data, startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { accountWithRoles, iamRoles, keyOf, type SyncCalls, syncCalls } from '../support/sync-calls.ts'

// One with a worker; the jobs of the other wait, so that what comes between asking and doing can be tested.
let app: TestApp
let idle: TestApp
beforeAll(async () => {
  ;[app, idle] = await Promise.all([startTestApp({ worker: true }), startTestApp()])
})
afterAll(() => Promise.all([app.close(), idle.close()]))

async function organization(at: TestApp): Promise<SyncCalls & Pick<TestOrganization, 'id' | 'ask'>> {
  const made = await at.organization()
  return { ...syncCalls(made), id: made.id, ask: made.ask }
}
const withKey = async (at: TestApp, roles = 1) => {
  const calls = await organization(at)
  const accountId = accountWithRoles(at, roles)
  await calls.put([{ accountName: 'prod', accessKeyId: keyOf(accountId) }])
  return { ...calls, accountId }
}
const disabled = { __typename: 'PreconditionError', code: 'PRECONDITION_FAILED', remediation: 'Enable it with setAwsSync.' }

test('of many calls at once one begins a sync, and all get that one; the first sync is INITIALIZING while it waits', async () => {
  const calls = await withKey(idle)
  const payloads = await Promise.all(Array.from({ length: 8 }, () => calls.sync(false)))
  expect(payloads.flatMap(({ errors }) => errors)).toEqual([])
  expect(new Set(payloads.map(({ operation }) => operation.id)).size).toBe(1)
  expect(await calls.state()).toMatchObject({ state: 'INITIALIZING', errorId: 0, lastSuccessAt: null })
  const { pool } = idle.booted.services.db
  const second = pool.query(
    `insert into "BackgroundOperation" select (jsonb_populate_record(o, '{"id": "op_second"}')).* from "BackgroundOperation" o where "id" = $1`,
    [payloads[0].operation.id],
  )
  await expect(second).rejects.toThrow(/one_active_sync/)
})

test('a first sync that is cancelled leaves the state that was', async () => {
  const calls = await withKey(idle)
  const { operation } = await calls.sync(false)
  expect((await calls.cancel(operation.id)).operation.status).toBe('CANCELLED')
  expect(await calls.state()).toMatchObject({ state: 'NA' })
  expect((await calls.sync(false)).operation.id).not.toBe(operation.id)
})

test('disabling cancels what runs and refuses sync and refresh; enabling brings the last state back', async () => {
  const calls = await withKey(idle)
  const { operation } = await calls.sync(false)
  expect((await calls.set(false)).awsSync).toMatchObject({ enabled: false, state: 'DISABLED', errorId: 4 })
  expect(await calls.operation(operation.id)).toMatchObject({ status: 'CANCELLED', statusMessage: expect.stringContaining('disabled') })
  for (const payload of [await calls.sync(false), await calls.refresh(undefined, false)]) {
    expect(payload.operation).toBeNull()
    expect(payload.errors).toMatchObject([disabled])
  }
  await calls.set(false)
  expect(await calls.audit('awsSync.disable')).toHaveLength(1)
  expect((await calls.set(true)).awsSync).toMatchObject({ enabled: true, state: 'NA', errorId: 3 })
})

test('a later sync keeps the last state while it runs', async () => {
  const calls = await withKey(app)
  await calls.sync()
  app.aws.faults.add({ kind: 'slow', delayMs: 700, operation: 'ListRoles' })
  const { operation } = await calls.sync(false)
  expect(await calls.state()).toMatchObject({ state: 'SUCCEEDED' })
  app.aws.faults.clear()
  expect((await calls.finish(operation.id)).status).toBe('SUCCEEDED')
})

test('a refresh reads the accounts it names and no other, and leaves the state of the sync alone', async () => {
  const calls = await withKey(app, 2)
  const other = accountWithRoles(app, 1)
  await calls.put([{ accountName: 'other', accessKeyId: keyOf(other) }])
  await calls.sync()
  const before = await calls.state()
  iamRoles(app, calls.accountId).delete('r000')
  iamRoles(app, other).delete('r000')
  const { operation } = await calls.refresh([calls.accountId])
  expect(operation).toMatchObject({ kind: 'AWS_ROLE_REFRESH', status: 'SUCCEEDED', summary: { total: 1, succeeded: 1, failed: 0 } })
  expect((await calls.roles('(filter: { statuses: [MISSING] })')).map(({ awsAccount }) => awsAccount.accountId)).toEqual([calls.accountId])
  expect(await calls.state()).toEqual(before)
  await calls.refresh()
  expect(await calls.roles('(filter: { statuses: [MISSING] })')).toHaveLength(2)
})

test('a refresh refuses accounts that are not there, each by its place, and fails those without a source', async () => {
  const calls = await withKey(app)
  await calls.sync()
  await calls.remove(['prod'])
  const refused = await calls.refresh([calls.accountId, '000000000000'])
  expect(refused).toMatchObject({ operation: null, errors: [{ code: 'NOT_FOUND', path: ['input', 'accountIds', '1'] }] })
  const { operation } = await calls.refresh([calls.accountId])
  expect(operation).toMatchObject({ status: 'FAILED', summary: { total: 1, failed: 1 } })
  expect((await calls.accounts())[0].syncStatusMessage).toContain('neither')
})

test('a due sync begins once however often and wherever the schedule looks, and then not before a day', async () => {
  const calls = await withKey(idle)
  const { db } = idle.booted.services
  const next = async (): Promise<Date | undefined> =>
    (await db.pool.query<{ nextSyncAt: Date }>('select "nextSyncAt" from "AwsSync" where "organizationId" = $1', [calls.id])).rows[0]
      ?.nextSyncAt
  const look = () => syncSchedule.run(idle.booted.services, { isAfterStop: false })
  const started = async () =>
    (await db.pool.query(`select "actorKind" from "BackgroundOperation" where "organizationId" = $1`, [calls.id])).rows
  await look()
  expect(await started()).toEqual([])
  const first = await next()
  expect(first?.getTime()).toBeLessThan(Date.now() + 24 * 3_600_000)
  await db.pool.query(`update "AwsSync" set "nextSyncAt" = now() - interval '1 minute' where "organizationId" = $1`, [calls.id])
  await Promise.all([look(), look(), look()])
  await look()
  expect(await started()).toEqual([{ actorKind: 'SYSTEM' }])
  expect((await next())?.getTime()).toBeGreaterThan(Date.now() + 22 * 3_600_000)
  expect((await next())?.getTime()).toBeLessThan(Date.now() + 26 * 3_600_000)
})

test('a first sync whose operation was ended without it is not INITIALIZING for ever', async () => {
  const calls = await withKey(idle)
  const { operation } = await calls.sync(false)
  const { pool } = idle.booted.services.db
  const look = () => syncSchedule.run(idle.booted.services, { isAfterStop: false })
  await look()
  expect((await calls.state()).state).toBe('INITIALIZING')
  await pool.query(`update "BackgroundOperation" set "status" = 'FAILED', "finishedAt" = now() where "id" = $1`, [operation.id])
  await look()
  expect((await calls.state()).state).toBe('NA')
})

test('the secret of a key stands in no answer, message or audit event of a sync that fails', async () => {
  const calls = await withKey(app)
  app.aws.state.revokeAccessKey(keyOf(calls.accountId))
  await calls.sync()
  const { rows } = await app.booted.services.db.pool.query<{ all: string }>(
    `select string_agg(t::text, ' ') as "all" from (select to_jsonb(s)::text from "AwsAccountSync" s union all select to_jsonb(e)::text from "AuditEvent" e
     union all select to_jsonb(r)::text from "BackgroundOperationResult" r) t`,
  )
  expect(rows[0]?.all).toContain(keyOf(calls.accountId))
  const texts: Data[] = [rows[0]?.all, await calls.state(), await calls.accounts()]
  expect(JSON.stringify(texts)).not.toContain('S3cret/of')
})

test('a secret moved into another organization, by whoever can write to the database, opens there for nobody', async () => {
  const [mine, theirs] = [await withKey(app), await withKey(app)]
  const { pool } = app.booted.services.db
  await pool.query(
    `update "AwsCredential" c set "accessKeyId" = o."accessKeyId", "sealedSecret" = o."sealedSecret" from "AwsCredential" o
     where c."organizationId" = $1 and o."organizationId" = $2`,
    [theirs.id, mine.id],
  )
  app.aws.requests.reset()
  expect((await theirs.sync()).operation).toMatchObject({ status: 'FAILED', summary: { total: 1, failed: 1 } })
  const { nodes } = (await theirs.state()).accounts
  expect(nodes).toMatchObject([{ succeeded: false, statusMessage: 'The stored secret could not be opened. Put the credential again.' }])
  expect(await theirs.roles()).toEqual([])
  expect(app.aws.requests.recent()).toEqual([])
  await theirs.put([{ accountName: 'prod', accessKeyId: keyOf(theirs.accountId) }])
  expect((await theirs.sync()).operation.status).toBe('SUCCEEDED')
})

test('a run that was cut off goes on with the keys that are left, and asks AWS nothing about the others again', async () => {
  const calls = await organization(idle)
  const accounts = Array.from({ length: 20 }, () => accountWithRoles(idle, 1))
  await calls.put(accounts.map((accountId) => ({ accountName: accountId, accessKeyId: keyOf(accountId) })))
  const { operation } = await calls.sync(false)
  const run = (signal: AbortSignal) =>
    readAwsAccounts(idle.booted.services, { organizationId: calls.id, operationId: operation.id }, signal)
  idle.aws.faults.add({ kind: 'slow', delayMs: 100, operation: 'ListRoles' })
  const cut = new AbortController()
  const first = run(cut.signal)
  first.catch(() => undefined)
  await expect.poll(async () => (await calls.operation(operation.id)).progress.done, { interval: 20 }).toBeGreaterThan(0)
  cut.abort()
  await expect(first).rejects.toThrow()
  const { done } = (await calls.operation(operation.id)).progress
  expect(done).toBeLessThan(20)
  idle.aws.faults.clear()
  idle.aws.requests.reset()
  await run(new AbortController().signal)
  expect(await calls.operation(operation.id)).toMatchObject({ status: 'SUCCEEDED', summary: { total: 20, succeeded: 20 } })
  const asked = idle.aws.requests.recent().filter(({ operation }: Data) => operation === 'GetCallerIdentity')
  expect(asked).toHaveLength(20 - done)
  expect((await calls.accounts()).map(({ syncStatusMessage }) => syncStatusMessage)).toEqual(Array(20).fill(null))
})

test('the aws integration says when its accounts were last read with success; before, there is none', async () => {
  const calls = await withKey(app)
  const { installAwsIntegration } = await calls.ask(
    `mutation { installAwsIntegration(input: { organizationId: "${calls.id}" }) { integration { id lastSyncAt } } }`,
  )
  expect(installAwsIntegration.integration.lastSyncAt).toBeNull()
  await calls.sync()
  const { integration } = await calls.ask(`{ integration(id: "${installAwsIntegration.integration.id}") { lastSyncAt } }`)
  expect(integration.lastSyncAt).not.toBeNull()
  expect(integration.lastSyncAt).toBe((await calls.state()).lastSuccessAt)
  await calls.ask('mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) { errors { message } } }', {
    input: { organizationId: calls.id, name: 'never', type: 'custom', config: {} },
  })
  const { organization } = await calls.ask(
    `{ organization(id: "${calls.id}") { integrations(orderBy: { field: LAST_SYNC_AT, direction: DESC }) { nodes { name } } } }`,
  )
  expect(organization.integrations.nodes).toEqual([{ name: 'aws' }, { name: 'never' }])
})
