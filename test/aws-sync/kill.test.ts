import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { accountWithRoles, keyOf, syncCalls } from '../support/sync-calls.ts'

let app: TestApp
const workers: ChildProcess[] = []
let output = ''
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL')
  await app.close()
})

/** `npm run worker` from its sources, on the app's database and stand-in. */
async function startWorkerProcess(): Promise<ChildProcess> {
  const { config } = app.booted.services
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/worker.ts'], {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      DATABASE_URL: config.databaseUrl ?? '',
      GATEHOUSE_ADMIN_KEY: app.adminKey,
      GATEHOUSE_ENCRYPTION_KEYS: config.encryptionKeys ?? '',
      GATEHOUSE_PUBLIC_URL: config.publicUrl,
      GATEHOUSE_LOG_LEVEL: 'debug',
      AWS_ENDPOINT_URL: config.awsEndpointUrl ?? '',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  workers.push(child)
  let own = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      own += chunk
      output += chunk
    })
  }
  await expect.poll(() => own, { timeout: 60_000, interval: 100 }).toContain('worker is ready')
  return child
}

test('a sync whose worker is killed again and again is finished by others: nothing twice, nothing lost, no secret in the logs', async () => {
  const calls = syncCalls(await app.organization())
  const accounts = Array.from({ length: 60 }, () => accountWithRoles(app, 10, { tags: { a: 'b' } }))
  await calls.put(accounts.map((accountId) => ({ accountName: accountId, accessKeyId: keyOf(accountId) })))
  app.aws.faults.add({ kind: 'slow', delayMs: 250, service: 'iam' })
  const { operation } = await calls.sync(false)
  const done = async (): Promise<number> => (await calls.operation(operation.id)).progress.done
  let before = 0
  for (let kill = 0; kill < 3; kill++) {
    const worker = await startWorkerProcess()
    // It has taken the job over and gone on with it.
    await expect.poll(done, { timeout: 60_000, interval: 50 }).toBeGreaterThan(before)
    await sleep(Math.random() * 400)
    worker.kill('SIGKILL')
    await once(worker, 'exit')
    before = await done()
  }
  expect(before).toBeLessThan(60)
  // Two processes on one database: one of them does it.
  await Promise.all([startWorkerProcess(), startWorkerProcess()])
  await expect.poll(async () => (await calls.operation(operation.id)).status, { timeout: 90_000, interval: 200 }).toBe('SUCCEEDED')
  app.aws.faults.clear()
  expect(await calls.operation(operation.id)).toMatchObject({
    progress: { done: 60, total: 60 },
    summary: { total: 60, succeeded: 60, failed: 0 },
  })
  expect(await calls.state()).toMatchObject({ state: 'SUCCEEDED', accounts: { totalCount: 60 } })
  const { rows } = await app.booted.services.db.pool.query(
    `select count(*)::int as "roles", count(distinct "arn")::int as "arns", count(*) filter (where "status" = 'OK' and "version" = 1 and jsonb_array_length("tags") = 1)::int as "asSeen"
     from "AwsRole"`,
  )
  expect(rows).toEqual([{ roles: 600, arns: 600, asSeen: 600 }])
  expect(output).toContain('readAwsAccounts')
  expect(output).not.toContain('S3cret')
}, 300_000)
