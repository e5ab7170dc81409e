import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { timeouts } from '../../src/platform/database/database.ts'
import { type Answer, type Data, startTestApp, type TestApp } from '../support/app.ts'
import { newAccount } from '../support/aws-setup.ts'
import { itemOf, type State, type Tenant, tenant } from '../support/component-story.ts'
import { type ClonedDatabase, cloneDatabase } from '../support/database.ts'
import { rowsOf } from '../support/rows.ts'
import { startDatabaseProxy, type TcpProxy } from '../support/tcp-proxy.ts'

let database: ClonedDatabase
let proxy: TcpProxy
let app: TestApp
/** Past the proxy. */
let direct: pg.Client
beforeAll(async () => {
  database = await cloneDatabase()
  const started = await startDatabaseProxy(database.url)
  proxy = started
  app = await startTestApp({ env: { DATABASE_URL: started.url }, connectionWaitMs: timeouts.connectionTimeoutMillis })
  direct = new pg.Client(database.url)
  await direct.connect()
})
afterAll(async () => {
  await proxy.pass()
  await app.close()
  await direct.end()
  await proxy.close()
  await database.drop()
})

interface Mutation {
  title: string
  /** The state of the component it is about. */
  from: State
  /** The row whose lock it needs after it has begun: holding it stops the mutation in its middle. */
  holds: string
  input(own: Tenant, component: Data): string
}

const mutations: Mutation[] = [
  {
    title: 'stageComponent',
    from: 'CONFIGURE',
    holds: 'AwsAccount',
    input: (own, { itemId }) => `stageComponent(input: { organizationId: "${own.id}", kind: ACCESS_LOGS, itemId: "${itemId}" })`,
  },
  {
    title: 'stageComponent (again)',
    from: 'INSTALLED',
    holds: 'Component',
    input: (own, { itemId }) =>
      `stageComponent(input: { organizationId: "${own.id}", kind: INVENTORY, itemId: "${itemId}", allowRestage: true })`,
  },
  { title: 'verifyComponent', from: 'STAGE', holds: 'Component', input: (_own, { id }) => `verifyComponent(input: { id: "${id}" })` },
  {
    title: 'configureComponent',
    from: 'CONFIGURE',
    holds: 'Component',
    input: (_own, { id }) => `configureComponent(input: { id: "${id}", config: { inventory: {} } })`,
  },
  { title: 'removeComponent', from: 'INSTALLED', holds: 'Component', input: (_own, { id }) => `removeComponent(input: { id: "${id}" })` },
  {
    title: 'uninstallAwsIntegration',
    from: 'INSTALLED',
    holds: 'Component',
    input: (own) => `uninstallAwsIntegration(input: { organizationId: "${own.id}", confirmSlug: "${own.slug}" })`,
  },
  {
    title: 'verifyComponents',
    from: 'STAGE',
    holds: 'Organization',
    input: (own, { id }) => `verifyComponents(input: { organizationId: "${own.id}", ids: ["${id}"] })`,
  },
  {
    title: 'deleteOrganization',
    from: 'INSTALLED',
    holds: 'Component',
    input: (own) => `deleteOrganization(input: { id: "${own.id}", confirmSlug: "${own.slug}" })`,
  },
]
const failures = [
  { failure: 'does not answer any more', happen: () => proxy.stall() },
  { failure: 'cuts the connection', happen: () => proxy.reset() },
]

/** One mutation that the database failed in its middle. */
interface Play {
  own: Tenant
  before: object
  send(): Promise<Answer>
  answer: Answer
  tookMs: number
}

