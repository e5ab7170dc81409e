import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { applySetup, breakSetup, newAccount } from '../support/aws-setup.ts'
import { accepted, itemOf, refusalOf, type Tenant, tenant } from '../support/component-story.ts'
import { operationOf } from './reading.ts'

let app: TestApp
let own: Tenant
beforeAll(async () => {
  app = await startTestApp({ worker: true })
  own = await tenant(app)
})
afterEach(() => app.aws.faults.clear())
afterAll(() => app.close())

describe('verifyComponents with wait', () => {
  test('answers when all are verified: progress, counts, and a result for each in the order given', async () => {
    const good = await own.bring(itemOf('INVENTORY'), 'STAGE')
    const installed = await own.bring(itemOf('INVENTORY'), 'INSTALLED')
    const broken = await own.bring(itemOf('INVENTORY'), 'CONFIGURE')
    breakSetup(app.aws, broken)
    const foreign = await (await tenant(app)).bring(itemOf('INVENTORY'), 'STAGE')
    const unreachable = await own.bring(itemOf('INVENTORY'), 'STAGE')
    app.aws.faults.add({ kind: 'reset', accountId: unreachable.itemId })
    const [base] = await own.calls.all({ kinds: ['BASE'], accountIds: [good.itemId] })
    const ids = [good.id, newId('cmp'), broken.id, good.id, foreign.id, installed.id, base.id, 'nonsense', unreachable.id]
    const { operation } = accepted(await own.calls.verifyAll(ids, true))
    expect(operation).toMatchObject({
      kind: 'COMPONENT_VERIFICATION',
      status: 'SUCCEEDED_WITH_WARNING',
      progress: { done: 9, total: 9 },
      summary: { total: 9, succeeded: 3, failed: 6 },
      subject: { id: good.integration.id },
      actor: { kind: 'API_KEY' },
    })
    expect(operation.statusMessage).toContain('6 of 9')
    expect(Date.parse(operation.startedAt)).toBeGreaterThanOrEqual(Date.parse(operation.createdAt))
    expect(Date.parse(operation.finishedAt)).toBeGreaterThanOrEqual(Date.parse(operation.startedAt))

    const { results, count } = await operationOf(own, operation.id)
    expect(count).toBe(9)
    expect(results.map(({ subjectId }: Data) => subjectId)).toEqual(ids)
    expect(results.map(({ errors }: Data) => errors.map(({ code, path }: Data) => `${code} ${path.join('.')}`).join())).toEqual([
      '',
      'NOT_FOUND input.ids.1',
      'VERIFICATION_FAILED input.ids.2',
      '',
      'NOT_FOUND input.ids.4',
      '',
      'INVALID_TRANSITION input.ids.6',
      'NOT_FOUND input.ids.7',
      'UPSTREAM_UNAVAILABLE input.ids.8',
    ])
    expect(results.map(({ succeeded }: Data) => succeeded)).toEqual([true, false, false, true, false, true, false, false, false])
    expect(results[2].errors[0].verification).toMatchObject({ trigger: 'VERIFY', outcome: 'FAILED', component: { id: broken.id } })
    expect(results[2].errors[0].verification.checks.map(({ code }: Data) => code)).toContain('INLINE_POLICY_EXISTS')
    expect(results[8].errors[0]).toMatchObject({ retryable: true })
    expect(results.map(({ subject }: Data) => subject?.id ?? null)).toEqual([
      good.id,
      null,
      broken.id,
      good.id,
      null,
      installed.id,
      base.id,
      null,
      unreachable.id,
    ])

    // Given twice, it was verified twice, one after the other: the second time from CONFIGURE.
    expect(await own.calls.read(good.id)).toMatchObject({ state: 'CONFIGURE', version: 2 })
    expect(await own.calls.read(installed.id)).toMatchObject({ state: 'INSTALLED', health: 'HEALTHY', version: 3 })
    const { organization } = await own.ask(
      `{ organization(id: "${own.id}") { auditEvents(filter: { subjectIds: ["${good.id}"], action: "component.verify" }) { nodes { outcome actor { kind subject } } } } }`,
    )
    expect(organization.auditEvents.nodes).toEqual([{ outcome: 'SUCCEEDED', actor: operation.actor }])
  })

  test('shows the results that failed, or that succeeded, alone', async () => {
    const component = await own.bring(itemOf('ACCESS_LOGS'), 'STAGE')
    const unknown = newId('cmp')
    const { operation } = accepted(await own.calls.verifyAll([component.id, unknown], true))
    const read = await own.ask(
      `{ operation(id: "${operation.id}") { failed: results(succeeded: false) { totalCount nodes { subjectId } } succeeded: results(succeeded: true) { nodes { subjectId } } } }`,
    )
    expect(read.operation).toEqual({
      failed: { totalCount: 1, nodes: [{ subjectId: unknown }] },
      succeeded: { nodes: [{ subjectId: component.id }] },
    })
  })

  test.each([
    ['SUCCEEDED', 'all succeed', async () => [(await own.bring(itemOf('ACCESS_LOGS'), 'STAGE')).id]],
    ['FAILED', 'none does', async () => [newId('cmp'), newId('cmp')]],
  ])('is %s when %s', async (status, _title, ids) => {
    expect(accepted(await own.calls.verifyAll(await ids(), true)).operation.status).toBe(status)
  })

  test('answers after 10 s what is still RUNNING, with the progress so far; the rest goes on', { timeout: 40_000 }, async () => {
    const quick = await own.bring(itemOf('ACCESS_LOGS'), 'STAGE')
    const slow = await own.bring(itemOf('INVENTORY'), 'STAGE')
    app.aws.faults.add({ kind: 'slow', delayMs: 4_000, accountId: slow.itemId, service: 'sts' })
    const startedAt = performance.now()
    const { operation } = accepted(await own.calls.verifyAll([slow.id, quick.id], true))
    const tookMs = performance.now() - startedAt
    expect(tookMs).toBeGreaterThan(9_500)
    expect(tookMs).toBeLessThan(13_000)
    expect(operation).toMatchObject({ status: 'RUNNING', progress: { done: 1, total: 2 }, summary: null, finishedAt: null })
    app.aws.faults.clear()
    await expect.poll(async () => (await operationOf(own, operation.id)).status, { timeout: 20_000, interval: 250 }).toMatch(/SUCCEEDED/)
  })
})

