import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { startWorker, type Worker } from '../../src/jobs/worker.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { accepted, itemOf, type Tenant, tenant } from '../support/component-story.ts'
import { startDatabaseProxy } from '../support/tcp-proxy.ts'
import { operationOf } from './reading.ts'

let app: TestApp
const workers: Worker[] = []
const processes: ChildProcess[] = []
beforeAll(async () => {
  app = await startTestApp()
})
afterEach(async () => {
  app.aws.faults.clear()
  for (const process of processes.splice(0)) process.kill('SIGKILL')
  for (const worker of workers.splice(0)) await worker.stop()
})
afterAll(() => app.close())

async function work(): Promise<Worker> {
  const worker = await startWorker(app.booted.services, app.booted.databaseUrl)
  workers.push(worker)
  return worker
}

/** A worker in a process of its own, as `npm run worker` starts it. */
async function workInProcess(): Promise<ChildProcess> {
  const { config } = app.booted.services
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/worker.ts'], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: app.booted.databaseUrl,
      GATEHOUSE_PUBLIC_URL: app.url,
      GATEHOUSE_ADMIN_KEY: app.adminKey,
      GATEHOUSE_ENCRYPTION_KEYS: config.encryptionKeys ?? '',
      GATEHOUSE_LOG_LEVEL: 'silent',
      AWS_ENDPOINT_URL: config.awsEndpointUrl ?? '',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  processes.push(child)
  let said = ''
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    said += chunk
    if (said.includes('ready')) return child
  }
  throw new Error(`the worker ended: ${said}`)
}

const staged = (own: Tenant, count: number): Promise<Data[]> =>
  Promise.all(Array.from({ length: count }, () => own.bring(itemOf('INVENTORY'), 'STAGE')))

/** Each was verified once, moved once, and has one result. */
async function expectDoneOnce(own: Tenant, operationId: string, components: Data[]): Promise<void> {
  const { status, progress, summary, results } = await operationOf(own, operationId)
  const total = components.length
  expect({ status, progress, summary }).toEqual({
    status: 'SUCCEEDED',
    progress: { done: total, total },
    summary: { total, succeeded: total, failed: 0 },
  })
  expect(results.map(({ subjectId }) => subjectId)).toEqual(components.map(({ id }) => id))
  for (const { id } of components) {
    const { component } = await own.ask(
      `{ component(id: "${id}") { state version verifications { totalCount } transitions { nodes { action } } } }`,
    )
    expect(component).toEqual({
      state: 'CONFIGURE',
      version: 2,
      verifications: { totalCount: 1 },
      transitions: { nodes: [{ action: 'VERIFY' }, { action: 'STAGE' }] },
    })
  }
}

test('a worker that stops in the middle of an operation leaves it RUNNING, and the next one completes it without doing anything twice', {
  timeout: 60_000,
}, async () => {
  const own = await tenant(app)
  const components = await staged(own, 14)
  app.aws.faults.add({ kind: 'slow', delayMs: 500, operation: 'AssumeRoleWithWebIdentity' })
  const { operation } = accepted(await own.calls.verifyAll(components.map(({ id }) => id)))
  const first = await work()
  await vi.waitFor(async () => expect((await operationOf(own, operation.id)).progress.done).toBeGreaterThan(2), { timeout: 15_000 })
  const startedAt = performance.now()
  await first.stop()
  expect(performance.now() - startedAt).toBeLessThan(8_000)
  const interrupted = await operationOf(own, operation.id)
  expect(interrupted).toMatchObject({ status: 'RUNNING', finishedAt: null })
  expect(interrupted.progress.done).toBeLessThan(14)
  expect(interrupted.count).toBe(interrupted.progress.done)
  app.aws.faults.clear()
  await work()
  await vi.waitFor(async () => expect((await operationOf(own, operation.id)).finishedAt).not.toBeNull(), { timeout: 30_000, interval: 100 })
  await expectDoneOnce(own, operation.id, components)
})

test('the job of a worker that is killed is taken over within a minute and completed without doing anything twice', {
  timeout: 120_000,
}, async () => {
  const own = await tenant(app)
  const components = await staged(own, 3)
  const child = await workInProcess()
  app.aws.faults.add({ kind: 'silent', operation: 'AssumeRoleWithWebIdentity' })
  const { operation } = accepted(await own.calls.verifyAll(components.map(({ id }) => id)))
  await vi.waitFor(async () => expect((await operationOf(own, operation.id)).status).toBe('RUNNING'), { timeout: 15_000 })
  await work()
  child.kill('SIGKILL')
  await once(child, 'exit')
  app.aws.faults.clear()
  const killedAt = performance.now()
  const { rows } = await app.booted.services.db.pool.query('select "locked_by" from graphile_worker.jobs where "key" = $1', [operation.id])
  expect(rows).toEqual([{ locked_by: expect.any(String) }])
  await vi.waitFor(async () => expect((await operationOf(own, operation.id)).finishedAt).not.toBeNull(), { timeout: 60_000, interval: 200 })
  expect(performance.now() - killedAt).toBeLessThan(60_000)
  await expectDoneOnce(own, operation.id, components)
})

