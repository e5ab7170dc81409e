import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { transaction } from '../../src/platform/database/transaction.ts'
import { type ClonedDatabase, cloneDatabase } from '../support/database.ts'

let cloned: ClonedDatabase
let pool: pg.Pool

beforeAll(async () => {
  cloned = await cloneDatabase()
})
afterAll(() => cloned.drop())
beforeEach(async () => {
  pool = new pg.Pool({ connectionString: cloned.url, max: 3 })
  pool.on('error', () => undefined)
  await pool.query('truncate "PlatformSecret"')
})
afterEach(() => pool.end())

const insert = (client: pg.PoolClient, name: string) =>
  client.query(`insert into "PlatformSecret" ("name", "sealed") values ($1, '')`, [name])
const raise = (client: pg.PoolClient, sqlState: string) =>
  client.query(`do $$ begin raise exception 'wanted' using errcode = '${sqlState}'; end $$`)
const names = async () => (await pool.query('select "name" from "PlatformSecret" order by 1')).rows.map(({ name }) => name)
/** Nothing is lent out any more, and no connection that is kept stands in a transaction. */
const expectAllReturned = async () => {
  expect(pool.totalCount).toBe(pool.idleCount)
  const { rows } = await pool.query(
    `select count(*)::int from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
  )
  expect(rows).toEqual([{ count: 0 }])
}

it('what returns is committed, with its result', async () => {
  const result = await transaction(pool, async (tx) => {
    await insert(tx, 'a')
    return 42
  })
  expect(result).toBe(42)
  expect(await names()).toEqual(['a'])
  await expectAllReturned()
})

it.each([
  ['of the caller', () => Promise.reject(new Error('wanted'))],
  ['of a statement', (tx: pg.PoolClient) => raise(tx, '23505')],
])('an error %s undoes everything, is passed on, and is not repeated', async (_whose, fail) => {
  let attempts = 0
  const failed = transaction(pool, async (tx) => {
    attempts += 1
    await insert(tx, 'a')
    await fail(tx)
  })
  await expect(failed).rejects.toThrow('wanted')
  expect(attempts).toBe(1)
  expect(await names()).toEqual([])
  await expectAllReturned()
})

it.each(['40001', '40P01'])('%s is repeated once', async (sqlState) => {
  let attempts = 0
  await transaction(pool, async (tx) => {
    attempts += 1
    await insert(tx, `attempt ${attempts}`)
    if (attempts === 1) await raise(tx, sqlState)
  })
  expect(await names()).toEqual(['attempt 2'])
  await expectAllReturned()
})

it('a conflict that does not go away is passed on after the second attempt', async () => {
  let attempts = 0
  const failed = transaction(pool, async (tx) => {
    attempts += 1
    await raise(tx, '40001')
  })
  await expect(failed).rejects.toMatchObject({ code: '40001' })
  expect(attempts).toBe(2)
  await expectAllReturned()
})

it('two transactions that deadlock both succeed', async () => {
  await pool.query(`insert into "PlatformSecret" ("name", "sealed") values ('a', ''), ('b', '')`)
  const lock = (client: pg.PoolClient, name: string) =>
    client.query(`update "PlatformSecret" set "sealed" = "sealed" || 'x' where "name" = $1`, [name])
  let reached = 0
  let bothReached = () => {}
  const meeting = new Promise<void>((resolve) => {
    bothReached = resolve
  })
  const crossing = (one: string, other: string) =>
    transaction(pool, async (tx) => {
      await lock(tx, one)
      reached += 1
      if (reached === 2) bothReached()
      await meeting
      await lock(tx, other)
    })
  await Promise.all([crossing('a', 'b'), crossing('b', 'a')])
  expect((await pool.query('select "sealed" from "PlatformSecret"')).rows).toEqual([{ sealed: 'xx' }, { sealed: 'xx' }])
})

it('a transaction whose failed statement was swallowed is not taken for committed', async () => {
  const failed = transaction(pool, async (tx) => {
    await insert(tx, 'a')
    await raise(tx, '23505').catch(() => undefined)
  })
  await expect(failed).rejects.toThrow('nothing was committed')
  expect(await names()).toEqual([])
  await expectAllReturned()
})

it('a constraint that is checked at the commit refuses it, and the connection is kept', async () => {
  await pool.query('create table parent (id int primary key)')
  await pool.query('create table child (parent int references parent deferrable initially deferred)')
  await expect(transaction(pool, (tx) => tx.query('insert into child values (1)'))).rejects.toMatchObject({ code: '23503' })
  expect(pool.totalCount).toBe(1)
  await expectAllReturned()
})

it('a connection that is lost between two statements fails this transaction only', async () => {
  const failed = transaction(pool, async (tx) => {
    const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
    await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    await new Promise((resolve) => setTimeout(resolve, 50))
    await insert(tx, 'a')
  })
  await expect(failed).rejects.toThrow()
  expect(await names()).toEqual([])
  await expectAllReturned()
})
