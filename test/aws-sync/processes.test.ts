import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { accountWithRoles, keyOf, syncCalls } from '../support/sync-calls.ts'
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts'

let app: TestApp
const workers: WorkerProcess[] = []
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.kill()))
  await app.close()
})

async function start(): Promise<WorkerProcess> {
  const { databaseUrl, publicUrl, encryptionKeys, awsEndpointUrl } = app.booted.services.config
  const worker = await startWorkerProcess({
    ...{ databaseUrl: databaseUrl ?? '', publicUrl, adminKey: app.adminKey },
    ...{ encryptionKeys: encryptionKeys ?? '', awsEndpointUrl: awsEndpointUrl ?? '' },
  })
  workers.push(worker)
  return worker
}
const allOutput = () => workers.map((worker) => worker.output()).join('')

// bench/killed-syncs.ts kills twenty times.
test('a sync whose worker is killed again and again is finished by others: nothing twice, nothing lost, no secret in the logs', async () => {
  const calls = syncCalls(await app.organization())
  const accounts = Array.from({ length: 100 }, () => accountWithRoles(app, 10, { tags: { a: 'b' } }))
  await calls.put(accounts.map((accountId) => ({ accountName: accountId, accessKeyId: keyOf(accountId) })))
  app.aws.faults.add({ kind: 'slow', delayMs: 250, service: 'iam' })
  const { operation } = await calls.sync(false)
  let alive: WorkerProcess[] = await Promise.all([start(), start()])
  for (let kill = 0; kill < 3; kill++) {
    await expect.poll(() => alive.some((worker) => worker.begun('readAwsAccounts') > 0), { timeout: 60_000, interval: 20 }).toBe(true)
    const next = start()
    await sleep(Math.random() * 2_500)
    const atWork = alive.find((worker) => worker.begun('readAwsAccounts') > 0) as WorkerProcess
    await atWork.kill()
    alive = [...alive.filter((worker) => worker !== atWork), await next]
  }
  expect((await calls.operation(operation.id)).status).toBe('RUNNING')
  expect(await calls.finish(operation.id, 90_000)).toMatchObject({
    status: 'SUCCEEDED',
    progress: { done: 100, total: 100 },
    summary: { total: 100, succeeded: 100, failed: 0 },
  })
  app.aws.faults.clear()
  expect(await calls.state()).toMatchObject({ state: 'SUCCEEDED', accounts: { totalCount: 100 } })
  const { rows } = await app.booted.services.db.pool.query(
    `select count(*)::int as "roles", count(distinct "arn")::int as "arns", count(*) filter (where "status" = 'OK' and "version" = 1 and jsonb_array_length("tags") = 1)::int as "asSeen"
     from "AwsRole"`,
  )
  expect(rows).toEqual([{ roles: 1000, arns: 1000, asSeen: 1000 }])
  expect(allOutput()).toContain('readAwsAccounts')
  expect(allOutput()).not.toContain('S3cret')
}, 300_000)

test('with two worker processes on one database each due sync begins once', async () => {
  const { pool } = app.booted.services.db
  const organizations = await Promise.all(Array.from({ length: 6 }, () => app.organization()))
  for (const [index, organization] of organizations.entries()) {
    const accountId = accountWithRoles(app, 1)
    await syncCalls(organization).put([{ accountName: `scheduled ${index}`, accessKeyId: keyOf(accountId) }])
  }
  const ids = organizations.map(({ id }) => id)
  await Promise.all(workers.map((worker) => worker.kill()))
  await Promise.all([start(), start()])
  const began = async (): Promise<{ id: string; organizationId: string }[]> =>
    (
      await pool.query(
        `select "id", "organizationId" from "BackgroundOperation" where "organizationId" = any($1::text[]) and "kind" = 'AWS_SYNC'`,
        [ids],
      )
    ).rows
  await pool.query(
    `insert into "AwsSync" ("organizationId", "nextSyncAt") select unnest($1::text[]), now() - interval '1 minute'
     on conflict ("organizationId") do update set "nextSyncAt" = excluded."nextSyncAt"`,
    [ids],
  )
  // Both processes look about every half minute.
  await expect.poll(async () => (await began()).length, { timeout: 75_000, interval: 500 }).toBe(6)
  const operations = await began()
  expect(operations.map(({ organizationId }) => organizationId).sort()).toEqual(ids.sort())
  for (const { id, organizationId } of operations) {
    const organization = organizations.find((each) => each.id === organizationId) as TestOrganization
    expect(await syncCalls(organization).finish(id)).toMatchObject({ status: 'SUCCEEDED', actor: { kind: 'SYSTEM' } })
  }
  expect(await began()).toHaveLength(6)
}, 200_000)