test('without wait it answers at once with what is QUEUED, and can be watched until it has ended', async () => {
  const components = await Promise.all(Array.from({ length: 6 }, () => own.bring(itemOf('INVENTORY'), 'STAGE')))
  const { operation } = accepted(await own.calls.verifyAll(components.map(({ id }) => id)))
  expect(operation).toMatchObject({ status: expect.stringMatching(/QUEUED|RUNNING/), summary: null, finishedAt: null })
  const seen: number[] = []
  await expect
    .poll(
      async () => {
        const { status, progress } = await operationOf(own, operation.id)
        seen.push(progress.done)
        return status
      },
      { timeout: 15_000, interval: 20 },
    )
    .toBe('SUCCEEDED')
  expect(seen).toEqual([...seen].sort((left, right) => left - right))
  expect(seen.at(-1)).toBe(6)
  const { organization } = await own.ask(
    `query ($id: ID!, $filter: BackgroundOperationFilter) { organization(id: $id) { operations(first: 1, filter: $filter) { nodes { id } } awsIntegration { operations(first: 1) { nodes { id } } } } }`,
    { id: own.id, filter: { kinds: ['COMPONENT_VERIFICATION'], statuses: ['SUCCEEDED'] } },
  )
  expect(organization).toEqual({
    operations: { nodes: [{ id: operation.id }] },
    awsIntegration: { operations: { nodes: [{ id: operation.id }] } },
  })
})

test('it asks AWS about at most 8 components of an organization at once, and at most 2 of one account', { timeout: 40_000 }, async () => {
  const delayMs = 400
  const account = newAccount()
  const crowded = await Promise.all(
    (['INVENTORY', 'IAM_ASSESSMENT', 'IAM_WRITE'] as const).map((kind) => own.bring(itemOf(kind, account), 'STAGE')),
  )
  const { results } = await own.calls.stageAll({ kind: 'INVENTORY', itemIds: Array.from({ length: 16 }, () => newAccount()) })
  const others = await Promise.all(results.map(({ component }: Data) => own.calls.read(component.id)))
  for (const component of others) applySetup(app.aws, component)
  app.aws.requests.reset()
  app.aws.faults.add({ kind: 'slow', delayMs, operation: 'AssumeRoleWithWebIdentity' })
  const { operation } = accepted(
    await own.calls.verifyAll(
      [...crowded, ...others].map(({ id }) => id),
      true,
    ),
  )
  expect(operation.status).toBe('SUCCEEDED')
  const calls = app.aws.requests.recent().filter((call) => call.operation === 'AssumeRoleWithWebIdentity')
  const atOnce = (starts: number[]) => Math.max(...starts.map((at) => starts.filter((other) => other <= at && at < other + delayMs).length))
  const most = atOnce(calls.map(({ atMs }) => atMs))
  expect(most).toBeLessThanOrEqual(8)
  expect(most).toBeGreaterThan(4)
  expect(atOnce(calls.filter(({ accountId }) => accountId === account).map(({ atMs }) => atMs))).toBe(2)
})

test("an operation of somebody else's is not there: not to read, not to cancel", async () => {
  const component = await own.bring(itemOf('ACCESS_LOGS'), 'STAGE')
  const { operation } = accepted(await own.calls.verifyAll([component.id], true))
  const other = await tenant(app)
  expect((await other.ask(`{ operation(id: "${operation.id}") { id } }`)).operation).toBeNull()
  expect(refusalOf(await other.calls.cancel(operation.id))).toEqual(['NotFoundError', 'NOT_FOUND', 'input.id'])
})
