import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../src/auth/authenticate.ts'
import { createLog } from '../../src/platform/log.ts'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'

let app: TestApp
let own: TestOrganization
beforeAll(async () => {
  app = await startTestApp()
  own = await app.organization()
  // The first use of a key is noted.
  await own.ask('{ viewer { kind } }')
})
afterAll(() => app?.close())

const viewer = '{ viewer { kind } }'
const isLookUp = (text: string) => text.includes('from "ApiKey"')

it('of callers that come at once each is judged by its own credential', async () => {
  const other = await app.organization()
  const wrong = `${own.key.slice(0, -4)}0000`
  const keys = Array.from({ length: 120 }, (_, index) => [own.key, other.key, wrong][index % 3] as string)
  const answers = await Promise.all(keys.map((key) => app.send(key, '{ viewer { kind } organizations { nodes { id } } }')))
  const told = answers.map(({ data, errors }) => data?.organizations.nodes[0].id ?? errors?.[0]?.extensions.code)
  expect(told).toEqual(keys.map((key) => (key === wrong ? 'UNAUTHENTICATED' : key === own.key ? own.id : other.id)))
})

it('callers are looked up while every connection for their work is taken', async () => {
  const { pool } = app.booted.services.db
  const taken = Promise.all(Array.from({ length: 10 }, () => pool.query('select pg_sleep(1.5)')))
  const startedMs = performance.now()
  const wrong = await app.send(`${own.key.slice(0, -4)}0000`, viewer)
  const nothingToRead = await app.send(own.key, viewer)
  expect(performance.now() - startedMs).toBeLessThan(1_200)
  expect([wrong.errors?.[0]?.extensions.code, nothingToRead.data]).toEqual(['UNAUTHENTICATED', { viewer: { kind: 'API_KEY' } }])
  await taken
})

it('callers are looked up while the use of other keys cannot be noted', async () => {
  const { pool } = app.booted.services.db
  const keys = [await own.keyWith('ORGANIZATIONS_READ'), await own.keyWith('ORGANIZATIONS_READ'), await own.keyWith('ORGANIZATIONS_READ')]
  const lock = await pool.connect()
  try {
    await lock.query('begin')
    await lock.query('select from "ApiKey" where "organizationId" = $1 for update', [own.id])
    const startedMs = performance.now()
    const unnoted = await Promise.all(keys.map((key) => app.send(key, viewer)))
    const next = await app.send(own.key, viewer)
    expect(performance.now() - startedMs).toBeLessThan(1_000)
    expect([...unnoted, next].map(({ data }) => data?.viewer.kind)).toEqual(['API_KEY', 'API_KEY', 'API_KEY', 'API_KEY'])
  } finally {
    await lock.query('rollback')
    lock.release()
  }
})

describe('a look-up', () => {
  /** An authenticator whose look-ups can be held, and how many have begun. */
  function held() {
    const { pool } = app.booted.services.db
    const gates: (() => void)[] = []
    const authenticator = createAuthenticator({
      adminKeys: [],
      log: createLog('silent'),
      pool,
      credentials: {
        query: async (config) => {
          if (isLookUp(config.text)) await new Promise<void>((resolve) => gates.push(resolve))
          return pool.query(config)
        },
      },
    })
    return { gates, look: async (key: string) => (await authenticator.authenticate(`Bearer ${key}`, () => true)).viewer }
  }
  const begun = async (gates: unknown[], count: number) => {
    for (const end = Date.now() + 5_000; gates.length < count; await delay(1)) if (Date.now() > end) throw new Error('it never begins')
  }

  it('serves all who come while another is under way', async () => {
    const { gates, look } = held()
    const first = look(own.key)
    await begun(gates, 1)
    const others = Array.from({ length: 50 }, () => look(own.key))
    gates[0]?.()
    await first
    await begun(gates, 2)
    gates[1]?.()
    expect((await Promise.all(others)).map(({ kind }) => kind)).toEqual(others.map(() => 'API_KEY'))
    expect(gates).toHaveLength(2)
  })

  it('is the second at most, however many come while both hang, and the third serves them all', async () => {
    const { gates, look } = held()
    const first = look(own.key)
    await begun(gates, 1)
    const second = look(own.key)
    await begun(gates, 2)
    const others = []
    for (let n = 0; n < 20; n++) {
      others.push(look(own.key))
      await delay(2)
    }
    expect(gates).toHaveLength(2)
    gates[0]?.()
    await first
    await begun(gates, 3)
    for (const open of gates) open()
    await Promise.all([second, ...others])
    expect(gates).toHaveLength(3)
  })

  it('that does not come back does not hold those after it', async () => {
    const { gates, look } = held()
    const first = look(own.key)
    await begun(gates, 1)
    const second = look(own.key)
    await begun(gates, 2)
    gates[1]?.()
    expect((await second).kind).toBe('API_KEY')
    gates[0]?.()
    expect((await first).kind).toBe('API_KEY')
    const third = look(own.key)
    await begun(gates, 3)
    gates[2]?.()
    expect((await third).kind).toBe('API_KEY')
  })

  it('that began before a key was revoked judges nobody who came after', async () => {
    const { createApiKey } = await own.ask(
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } errors { message } } }',
      { input: { organizationId: own.id, name: 'Short', scopes: ['ORGANIZATIONS_READ'] } },
    )
    const { gates, look } = held()
    const before = look(createApiKey.secret)
    await begun(gates, 1)
    await own.ask('mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { errors { message } } }', { id: createApiKey.apiKey.id })
    const after = look(createApiKey.secret)
    await begun(gates, 2)
    for (const open of gates) open()
    const [, judged] = await Promise.allSettled([before, after])
    expect(judged).toMatchObject({ status: 'rejected', reason: { extensions: { code: 'UNAUTHENTICATED' } } })
  })
})
