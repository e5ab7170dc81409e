import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Database, openDatabase } from '../../src/platform/database/database.ts'
import { transaction } from '../../src/platform/database/transaction.ts'
import { isUnavailable } from '../../src/platform/database/unavailable.ts'
import { createLog } from '../../src/platform/log.ts'
import { type ClonedDatabase, cloneDatabase } from '../support/database.ts'
import { startDatabaseProxy } from '../support/tcp-proxy.ts'

const log = createLog('silent')
let cloned: ClonedDatabase

beforeAll(async () => {
  cloned = await cloneDatabase()
  // Prisma compiles its queries with WebAssembly that is loaded with the first one, which holds up everything else meanwhile.
  const db = openDatabase({ url: cloned.url, poolSize: 1, applicationName: 'test', log })
  await db.prisma.organization.count()
  await db.close()
})
afterAll(() => cloned.drop())

/** How long a refused call took, and whether it counts as unavailable. */
async function failure(call: Promise<unknown>): Promise<{ ms: number; unavailable: boolean }> {
  const start = performance.now()
  const error = await call.then(
    () => expect.unreachable('the call was answered'),
    (reason: unknown) => reason,
  )
  return { ms: performance.now() - start, unavailable: isUnavailable(error) }
}

/** Which of the names are there, seen through a connection of its own. */
async function namesIn(names: string[]): Promise<string[]> {
  const client = new pg.Client(cloned.url)
  await client.connect()
  const { rows } = await client.query<{ name: string }>('select "name" from "PlatformSecret" where "name" = any($1) order by 1', [names])
  await client.end()
  return rows.map(({ name }) => name)
}

const calls: [name: string, call: (db: Database) => Promise<unknown>][] = [
  ['a statement of the pool', (db) => db.pool.query('select 1')],
  ['a statement of Prisma', (db) => db.prisma.organization.findFirst()],
  ['a transaction', (db) => transaction(db.pool, (tx) => tx.query('select 1'))],
  ['a transaction of Prisma', (db) => db.prisma.$transaction((tx) => tx.organization.findFirst())],
]

async function openThroughProxy() {
  const proxy = await startDatabaseProxy(cloned.url)
  const db = openDatabase({ url: proxy.url, poolSize: 2, applicationName: 'test', log })
  const close = async () => {
    await db.close()
    await proxy.close()
  }
  return { proxy, db, close }
}

/** The machine may be busy: a new connection can miss its second once. */
const inTheEnd = <T>(work: () => Promise<T>) => vi.waitFor(work, { timeout: 8_000, interval: 100 })

// These wait for time-outs: all at once.
describe.concurrent('with a network that stalls', () => {
  it('every kind of call on an open connection ends within 8 s as unavailable, and works again afterwards on every connection', async () => {
    const opened = []
    for (const [name, call] of calls) {
      const through = await openThroughProxy()
      await inTheEnd(() => call(through.db))
      opened.push({ name, call, ...through })
    }
    await Promise.all(
      opened.map(async ({ name, call, proxy, db, close }) => {
        await proxy.stall()
        const { ms, unavailable } = await failure(call(db))
        expect({ name, unavailable }).toEqual({ name, unavailable: true })
        expect(ms, name).toBeLessThan(8_000)
        await proxy.pass()
        await inTheEnd(() => Promise.all([call(db), call(db)]))
        await close()
      }),
    )
  })

  it('every kind of call without an open connection ends within 4 s as unavailable, and works afterwards', async () => {
    await Promise.all(
      calls.map(async ([name, call]) => {
        const { proxy, db, close } = await openThroughProxy()
        await proxy.stall()
        const { ms, unavailable } = await failure(call(db))
        expect({ name, unavailable }).toEqual({ name, unavailable: true })
        expect(ms, name).toBeLessThan(4_000)
        await proxy.pass()
        await inTheEnd(() => call(db))
        await close()
      }),
    )
  })

  it('after a transaction of Prisma that stalled half-way nobody works inside it: what was acknowledged is kept', async () => {
    const { proxy, db, close } = await openThroughProxy()
    const half = db.prisma.$transaction(async (tx) => {
      await tx.platformSecret.create({ data: { name: 'half', sealed: '' } })
      await proxy.stall()
      await tx.platformSecret.count()
    })
    expect((await failure(half)).ms).toBeLessThan(8_000)
    await proxy.pass()
    const names = ['a', 'b', 'c', 'd'].map((name) => `after the stall ${name}`)
    const attempts = await Promise.allSettled(names.map((name) => db.prisma.platformSecret.create({ data: { name, sealed: '' } })))
    const acknowledged = names.filter((_name, index) => attempts[index]?.status === 'fulfilled')
    expect(acknowledged).not.toEqual([])
    await close()
    expect(await namesIn(['half', ...names])).toEqual(acknowledged)
  })
})