test('the job of a worker that lives is left to it, however long it takes', { timeout: 30_000 }, async () => {
  const own = await tenant(app)
  const components = await staged(own, 3)
  app.aws.faults.add({ kind: 'slow', delayMs: 3_600, operation: 'AssumeRoleWithWebIdentity' })
  await work()
  const { operation } = accepted(await own.calls.verifyAll(components.map(({ id }) => id)))
  await vi.waitFor(async () => expect((await operationOf(own, operation.id)).status).toBe('RUNNING'), { timeout: 10_000 })
  const { pool } = app.booted.services.db
  await pool.query(`update graphile_worker._private_jobs set "locked_at" = now() - interval '1 minute' where "key" = $1`, [operation.id])
  // Looks for jobs of dead workers every five seconds.
  await work()
  await delay(6_000)
  const { rows } = await pool.query('select "attempts", "locked_by" is not null as "locked" from graphile_worker.jobs where "key" = $1', [
    operation.id,
  ])
  expect(rows).toEqual([{ attempts: 1, locked: true }])
  await vi.waitFor(async () => expect((await operationOf(own, operation.id)).finishedAt).not.toBeNull(), { timeout: 15_000 })
  await expectDoneOnce(own, operation.id, components)
})

test('a worker whose database was gone while a job ended goes on when it is back: that operation is completed, and further ones are', {
  timeout: 60_000,
}, async () => {
  const own = await tenant(app)
  const components = await staged(own, 2)
  const proxy = await startDatabaseProxy(app.booted.databaseUrl)
  workers.push(await startWorker(app.booted.services, proxy.url))
  try {
    app.aws.faults.add({ kind: 'slow', delayMs: 1_000, operation: 'AssumeRoleWithWebIdentity' })
    const { operation } = accepted(await own.calls.verifyAll(components.map(({ id }) => id)))
    await vi.waitFor(async () => expect((await operationOf(own, operation.id)).status).toBe('RUNNING'), { timeout: 10_000 })
    // What the job itself writes goes through; that it has ended cannot be noted.
    await proxy.refuse()
    await vi.waitFor(async () => expect((await operationOf(own, operation.id)).finishedAt).not.toBeNull(), { timeout: 15_000 })
    app.aws.faults.clear()
    await delay(2_500)
    await proxy.pass()
    await expectDoneOnce(own, operation.id, components)
    const { pool } = app.booted.services.db
    await vi.waitFor(async () => expect((await pool.query('select * from graphile_worker.jobs')).rows).toEqual([]), {
      timeout: 30_000,
      interval: 200,
    })
    const [another] = await staged(own, 1)
    expect(accepted(await own.calls.verifyAll([another.id], true)).operation.status).toBe('SUCCEEDED')
  } finally {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()))
    await proxy.close()
  }
})

test('a worker whose first look at the queue failed takes jobs as soon as the database lets it', { timeout: 60_000 }, async () => {
  const own = await tenant(app)
  const components = await staged(own, 1)
  const { operation } = accepted(await own.calls.verifyAll(components.map(({ id }) => id)))
  const { pool } = app.booted.services.db
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('lock table graphile_worker._private_tasks in access exclusive mode')
    await work()
    const waiting = `select from pg_stat_activity where "query" like 'insert into%_private_tasks%' and "wait_event_type" = 'Lock'`
    const expectWaiting = async (count: number) => expect((await pool.query(waiting)).rowCount).toBe(count)
    await vi.waitFor(() => expectWaiting(1), { timeout: 10_000 })
    await vi.waitFor(() => expectWaiting(0), { timeout: 10_000 })
  } finally {
    await client.query('rollback')
    client.release()
  }
  await vi.waitFor(async () => expect((await operationOf(own, operation.id)).finishedAt).not.toBeNull(), { timeout: 30_000, interval: 200 })
  await expectDoneOnce(own, operation.id, components)
})

test('several workers share the queue: each operation is done once', async () => {
  const own = await tenant(app)
  await Promise.all([work(), work(), work()])
  const sets = await Promise.all(Array.from({ length: 4 }, () => staged(own, 3)))
  const operations = await Promise.all(
    sets.map(
      async (set) =>
        accepted(
          await own.calls.verifyAll(
            set.map(({ id }) => id),
            true,
          ),
        ).operation,
    ),
  )
  for (const [index, { id }] of operations.entries()) await expectDoneOnce(own, id, sets[index] ?? [])
})

test('an operation whose job was cut off as often as it may is ended as FAILED and says what to do, instead of running for ever', async () => {
  const own = await tenant(app)
  const [component] = await staged(own, 1)
  const { operation } = accepted(await own.calls.verifyAll([component.id]))
  await app.booted.services.db.pool.query('update graphile_worker._private_jobs set "attempts" = "max_attempts" where "key" = $1', [
    operation.id,
  ])
  await work()
  await vi.waitFor(async () => expect((await operationOf(own, operation.id)).finishedAt).not.toBeNull(), { timeout: 15_000, interval: 200 })
  const ended = await operationOf(own, operation.id)
  expect(ended).toMatchObject({
    status: 'FAILED',
    summary: { total: 1, succeeded: 0, failed: 0 },
    statusMessage: expect.stringContaining('ask again'),
  })
  // One that can still run is left alone.
  const { operation: next } = accepted(await own.calls.verifyAll([component.id], true))
  expect(next.status).toBe('SUCCEEDED')
})
