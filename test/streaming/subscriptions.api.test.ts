import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { itemOf, type Tenant, tenant } from '../support/component-story.ts'
import { type SecondServer, startSecondServer } from '../support/second-server.ts'
import { type Subscriber, subscribe, type Transport, transports } from '../support/subscriber.ts'

let app: TestApp
let second: SecondServer
const started: Subscriber[] = []
beforeAll(async () => {
  app = await startTestApp({ worker: true, recheckMs: 300 })
  second = await startSecondServer(app)
})
afterAll(async () => {
  for (const { stop } of started) stop()
  await second.close()
  await app.close()
})

const componentChanged = `subscription ($organizationId: ID!, $componentId: ID) { componentChanged(organizationId: $organizationId, componentId: $componentId) {
  change id component { id kind state health organization { id } } } }`
const operationChanged = `subscription ($organizationId: ID!, $operationId: ID) { operationChanged(organizationId: $organizationId, operationId: $operationId) {
  change id operation { id status progress { done total } } } }`

/** Subscribes and waits until the server holds the subscription. */
async function follow(
  transport: Transport,
  server: { url: string; booted: TestApp['booted'] },
  key: string,
  query: string,
  variables: object,
): Promise<Subscriber> {
  const { changes } = server.booted.services
  const before = changes.subscriptions
  const subscriber = subscribe(transport, server.url, key, query, variables)
  started.push(subscriber)
  await expect.poll(() => changes.subscriptions, { timeout: 5_000 }).toBe(before + 1)
  return subscriber
}

const changesOf = (subscriber: Subscriber): [string, string][] =>
  subscriber.events.map(({ data }) => {
    const [event] = Object.values(data) as Data[]
    return [event.id, event.change]
  })

const historyOf = (subscriber: Subscriber, id: string) =>
  changesOf(subscriber).flatMap(([subject, change]) => (subject === id ? [change] : []))

