import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { Change } from '../../src/changes/change-feed.ts'
import { ChangeReader } from '../../src/changes/change-reader.ts'
import { createLog } from '../../src/platform/log.ts'
import { type ClonedDatabase, cloneDatabase } from '../support/database.ts'
import { startDatabaseProxy, type TcpProxy } from '../support/tcp-proxy.ts'

let database: ClonedDatabase
let pool: pg.Pool
const readers: ChangeReader[] = []
beforeAll(async () => {
  database = await cloneDatabase()
  pool = new pg.Pool({ connectionString: database.url, max: 20 })
  pool.on('error', () => undefined)
})
afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.stop()
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

/** A reader of an organization of its own, and what it has read so far. */
async function read(url = database.url, onChanges: (changes: Change[]) => Promise<void> = async () => undefined) {
  const organizationId = `org_${randomBytes(8).toString('hex')}`
  const seen: string[] = []
  const log = createLog('silent')
  const failures = vi.spyOn(log, 'warn')
  const reader = new ChangeReader({
    url,
    log,
    organizationIds: () => [organizationId],
    async onChanges(changes) {
      seen.push(...changes.map(({ subjectId }) => subjectId))
      await onChanges(changes)
    },
    onGap: () => undefined,
  })
  readers.push(reader)
  await reader.ready()
  return { organizationId, seen, failures }
}

async function write(db: pg.Pool | pg.PoolClient, organizationId: string, subjectId: string): Promise<void> {
  await db.query(
    `with written as (insert into "Change" ("organizationId", "noun", "subjectId", "change") values ($1, 'Component', $2, 'UPDATED'))
     select pg_notify('gatehouse_change', '')::text`,
    [organizationId, subjectId],
  )
}

test('a transaction that began first and commits last is neither skipped nor waited for', async () => {
  const { organizationId, seen } = await read()
  const slow = await pool.connect()
  await slow.query('begin')
  await write(slow, organizationId, 'first')
  await write(pool, organizationId, 'second')
  await expect.poll(() => seen).toEqual(['second'])
  await slow.query('commit')
  slow.release()
  await expect.poll(() => seen).toEqual(['second', 'first'])
  await write(pool, organizationId, 'third')
  await expect.poll(() => seen).toEqual(['second', 'first', 'third'])
})

test('what was rolled back is not told', async () => {
  const { organizationId, seen } = await read()
  const client = await pool.connect()
  await client.query('begin')
  await write(client, organizationId, 'undone')
  await client.query('rollback')
  client.release()
  await write(pool, organizationId, 'done')
  await expect.poll(() => seen).toEqual(['done'])
})

test('of twelve writers whose transactions overlap, each change is read once, and those of a subject in the order they were made', async () => {
  const { organizationId, seen } = await read()
  await pool.query('create table if not exists "subjects" ("id" text primary key)')
  await pool.query(`insert into "subjects" select 's' || n from generate_series(1, 3) n on conflict do nothing`)
  const made: string[][] = [[], [], []]
  const writer = async () => {
    for (let i = 0; i < 15; i++) {
      const subject = Math.floor(Math.random() * 3)
      const client = await pool.connect()
      await client.query('begin')
      // Its transaction has an id before it waits for its turn at the subject: ids do not tell the order.
      await client.query('select pg_current_xact_id()::text')
      await client.query('select 1 from "subjects" where "id" = $1 for update', [`s${subject + 1}`])
      const name = `s${subject + 1} ${(made[subject] as string[]).length}`
      await write(client, organizationId, name)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 15))
      made[subject]?.push(name)
      await client.query('commit')
      client.release()
    }
  }
  await Promise.all(Array.from({ length: 12 }, writer))
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(12 * 15)
  for (const [index, names] of made.entries()) expect(seen.filter((name) => name.startsWith(`s${index + 1} `))).toEqual(names)
}, 40_000)

test('more changes than a page holds come whole and in order', async () => {
  const { organizationId, seen } = await read()
  await pool.query(
    `with written as (insert into "Change" ("organizationId", "noun", "subjectId", "change") select $1, 'Component', n::text, 'UPDATED' from generate_series(1, 1750) n)
     select pg_notify('gatehouse_change', '')::text`,
    [organizationId],
  )
  await expect.poll(() => seen.length, { timeout: 5_000 }).toBe(1750)
  expect(seen).toEqual(Array.from({ length: 1750 }, (_, i) => String(i + 1)))
})

test('a connection cut between two pages of a burst goes on with the page it had come to', async () => {
  let pages = 0
  const { organizationId, seen } = await read(database.url, async () => {
    pages += 1
    if (pages === 2)
      await pool.query(`select pg_terminate_backend("pid") from pg_stat_activity where "application_name" = 'gatehouse-changes'`)
  })
  await pool.query(
    `with written as (insert into "Change" ("organizationId", "noun", "subjectId", "change") select $1, 'Component', n::text, 'UPDATED' from generate_series(1, 1750) n)
     select pg_notify('gatehouse_change', '')::text`,
    [organizationId],
  )
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(1750)
  expect(seen).toEqual(Array.from({ length: 1750 }, (_, i) => String(i + 1)))
})

test('a network that is gone for a while loses nothing, and is not pressed', async () => {
  const proxy: TcpProxy & { url: string } = await startDatabaseProxy(database.url)
  const { organizationId, seen, failures } = await read(proxy.url)
  await write(pool, organizationId, 'before')
  await expect.poll(() => seen).toEqual(['before'])
  await proxy.refuse()
  await write(pool, organizationId, 'meanwhile')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(seen).toEqual(['before'])
  // After the first the waits are 50 ms at least, and doubled each time.
  expect(failures.mock.calls.length).toBeGreaterThan(1)
  expect(failures.mock.calls.length).toBeLessThan(8)
  await proxy.pass()
  await write(pool, organizationId, 'after')
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['before', 'meanwhile', 'after'])
  await proxy.close()
}, 30_000)
