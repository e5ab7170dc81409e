import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { queueDue, verificationSchedule } from '../../src/component/verification-schedule.ts'
import { startWorker } from '../../src/jobs/worker.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { accountNumberOf, applySetup, newAccount } from '../support/aws-setup.ts'
import { functionArn, itemOf, type Tenant, tenant } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'

const intervalSeconds = 3_600

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ env: { GATEHOUSE_REVERIFY_SECONDS: String(intervalSeconds) } })
})
beforeEach(async () => {
  app.aws.faults.clear()
  // What an earlier test left due or queued is none of the next one's.
  await app.booted.services.db.pool.query(`delete from "Component"; delete from graphile_worker._private_jobs`)
})
afterAll(() => app.close())

/** Runs what is queued, in this process, until nothing of the organization waits. */
async function workOff(organization: Tenant): Promise<void> {
  const worker = await startWorker(app.booted.services, app.booted.databaseUrl)
  try {
    await expect.poll(() => jobsOf(organization), { timeout: 60_000, interval: 100 }).toEqual([])
  } finally {
    await worker.stop()
  }
}

const jobsOf = async ({ id }: Tenant): Promise<string[]> => (await rowsOf(app, id)).jobs ?? []

/** As if that much time had gone by since the component was due. */
async function overdueBy(seconds: number, ids: string[]): Promise<void> {
  await app.booted.services.db.pool.query(`update "Component" set "nextVerifyAt" = now() - $1 * interval '1 second' where "id" = any($2)`, [
    seconds,
    ids,
  ])
}

async function waitsSeconds(ids: string[]): Promise<number[]> {
  const { rows } = await app.booted.services.db.pool.query<{ wait: number }>(
    `select extract(epoch from "nextVerifyAt" - now())::float8 as "wait" from "Component" where "id" = any($1) order by "id"`,
    [ids],
  )
  return rows.map(({ wait }) => wait)
}

const look = async (organization: Tenant, id: string): Promise<Data> =>
  (
    await organization.ask(
      'query ($id: ID!) { component(id: $id) { state health version lastVerification { trigger outcome checks { code status message actual } } } }',
      { id },
    )
  ).component

/** One look at the component as the schedule has it, from being due to the end of its job. */
async function due(organization: Tenant, id: string): Promise<Data> {
  await overdueBy(1, [id])
  expect(await queueDue(app.booted.services)).toBe(1)
  await workOff(organization)
  return look(organization, id)
}

test('an installed component is due within the interval, at the earliest after nine tenths of it; no other one is ever', async () => {
  const organization = await tenant(app)
  const installed = await organization.bring(itemOf('INVENTORY'), 'INSTALLED')
  const configurable = await organization.bring(itemOf('INVENTORY'), 'CONFIGURE')
  const [wait] = await waitsSeconds([installed.id])
  expect(wait).toBeGreaterThan(0.9 * intervalSeconds - 60)
  expect(wait).toBeLessThanOrEqual(intervalSeconds)
  expect(await waitsSeconds([configurable.id])).toEqual([null])
  await organization.calls.stage({ ...itemOf('INVENTORY', installed.itemId), allowRestage: true })
  expect(await waitsSeconds([installed.id])).toEqual([null])
})