test('twenty subscribers on two servers, over both transports, see each change of every component once and in order', async () => {
  const organization = await tenant(app)
  const variables = { organizationId: organization.id }
  const everywhere = [app, second].flatMap((server) => transports.flatMap((transport) => Array(5).fill({ server, transport })))
  const subscribers: Subscriber[] = []
  for (const { server, transport } of everywhere) {
    subscribers.push(await follow(transport, server, organization.key, componentChanged, variables))
  }
  const components = await Promise.all([1, 2, 3, 4].map(() => organization.bring(itemOf('INVENTORY'), 'INSTALLED')))
  await Promise.all(components.map(({ id }) => organization.calls.remove(id)))
  for (const subscriber of subscribers) {
    // Each with its BASE, which comes and goes with it.
    await expect.poll(() => subscriber.events.length, { timeout: 10_000 }).toBe(4 * 4 + 4 * 2)
    for (const { id } of components) expect(historyOf(subscriber, id)).toEqual(['CREATED', 'UPDATED', 'UPDATED', 'DELETED'])
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  for (const subscriber of subscribers) expect(subscriber.events).toHaveLength(24)
  const [first] = subscribers as [Subscriber]
  for (const { data } of first.events.filter((event) => event.data.componentChanged.change === 'DELETED')) {
    expect(data.componentChanged.component).toBeNull()
  }
})

test('a change carries the component as it then is, and a subscription to one component is told of no other', async () => {
  const organization = await tenant(app)
  const [one, other] = [await organization.bring(itemOf('INVENTORY'), 'STAGE'), await organization.bring(itemOf('INVENTORY'), 'STAGE')]
  const subscriber = await follow('WebSocket', second, organization.key, componentChanged, {
    organizationId: organization.id,
    componentId: one.id,
  })
  await organization.calls.verify(other.id)
  await organization.calls.verify(one.id)
  await expect.poll(() => subscriber.events.length, { timeout: 5_000 }).toBe(1)
  expect(subscriber.events).toEqual([
    {
      data: {
        componentChanged: {
          change: 'UPDATED',
          id: one.id,
          component: { id: one.id, kind: 'INVENTORY', state: 'CONFIGURE', health: 'UNKNOWN', organization: { id: organization.id } },
        },
      },
    },
  ])
})

test('an operation is followed from CREATED over each step of its progress to its end', async () => {
  const organization = await tenant(app)
  const ids = [(await organization.bring(itemOf('INVENTORY'), 'STAGE')).id, (await organization.bring(itemOf('INVENTORY'), 'STAGE')).id]
  const subscriber = await follow('event stream', second, organization.key, operationChanged, { organizationId: organization.id })
  const { operation } = await organization.calls.verifyAll(ids)
  await expect.poll(() => subscriber.events.at(-1)?.data.operationChanged.operation.status, { timeout: 15_000 }).toBe('SUCCEEDED')
  // Asked for, begun, two items, ended.
  await expect.poll(() => historyOf(subscriber, operation.id)).toEqual(['CREATED', 'UPDATED', 'UPDATED', 'UPDATED', 'UPDATED'])
  expect(subscriber.events.at(-1)?.data.operationChanged.operation.progress).toEqual({ done: 2, total: 2 })
})

test('an operation of a kind that the key may not read is not told of', async () => {
  const organization = await tenant(app)
  const { id } = await organization.bring(itemOf('INVENTORY'), 'STAGE')
  const variables = { organizationId: organization.id }
  const reader = await follow('WebSocket', app, await organization.keyWith('AWS_READ'), operationChanged, variables)
  const allowed = await follow('WebSocket', app, await organization.keyWith('COMPONENTS_READ'), operationChanged, variables)
  await organization.calls.verifyAll([id], true)
  await expect.poll(() => allowed.events.length, { timeout: 5_000 }).toBe(4)
  expect(reader.events).toEqual([])
})

test('what one organization does is told to no other', async () => {
  const [organization, other] = [await tenant(app), await tenant(app)]
  const subscriber = await follow('WebSocket', app, other.key, componentChanged, { organizationId: other.id })
  await organization.bring(itemOf('INVENTORY'), 'STAGE')
  await other.bring(itemOf('INVENTORY'), 'STAGE')
  await expect.poll(() => subscriber.events.length, { timeout: 5_000 }).toBe(2)
  for (const { data } of subscriber.events) expect(data.componentChanged.component.organization.id).toBe(other.id)
})

describe.each(transports)('over %s', (transport) => {
  let own: Tenant
  let foreign: { organizationId: string; componentId: string; operationId: string }
  beforeAll(async () => {
    own = await tenant(app)
    const other = await tenant(app)
    const { id } = await other.bring(itemOf('INVENTORY'), 'STAGE')
    const { operation } = await other.calls.verifyAll([id])
    foreign = { organizationId: other.id, componentId: id, operationId: operation.id }
  })
  const refusal = async (query: string, variables: object, key: string | null = own.key): Promise<Data> => {
    const subscriber = subscribe(transport, app.url, key, query, variables)
    started.push(subscriber)
    const ended = await subscriber.ended
    expect(subscriber.events).toEqual([])
    return ended
  }
  const errorOf = (ended: Data) => ended.map(({ message, extensions }: Data) => ({ message, extensions }))

  test('ids of another organization are refused in the words that unknown ones are', async () => {
    const table: [string, object, object][] = [
      [componentChanged, { organizationId: foreign.organizationId }, { organizationId: `org_${'0'.repeat(26)}` }],
      [operationChanged, { organizationId: foreign.organizationId }, { organizationId: `org_${'0'.repeat(26)}` }],
      [componentChanged, { organizationId: own.id, componentId: foreign.componentId }, { organizationId: own.id, componentId: 'cmp_none' }],
      [operationChanged, { organizationId: own.id, operationId: foreign.operationId }, { organizationId: own.id, operationId: 'op_none' }],
    ]
    for (const [query, ofOther, unknown] of table) {
      const refused = errorOf(await refusal(query, ofOther))
      expect(refused).toEqual([
        { message: expect.stringMatching(/^There is no/), extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) },
      ])
      expect(refused).toEqual(errorOf(await refusal(query, unknown)))
    }
  })

  test('a key without the scope is told which one is missing', async () => {
    const key = await own.keyWith('AUDIT_READ')
    expect(errorOf(await refusal(componentChanged, { organizationId: own.id }, key))).toEqual([
      { message: 'This needs the scope COMPONENTS_READ.', extensions: { code: 'FORBIDDEN', missingScopes: ['COMPONENTS_READ'] } },
    ])
    expect(errorOf(await refusal(operationChanged, { organizationId: own.id }, key))).toEqual([
      expect.objectContaining({ extensions: expect.objectContaining({ code: 'FORBIDDEN' }) }),
    ])
  })

  test.each([
    ['no key', () => null],
    ['a key that is none', () => 'gh_nothing'],
    ['an unknown key', () => `gh_key_${'0'.repeat(26)}_${'0'.repeat(64)}`],
  ])('%s: nothing is begun', async (_name, key) => {
    const ended = await refusal(componentChanged, { organizationId: own.id }, key())
    expect(ended.code).toBe(transport === 'WebSocket' ? 4401 : 401)
  })

  test.each([
    ['a query', '{ viewer { __typename } }', 'BAD_USER_INPUT'],
    ['a mutation', 'mutation { revokeApiKey(input: { id: "key_1" }) { errors { code } } }', 'BAD_USER_INPUT'],
    ['a document that does not parse', 'subscription {', 'GRAPHQL_VALIDATION_FAILED'],
    ['a field that is not there', 'subscription { unicorns }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a selection that is too large',
      `subscription ($organizationId: ID!) { componentChanged(organizationId: $organizationId) { ${Array.from({ length: 501 }, (_, i) => `a${i}: id`).join(' ')} } }`,
      'BAD_USER_INPUT',
    ],
  ])('%s is refused', async (_name, query, code) => {
    expect(errorOf(await refusal(query, { organizationId: own.id }))).toEqual([
      { message: expect.any(String), extensions: expect.objectContaining({ code }) },
    ])
  })

  test('a revoked key ends an idle stream', async () => {
    const organization = await tenant(app)
    const key = await organization.keyWith('COMPONENTS_READ')
    const subscriber = await follow(transport, app, key, componentChanged, { organizationId: organization.id })
    await revoke(organization, key)
    expect(await within(3_000, subscriber.ended)).toEqual(
      transport === 'WebSocket' ? { code: 4401 } : [expect.objectContaining({ extensions: { code: 'UNAUTHENTICATED' } })],
    )
  })

  test('after its key was revoked a subscriber reads no further change, however soon that comes', async () => {
    const organization = await tenant(app)
    const key = await organization.keyWith('COMPONENTS_READ')
    // The second server looks at idle credentials every 20 s: here the event itself finds out.
    const subscriber = await follow(transport, second, key, componentChanged, { organizationId: organization.id })
    await organization.bring(itemOf('INVENTORY'), 'STAGE')
    await expect.poll(() => subscriber.events.length, { timeout: 5_000 }).toBe(2)
    await revoke(organization, key)
    await organization.bring(itemOf('INVENTORY'), 'STAGE')
    expect(await within(5_000, subscriber.ended)).toEqual(
      transport === 'WebSocket' ? { code: 4401 } : [expect.objectContaining({ extensions: { code: 'UNAUTHENTICATED' } })],
    )
    expect(subscriber.events).toHaveLength(2)
  })

  test('a subscriber that leaves is forgotten', async () => {
    const before = app.booted.services.changes.subscriptions
    const subscriber = await follow(transport, app, own.key, componentChanged, { organizationId: own.id })
    subscriber.stop()
    await expect.poll(() => app.booted.services.changes.subscriptions).toBe(before)
  })
})