describe.each(failures)('a database that $failure in the middle of a mutation', ({ happen }) => {
  const plays = new Map<string, Play>()
  // All of them at once: each answer takes as long as a statement may.
  beforeAll(async () => {
    const scenes = []
    for (const mutation of mutations) {
      const own = await tenant(app)
      const component = await own.bring(itemOf('INVENTORY'), mutation.from)
      const send = () => app.send(own.key, `mutation { ${mutation.input(own, component)} { errors { code message } } }`)
      scenes.push({ ...mutation, own, before: await rowsOf(app, own.id), send })
    }
    await direct.query('begin')
    for (const { holds, own } of scenes) {
      const column = holds === 'Organization' ? 'id' : 'organizationId'
      await direct.query(`select 1 from "${holds}" where "${column}" = $1 for update`, [own.id])
    }
    const startedAt = performance.now()
    const answering = scenes.map(async ({ title, own, before, send }) => {
      const answer = await send()
      plays.set(title, { own, before, send, answer, tookMs: performance.now() - startedAt })
    })
    await waitUntilBlocked(scenes.length)
    await happen()
    await direct.query('rollback')
    await Promise.all(answering)
    await proxy.pass()
  }, 90_000)

  test.each(mutations)(
    '$title is answered in bounded time, was done wholly or not at all, and works when it is repeated',
    async ({ title }) => {
      const { own, before, send, answer, tookMs } = plays.get(title)!
      expect(tookMs).toBeLessThan(12_000)
      expect(answer.errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: true } }])
      await vi.waitFor(
        async () => {
          // One statement that the database had already may go through when its lock is free: then all of it did.
          if (title === 'verifyComponent' || title === 'configureComponent') await expectWhole(own)
          else expect(await rowsOf(app, own.id)).toEqual(before)
        },
        { timeout: 8_000, interval: 200 },
      )
      const again = await send()
      expect(again.errors).toBeUndefined()
      expect(Object.values(again.data ?? {})).toEqual([{ errors: [] }])
      await expectWhole(own)
    },
  )
})

test('cut at whatever moment, a mutation is done wholly or not at all', { timeout: 90_000 }, async () => {
  const own = await tenant(app)
  const account = newAccount()
  const item = itemOf('ACCESS_LOGS', account)
  const startedAt = Date.now()
  let cut = 0
  for (let round = 0; round < 30 && Date.now() - startedAt < 30_000; round++) {
    const current = (await own.calls.all({ kinds: ['ACCESS_LOGS'] }))[0]
    const steps: (() => Promise<Data>)[] = current
      ? [
          () => own.calls.verify(current.id),
          () => own.calls.configure(current.id, { accessLogs: {} }),
          () => own.calls.stage({ ...item, allowRestage: true }),
          () => own.calls.remove(current.id),
        ]
      : [() => own.calls.stage(item)]
    const step = steps[round % steps.length]!
    // What is answered was done or refused; what is not may be either, but never a part of it.
    const answering = step().then(
      () => 'answered',
      () => 'cut',
    )
    await delay(Math.random() * 40)
    await proxy.reset()
    if ((await answering) === 'cut') cut++
    await proxy.pass()
    await vi.waitFor(async () => expectWhole(own), { timeout: 5_000, interval: 50 })
  }
  expect(cut).toBeGreaterThan(5)
})

/** Every component has its BASE, its unbroken history and an audit event for each step of it. */
async function expectWhole(own: Tenant): Promise<void> {
  const { rows: components } = await direct.query('select "id", "kind", "state", "version" from "Component" where "organizationId" = $1', [
    own.id,
  ])
  expect(components.filter(({ kind }) => kind === 'BASE')).toHaveLength(components.length === 0 ? 0 : 1)
  const { rows: transitions } = await direct.query('select * from "ComponentTransition" where "organizationId" = $1 order by "id"', [
    own.id,
  ])
  const { rows: events } = await direct.query(
    `select * from "AuditEvent" where "organizationId" = $1 and "outcome" = 'SUCCEEDED' and "action" like 'component.%' order by "id"`,
    [own.id],
  )
  expect(events.map(({ subjectId, action }) => [subjectId, action]).sort()).toEqual(
    transitions.map(({ componentId, action }) => [componentId, `component.${action.toLowerCase()}`]).sort(),
  )
  for (const { id, kind, state, version } of components) {
    const of = transitions.filter(({ componentId }) => componentId === id)
    for (const [index, { fromState }] of of.entries()) expect(fromState).toBe(index === 0 ? null : of[index - 1].toState)
    expect(of.at(-1)?.toState).toBe(state)
    if (kind !== 'BASE') expect(version).toBe(of.length)
  }
  for (const { componentId } of transitions.filter(({ action }) => action === 'REMOVE'))
    expect(components.map(({ id }) => id)).not.toContain(componentId)
}

/** Until so many statements of the server wait for a lock. */
async function waitUntilBlocked(count: number): Promise<void> {
  await vi.waitFor(
    async () => {
      // Inside a transaction the view would stay as it was when first read.
      await direct.query('select pg_stat_clear_snapshot()::text')
      const { rows } = await direct.query(
        `select 1 from pg_stat_activity where "datname" = current_database() and "wait_event_type" = 'Lock' and "application_name" = 'gatehouse-test'`,
      )
      expect(rows).toHaveLength(count)
    },
    { timeout: 4_000, interval: 20 },
  )
}
