import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest'
import { checksumOf, type Migration, migrationNames, readMigrations } from '../../src/platform/database/migration-files.ts'
import { applyMigrations, pendingMigrations } from '../../src/platform/database/migrations.ts'
import { DatabaseStartError } from '../../src/platform/database/start-error.ts'
import { createLog } from '../../src/platform/log.ts'
import { type ClonedDatabase, cloneDatabase, createEmptyDatabase } from '../support/database.ts'
import { query } from './fixtures/embedded.ts'

const log = createLog('silent')
let database: ClonedDatabase

beforeEach(async () => {
  database = await createEmptyDatabase()
})
afterEach(() => database.drop())

const apply = (migrations: Migration[], lockTimeoutMs?: number) => applyMigrations({ url: database.url, log, migrations, lockTimeoutMs })
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'it was migrated',
    (error: unknown) => (error instanceof DatabaseStartError ? error.message : `not for an operator: ${String(error)}`),
  )
const migrateInProcess = async (url: string): Promise<{ applied: string[] }> => {
  const script = fileURLToPath(new URL('fixtures/run-migrations.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, url])
  return JSON.parse(stdout)
}

const first: Migration = { name: '20260101000000_first', script: 'create table "A" ("id" text not null);' }
const second: Migration = { name: '20260102000000_second', script: 'create table "B" ("id" text not null);' }
const broken: Migration = { name: '20260103000000_broken', script: 'create table "C" ("id" text);\ncreate table "D" ("id" nonsense);' }
const tables = async () =>
  (await query(database.url, `select tablename from pg_tables where schemaname = 'public' and tablename !~ '^_' order by 1`)).map(
    ({ tablename }) => tablename,
  )

/** As Prisma's own engine creates it. */
const prismaHistory = `create table _prisma_migrations (
  id varchar(36) primary key not null, checksum varchar(64) not null, finished_at timestamptz, migration_name varchar(255) not null,
  logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`

it('processes that start at once apply every migration once between them', async () => {
  const outcomes = await Promise.all([migrateInProcess(database.url), migrateInProcess(database.url)])
  expect(outcomes.flatMap(({ applied }) => applied)).toEqual(await migrationNames())
  expect(await pendingMigrations({ url: database.url })).toEqual([])
})

it('the history is the one that prisma migrate deploy writes', async () => {
  await query(database.url, `do $$ begin execute format('alter database %I set timezone = ''Asia/Kathmandu''', current_database()); end $$`)
  await apply([first, second])
  const columns = await query(
    database.url,
    `select column_name, data_type, character_maximum_length, is_nullable from information_schema.columns where table_name = '_prisma_migrations' order by 1`,
  )
  await query(database.url, 'alter table _prisma_migrations rename to ours')
  await query(database.url, prismaHistory)
  const wanted = `select column_name, data_type, character_maximum_length, is_nullable from information_schema.columns where table_name = '_prisma_migrations' order by 1`
  expect(columns).toEqual(await query(database.url, wanted))
  const rows = await query(
    database.url,
    `select migration_name, checksum, logs, rolled_back_at, applied_steps_count, finished_at is not null as finished, id ~ '^[0-9a-f-]{36}$' as uuid,
       abs(extract(epoch from now() - started_at)) < 60 as now from ours order by started_at, migration_name`,
  )
  const same = { logs: null, rolled_back_at: null, applied_steps_count: 1, finished: true, uuid: true, now: true }
  expect(rows).toEqual([first, second].map(({ name, script }) => ({ migration_name: name, checksum: checksumOf(script), ...same })))
})

it('what prisma migrate deploy applied is not applied again, and what comes after it is', async () => {
  await query(database.url, prismaHistory)
  await query(database.url, first.script)
  await query(
    database.url,
    `insert into _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
     values (gen_random_uuid(), '${checksumOf(first.script)}', now(), '${first.name}', now(), 1)`,
  )
  expect(await apply([first])).toEqual({ applied: [] })
  expect(await apply([first, second])).toEqual({ applied: [second.name] })
  expect(await tables()).toEqual(['A', 'B'])
})

it('a migration that prisma migrate deploy left half done stops the start with its name', async () => {
  await query(database.url, prismaHistory)
  await query(
    database.url,
    `insert into _prisma_migrations (id, checksum, migration_name) values (gen_random_uuid(), 'x', '${first.name}')`,
  )
  expect(await refusal(apply([first]))).toMatch(new RegExp(`^The migration ${first.name} failed.*found failed migrations.*P3009`))
})

it('a failed migration changes nothing, is named with its cause, and is applied once it is mended', async () => {
  const message = await refusal(apply([first, broken]))
  expect(message).toMatch(
    new RegExp(`^The migration ${broken.name} failed, and the database is as it was before it: type "nonsense" does not exist.*42704`),
  )
  expect(message).not.toContain('\n')
  expect(await tables()).toEqual(['A'])
  expect(await apply([first, { ...broken, script: 'create table "C" ("id" text);' }])).toEqual({ applied: [broken.name] })
})

it('scripts are run as they are: with functions, strings and comments that hold semicolons', async () => {
  const script = `-- one; two
    create function twice(n int) returns int language plpgsql as $$ begin n := n * 2; return n; end; $$;
    create table "A" ("id" text not null default 'a;b');`
  await apply([{ name: first.name, script }])
  expect(await query(database.url, 'select twice(21)')).toEqual([{ twice: 42 }])
})

it('a connection lost in the middle of a migration leaves nothing of it, and the next start applies it', async () => {
  const slow = { name: second.name, script: `${second.script} select pg_sleep(20);` }
  const migrating = refusal(apply([first, slow]))
  await vi.waitFor(async () => {
    const ended = await query(
      database.url,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%pg_sleep(20)%' and pid <> pg_backend_pid()`,
    )
    expect(ended).toHaveLength(1)
  }, 10_000)
  expect(await migrating).toMatch(/^The database cannot be migrated: .* does not answer/)
  expect(await tables()).toEqual(['A'])
  expect(await apply([first, second])).toEqual({ applied: [second.name] })
})

it('who waits for another process that migrates does so for a bounded time', async () => {
  const other = new pg.Client(database.url)
  await other.connect()
  await other.query('select pg_advisory_lock(72707369)')
  expect(await refusal(apply([first], 300))).toMatch(/^Another process has been migrating the database for more than 0.3 s/)
  await other.end()
  expect(await apply([first])).toEqual({ applied: [first.name] })
})

it('a database that already holds something else is left alone', async () => {
  await query(database.url, 'create table somebody_elses (id int)')
  expect(await refusal(apply([first]))).toMatch(/P3005/)
  expect(await tables()).toEqual(['somebody_elses'])
})

it('a database that does not answer is named without its password', async () => {
  const message = await refusal(applyMigrations({ url: 'postgresql://gatehouse:sesame@127.0.0.1:9/gatehouse', log }))
  expect(message).toMatch(/^The database cannot be migrated: 127.0.0.1:9 does not answer/)
  expect(message).not.toContain('sesame')
})

it.each([
  ['a user who is not there', (url: URL) => Object.assign(url, { username: 'nobody_there' }), '28(000|P01)'],
  ['a database that is not there', (url: URL) => Object.assign(url, { pathname: '/nowhere' }), '3D000'],
])('%s is one message', async (_what, change, code) => {
  const url = change(new URL(database.url)).toString()
  expect(await refusal(applyMigrations({ url, log }))).toMatch(
    new RegExp(`^The database cannot be migrated: .* refuses .*${code}.*Check DATABASE_URL`),
  )
})

it('a database that is not in UTF-8 is refused', async () => {
  const name = new URL(database.url).pathname.slice(1)
  await query(inject('databaseServer').url, `create database ${name}_sql encoding 'SQL_ASCII' locale 'C' template template0`)
  const other = new URL(database.url)
  other.pathname = `/${name}_sql`
  expect(await refusal(applyMigrations({ url: other.toString(), log }))).toMatch(/^The database is encoded in SQL_ASCII: create one/)
  await query(inject('databaseServer').url, `drop database ${name}_sql`)
})

it('pending are the migrations that are not applied, asked over the pool that there is', async () => {
  expect(await pendingMigrations({ url: database.url })).toEqual(await migrationNames())
  const cloned = await cloneDatabase()
  const pool = new pg.Pool({ connectionString: cloned.url, max: 1 })
  pool.on('error', () => undefined)
  expect(await pendingMigrations({ pool })).toEqual([])
  expect(pool.totalCount).toBe(1)
  await pool.query('update "_prisma_migrations" set "rolled_back_at" = now()')
  expect(await pendingMigrations({ pool })).toEqual(await migrationNames())
  await pool.end()
  await cloned.drop()
})

it('a migration that was changed after it was applied, and one that only a newer version has, are warned of', async () => {
  await apply([first, second])
  const warnings: unknown[] = []
  const listening = createLog('warn')
  vi.spyOn(listening, 'warn').mockImplementation((fields: unknown) => void warnings.push(fields))
  await applyMigrations({ url: database.url, log: listening, migrations: [{ ...first, script: 'select 2' }] })
  expect(warnings).toEqual([{ migration: first.name }, { migration: second.name }])
})

it('every migration of the product is there and not empty', async () => {
  const migrations = await readMigrations()
  expect(migrations.length).toBeGreaterThan(0)
  for (const { name, script } of migrations) {
    expect(name).toMatch(/^\d{14}_[a-z0-9_]+$/)
    expect(script.trim()).not.toBe('')
  }
})