describe('with a network that fails', () => {
  let through: Awaited<ReturnType<typeof openThroughProxy>>

  beforeEach(async () => {
    through = await openThroughProxy()
  })
  afterEach(() => through.close())

  it.each(calls)('%s is refused within 2 s as unavailable when nobody listens, and works again afterwards', async (_name, call) => {
    const { proxy, db } = through
    await inTheEnd(() => call(db))
    await proxy.refuse()
    await delay(50)
    const { ms, unavailable } = await failure(call(db))
    expect(unavailable).toBe(true)
    expect(ms).toBeLessThan(2_000)
    await proxy.pass()
    await inTheEnd(() => call(db))
  })

  it.each(calls)('%s is refused as unavailable when the connection is reset, and works again afterwards', async (_name, call) => {
    const { proxy, db } = through
    await inTheEnd(() => call(db))
    await proxy.reset()
    const { unavailable } = await failure(call(db))
    expect(unavailable).toBe(true)
    await proxy.pass()
    await inTheEnd(() => call(db))
  })
})

describe('with a database that answers', () => {
  let db: Database

  beforeEach(() => {
    db = openDatabase({ url: cloned.url, poolSize: 2, applicationName: 'test-application', log })
  })
  afterEach(() => db.close())

  it('a call without a free connection ends within 3 s as unavailable', async () => {
    const held = [await db.pool.connect(), await db.pool.connect()]
    const { ms, unavailable } = await failure(db.pool.query('select 1'))
    expect(unavailable).toBe(true)
    expect(ms).toBeLessThan(3_000)
    for (const client of held) client.release()
    await db.pool.query('select 1')
  })

  it('a statement that takes too long is ended by the server before this side gives up', async () => {
    await expect(db.pool.query('select pg_sleep(10)')).rejects.toMatchObject({ code: '57014' })
  })

  it('a connection given back with its transaction open is closed, and what it did is undone', async () => {
    const client = await db.pool.connect()
    await client.query('begin')
    await client.query(`insert into "PlatformSecret" ("name", "sealed") values ('left open', '')`)
    client.release()
    await db.pool.query(`insert into "PlatformSecret" ("name", "sealed") values ('kept', '')`)
    await db.close()
    expect(await namesIn(['left open', 'kept'])).toEqual(['kept'])
  })

  it('sessions are in UTC under their application name, whatever the database says', async () => {
    await db.pool.query(`do $$ begin execute format('alter database %I set timezone = ''Asia/Kathmandu''', current_database()); end $$`)
    const withOptions = new URL(cloned.url)
    withOptions.searchParams.set('options', '-c work_mem=5MB')
    const url = withOptions.toString()
    for (const other of [
      openDatabase({ url: cloned.url, poolSize: 1, applicationName: 'a', log }),
      openDatabase({ url, poolSize: 1, applicationName: 'a', log }),
    ]) {
      const { rows } = await other.pool.query(`select current_setting('timezone') as timezone, current_setting('application_name') as name`)
      expect(rows).toEqual([{ timezone: 'UTC', name: 'a' }])
      const createdAt = new Date('2026-11-21T10:00:00.123Z')
      const name = `time ${url === cloned.url} ${Math.random()}`
      await other.prisma.platformSecret.create({ data: { name, sealed: '', createdAt } })
      const byPg = await other.pool.query('select "createdAt" from "PlatformSecret" where "name" = $1', [name])
      expect(byPg.rows).toEqual([{ createdAt }])
      await other.close()
    }
  })

  it('the loss of a connection that is lent out or idle does not end the process', async () => {
    const lent = await db.pool.connect()
    await Promise.all([db.pool.query('select 1')])
    const admin = openDatabase({ url: cloned.url, poolSize: 1, applicationName: 'admin', log })
    await admin.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test-application'`)
    await delay(100)
    lent.release()
    expect((await db.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await admin.close()
  })

  it('closing takes no more than 4 s, also with a statement under way and a connection that is never given back', async () => {
    await db.pool.connect()
    const statement = failure(db.pool.query('select pg_sleep(4)'))
    await delay(50)
    const start = performance.now()
    await db.close()
    expect(performance.now() - start).toBeLessThan(4_000)
    expect((await statement).unavailable).toBe(true)
  })
})