test('a subscription sent as a plain request is told where to go', async () => {
  const organization = await tenant(app)
  const { errors } = await app.send(organization.key, componentChanged, { organizationId: organization.id })
  expect(errors).toMatchObject([{ message: expect.stringContaining('text/event-stream'), extensions: { code: 'BAD_USER_INPUT' } }])
})

test('a stop of the server closes WebSockets with 1001, ends event streams with an error that can be repeated, and takes less than 5 s', async () => {
  const organization = await tenant(app)
  const third = await startSecondServer(app)
  const variables = { organizationId: organization.id }
  const socket = await follow('WebSocket', third, organization.key, componentChanged, variables)
  const stream = await follow('event stream', third, organization.key, componentChanged, variables)
  await within(5_000, third.close())
  expect(await socket.ended).toEqual({ code: 1001 })
  expect(await stream.ended).toEqual([expect.objectContaining({ extensions: { code: 'SERVICE_UNAVAILABLE', retryable: true } })])
})

test('when the connection that listens is cut, nothing is lost and nothing comes twice', async () => {
  const organization = await tenant(app)
  const { pool } = app.booted.services.db
  const subscriber = await follow('WebSocket', second, organization.key, componentChanged, { organizationId: organization.id })
  const ids: string[] = []
  for (let i = 0; i < 6; i++) {
    const cut = await pool.query(
      `select pg_terminate_backend("pid") from pg_stat_activity where "application_name" = 'gatehouse-changes' and "datname" = current_database()`,
    )
    if (i === 0) expect(cut.rowCount).toBe(2)
    ids.push((await organization.bring(itemOf('INVENTORY'), 'CONFIGURE')).id)
  }
  await expect.poll(() => subscriber.events.length, { timeout: 20_000 }).toBe(6 * 3)
  for (const id of ids) expect(historyOf(subscriber, id)).toEqual(['CREATED', 'UPDATED'])
}, 40_000)

test('of the changes of an organization that is deleted nothing is left but that it ended', async () => {
  const organization = await tenant(app)
  await organization.bring(itemOf('INVENTORY'), 'INSTALLED')
  await app.send(app.adminKey, 'mutation ($input: DeleteOrganizationInput!) { deleteOrganization(input: $input) { deletedIds } }', {
    input: { id: organization.id, confirmSlug: organization.slug },
  })
  const { rows } = await app.booted.services.db.pool.query('select "noun", "change" from "Change" where "organizationId" = $1', [
    organization.id,
  ])
  expect(rows).toEqual([{ noun: 'Organization', change: 'DELETED' }])
})

async function revoke(organization: Tenant, key: string): Promise<void> {
  const [, id] = /^gh_(key_[0-9a-z]+)_/.exec(key) ?? []
  const { revokeApiKey } = await organization.ask('mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { errors { message } } }', { id })
  expect(revokeApiKey.errors).toEqual([])
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | string> {
  return Promise.race([promise, new Promise<string>((resolve) => setTimeout(() => resolve(`not within ${ms} ms`), ms).unref())])
}