test('a role that was changed in AWS becomes DRIFTED, says which check fails, and is HEALTHY again once it is mended; the version stays', async () => {
  const organization = await tenant(app)
  const installed = await organization.bring(itemOf('INVENTORY'), 'INSTALLED')
  const { inlinePolicy } = installed.setup
  const document = JSON.parse(inlinePolicy)
  document.Statement.push({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' })
  applySetup(app.aws, { ...installed, setup: { ...installed.setup, inlinePolicy: JSON.stringify(document) } })
  const drifted = await due(organization, installed.id)
  expect(drifted).toMatchObject({
    state: 'INSTALLED',
    health: 'DRIFTED',
    version: installed.version,
    lastVerification: { trigger: 'SCHEDULED', outcome: 'FAILED' },
  })
  const failed = drifted.lastVerification.checks.filter(({ status }: Data) => status === 'FAILED')
  expect(failed).toEqual([
    { code: 'INLINE_POLICY_MATCHES', status: 'FAILED', message: expect.any(String), actual: expect.stringContaining('s3:GetObject') },
  ])
  applySetup(app.aws, installed)
  expect(await due(organization, installed.id)).toMatchObject({
    health: 'HEALTHY',
    lastVerification: { trigger: 'SCHEDULED', outcome: 'PASSED' },
  })
})

test('where AWS does not answer, health is UNREACHABLE and not DRIFTED', async () => {
  const organization = await tenant(app)
  const installed = await organization.bring(itemOf('INVENTORY'), 'INSTALLED')
  app.aws.faults.add({ kind: 'silent', accountId: accountNumberOf(installed) })
  app.aws.faults.add({ kind: 'silent', service: 'sts' })
  expect(await due(organization, installed.id)).toMatchObject({
    state: 'INSTALLED',
    health: 'UNREACHABLE',
    lastVerification: { trigger: 'SCHEDULED', outcome: 'UNREACHABLE' },
  })
  app.aws.faults.clear()
  expect(await due(organization, installed.id)).toMatchObject({ health: 'HEALTHY' })
}, 90_000)

test('what is not due is not looked at', async () => {
  const organization = await tenant(app)
  await organization.bring(itemOf('INVENTORY'), 'INSTALLED')
  const before = await rowsOf(app, organization.id)
  expect(await queueDue(app.booted.services)).toBe(0)
  expect(await rowsOf(app, organization.id)).toEqual(before)
})

test('of ten processes that look at the same time, one queues what is due, once', async () => {
  const organization = await tenant(app)
  const installed = [await organization.bring(itemOf('INVENTORY'), 'INSTALLED'), await organization.bring(itemOf('INVENTORY'), 'INSTALLED')]
  const ids = installed.map(({ id }) => id)
  await overdueBy(1, ids)
  const queued = await Promise.all(Array.from({ length: 10 }, () => queueDue(app.booted.services)))
  expect(queued.reduce((sum, count) => sum + count, 0)).toBe(2)
  await workOff(organization)
  const { organization: read } = await organization.ask(
    'query ($id: ID!) { organization(id: $id) { components(filter: { kinds: [INVENTORY] }) { nodes { verifications { nodes { trigger } } } } } }',
    { id: organization.id },
  )
  for (const { verifications } of read.components.nodes) {
    expect(verifications.nodes.filter(({ trigger }: Data) => trigger === 'SCHEDULED')).toHaveLength(1)
  }
})

test('two workers on one database look at each due component once', async () => {
  const organization = await tenant(app)
  const installed = await organization.bring(itemOf('INVENTORY'), 'INSTALLED')
  const workers = await Promise.all([1, 2].map(() => startWorker(app.booted.services, app.booted.databaseUrl)))
  // Their first looks, after which what is overdue counts as due and not as left from a stop.
  await new Promise((resolve) => setTimeout(resolve, 500))
  await overdueBy(1, [installed.id])
  const scheduled = async () => {
    const { component } = await organization.ask('query ($id: ID!) { component(id: $id) { verifications { nodes { trigger } } } }', {
      id: installed.id,
    })
    return component.verifications.nodes.filter(({ trigger }: Data) => trigger === 'SCHEDULED').length
  }
  await expect.poll(scheduled, { timeout: 15_000 }).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  expect(await scheduled()).toBe(1)
  await Promise.all(workers.map((each) => each.stop()))
}, 40_000)

test('at most 2 of an account and 8 of an organization are queued or under way, and another organization does not wait for them', async () => {
  const [organization, other] = [await tenant(app), await tenant(app)]
  const crowded = newAccount()
  const ids: string[] = []
  for (const name of ['one', 'two', 'three', 'four']) {
    ids.push((await organization.bring({ kind: 'FUNCTION_CALLER', itemId: functionArn(crowded, 'AWS', name) }, 'INSTALLED')).id)
  }
  await overdueBy(1, ids)
  expect(await queueDue(app.booted.services)).toBe(2)
  expect(await queueDue(app.booted.services)).toBe(0)
  for (let i = 0; i < 8; i++) ids.push((await organization.bring(itemOf('INVENTORY'), 'INSTALLED')).id)
  await overdueBy(1, ids.slice(4))
  const ofOther = await other.bring(itemOf('INVENTORY'), 'INSTALLED')
  await overdueBy(1, [ofOther.id])
  expect(await queueDue(app.booted.services)).toBe(7)
  expect(await jobsOf(organization)).toHaveLength(8)
  expect(await jobsOf(other)).toHaveLength(1)
}, 60_000)

test('what is overdue after a stop is spread over a tenth of the interval instead of being queued at once', async () => {
  const organization = await tenant(app)
  const ids: string[] = []
  for (let i = 0; i < 6; i++) ids.push((await organization.bring(itemOf('INVENTORY'), 'INSTALLED')).id)
  await overdueBy(10 * intervalSeconds, ids)
  await verificationSchedule.run(app.booted.services, { isAfterStop: true })
  expect(await jobsOf(organization)).toEqual([])
  const waits = await waitsSeconds(ids)
  for (const wait of waits) expect(wait).toBeGreaterThan(-1)
  for (const wait of waits) expect(wait).toBeLessThanOrEqual(intervalSeconds / 10)
  expect(new Set(waits).size).toBe(6)
}, 40_000)

test('a worker that is stopped while AWS is asked does not call the component unreachable', async () => {
  const organization = await tenant(app)
  const installed = await organization.bring(itemOf('INVENTORY'), 'INSTALLED')
  app.aws.faults.add({ kind: 'silent', service: 'sts' })
  await overdueBy(1, [installed.id])
  await queueDue(app.booted.services)
  const worker = await startWorker(app.booted.services, app.booted.databaseUrl)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await worker.stop()
  expect(await look(organization, installed.id)).toMatchObject({ health: 'HEALTHY', lastVerification: { trigger: 'CONFIGURE' } })
  expect(await jobsOf(organization)).toHaveLength(1)
})
