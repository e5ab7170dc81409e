import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startWorker, type Worker } from '../../src/jobs/worker.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { accepted, itemOf, refusalOf, type Tenant, tenant } from '../support/component-story.ts'
import { operationOf } from './reading.ts'

let app: TestApp
let worker: Worker | null = null
beforeAll(async () => {
  app = await startTestApp({ quotas: { runningOperations: 2 } })
})
afterEach(async () => {
  app.aws.faults.clear()
  await worker?.stop()
  worker = null
})
afterAll(() => app.close())

const work = async () => {
  worker = await startWorker(app.booted.services, app.booted.databaseUrl)
}
const jobs = async (): Promise<Data[]> => (await app.booted.services.db.pool.query('select * from graphile_worker.jobs')).rows

async function logsOf(own: Tenant, count: number): Promise<string[]> {
  return (await Promise.all(Array.from({ length: count }, () => own.bring(itemOf('ACCESS_LOGS'), 'STAGE')))).map(({ id }) => id)
}

describe('cancelOperation', () => {
  test('ends a queued one: nothing of it is ever done', async () => {
    const own = await tenant(app)
    const ids = await logsOf(own, 2)
    const { operation } = accepted(await own.calls.verifyAll(ids))
    expect(operation.status).toBe('QUEUED')
    const cancelled = accepted(await own.calls.cancel(operation.id)).operation
    expect(cancelled).toMatchObject({
      id: operation.id,
      status: 'CANCELLED',
      summary: { total: 2, succeeded: 0, failed: 0 },
      startedAt: null,
    })
    expect(cancelled.finishedAt).not.toBeNull()
    expect(await jobs()).toEqual([])
    await work()
    const [again] = await logsOf(own, 1)
    accepted(await own.calls.verifyAll([again ?? ''], true))
    for (const id of ids) expect(await own.calls.read(id)).toMatchObject({ state: 'STAGE', lastVerification: null })
    const { organization } = await own.ask(
      `{ organization(id: "${own.id}") { auditEvents(filter: { action: "operation.cancel" }) { nodes { outcome subjectId before } } } }`,
    )
    expect(organization.auditEvents.nodes).toEqual([{ outcome: 'SUCCEEDED', subjectId: operation.id, before: { status: 'QUEUED' } }])
  })

  test('of one that has ended is refused and changes nothing', async () => {
    const own = await tenant(app)
    await work()
    const { operation } = accepted(await own.calls.verifyAll(await logsOf(own, 1), true))
    const queued = accepted(await own.calls.verifyAll(await logsOf(own, 1))).operation
    await vi.waitFor(async () => expect((await operationOf(own, queued.id)).status).toBe('SUCCEEDED'), { timeout: 10_000 })
    for (const { id } of [operation, queued]) {
      const before = await operationOf(own, id)
      const refused = await own.calls.cancel(id)
      expect(refusalOf(refused)).toEqual(['TransitionError', 'INVALID_TRANSITION', 'input.id'])
      expect(refused.errors[0]).toMatchObject({ fromState: 'SUCCEEDED', allowedActions: [] })
      expect(await operationOf(own, id)).toEqual(before)
    }
  })

  test('ends a running one between two items: what was done stays done and told, the rest is not begun, and it stays as it was when it ended', {
    timeout: 40_000,
  }, async () => {
    const own = await tenant(app)
    const components = await Promise.all(Array.from({ length: 20 }, () => own.bring(itemOf('INVENTORY'), 'STAGE')))
    app.aws.faults.add({ kind: 'slow', delayMs: 700, operation: 'AssumeRoleWithWebIdentity' })
    const { operation } = accepted(await own.calls.verifyAll(components.map(({ id }) => id)))
    await work()
    await vi.waitFor(async () => expect((await operationOf(own, operation.id)).progress.done).toBeGreaterThanOrEqual(4), {
      timeout: 15_000,
    })
    accepted(await own.calls.cancel(operation.id))
    const ended = await operationOf(own, operation.id)
    expect(ended.status).toBe('CANCELLED')
    expect(ended.progress.done).toBeLessThan(20)
    expect(ended.summary).toEqual({ total: 20, succeeded: ended.progress.done, failed: 0 })
    expect(ended.count).toBe(ended.progress.done)
    // The items under way end, and then the job.
    await vi.waitFor(async () => expect(await jobs()).toEqual([]), { timeout: 15_000 })
    expect(await operationOf(own, operation.id)).toEqual(ended)
    const states = (await own.calls.all({ kinds: ['INVENTORY'] })).map(({ state }) => state)
    expect(states.filter((state) => state === 'CONFIGURE').length).toBeGreaterThanOrEqual(ended.progress.done)
    expect(states.filter((state) => state === 'STAGE').length).toBeGreaterThan(0)
    expect(refusalOf(await own.calls.cancel(operation.id))[0]).toBe('TransitionError')
  })
})

test('an organization has at most as many operations at once as it may, however many callers try; one that ends makes room', async () => {
  const own = await tenant(app)
  const [id = ''] = await logsOf(own, 1)
  const answers = await Promise.all(Array.from({ length: 20 }, () => own.calls.verifyAll([id])))
  const begun = answers.filter(({ errors }) => errors.length === 0)
  expect(begun).toHaveLength(2)
  for (const answer of answers.filter(({ errors }) => errors.length > 0)) {
    expect(refusalOf(answer)).toEqual(['QuotaError', 'QUOTA_EXCEEDED', 'input'])
    expect(answer).toMatchObject({ operation: null, errors: [{ limit: 2 }] })
  }
  const { rows } = await app.booted.services.db.pool.query(
    'select count(*)::int as "count" from "BackgroundOperation" where "organizationId" = $1',
    [own.id],
  )
  expect(rows).toEqual([{ count: 2 }])
  accepted(await own.calls.cancel(begun[0].operation.id))
  accepted(await own.calls.verifyAll([id]))
  expect(refusalOf(await own.calls.verifyAll([id]))[0]).toBe('QuotaError')
  accepted(await (await tenant(app)).calls.verifyAll([id]))
})
