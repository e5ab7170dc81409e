import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Log } from '../log.ts'
import { serverOf, withSessionOptions } from './connection-url.ts'
import { checksumOf, type Migration, migrationList, migrationNames, readMigrations } from './migration-files.ts'
import { openSchemaEngine } from './schema-engine.ts'
import { DatabaseStartError } from './start-error.ts'
import { isUnavailable } from './unavailable.ts'

/** Prisma's own key: `prisma migrate deploy` waits for us as we wait for it. */
const advisoryLock = 72707369
const defaultLockTimeoutMs = 60_000
// A migration may take long; the engine writes times without their offset.
const sessionOptions = '-c statement_timeout=0 -c TimeZone=UTC'
const noFilter = { externalTables: [], externalEnums: [] }

/**
 * Applies the migrations that the database lacks, each in one transaction together with its row in Prisma's history, so that an
 * interruption leaves nothing half done. Processes that start at once take turns (each waits 60 s at most).
 * @param migrations those of prisma/migrations unless given
 * @throws DatabaseStartError with one message for the operator
 */
export async function applyMigrations(options: {
  url: string
  log: Log
  migrations?: Migration[]
  lockTimeoutMs?: number
}): Promise<{ applied: string[] }> {
  const { log, lockTimeoutMs = defaultLockTimeoutMs } = options
  const migrations = options.migrations ?? (await readMigrations())
  const pool = singleConnection(options.url)
  try {
    if (pendingOf(migrations, await history(pool)).length === 0) return { applied: [] }
    await takeTurn(pool, lockTimeoutMs)
    const before = await history(pool)
    warnOfDifferences(migrations, before, log)
    const applied = pendingOf(migrations, before)
    for (const name of applied) {
      await applyOne(pool, migrations, name)
      log.info({ migration: name }, 'the database was migrated')
    }
    return { applied }
  } catch (error) {
    if (!isUnavailable(error)) throw error
    const message = `The database cannot be migrated: ${serverOf(options.url)} does not answer (${describe(error)}). Check DATABASE_URL and that the server runs.`
    throw new DatabaseStartError(message, { cause: error })
  } finally {
    await pool.end()
  }
}

/** Names of the migrations that the database lacks, in order. One statement; with a pool no connection is opened. */
export async function pendingMigrations(database: { url: string } | { pool: pg.Pool }): Promise<string[]> {
  const names = (await migrationNames()).map((name) => ({ name }))
  if ('pool' in database) return pendingOf(names, await history(database.pool))
  const pool = singleConnection(database.url)
  try {
    return pendingOf(names, await history(pool))
  } finally {
    await pool.end()
  }
}

interface Applied {
  name: string
  checksum: string
}

const pendingOf = (migrations: { name: string }[], history: Applied[]) =>
  migrations.map(({ name }) => name).filter((name) => !history.some((applied) => applied.name === name))

async function history(pool: pg.Pool): Promise<Applied[]> {
  // The table is looked up first: an error would cost the connection, and the transaction it may stand in.
  const { rows } = await pool.query<{ exists: boolean }>(`select to_regclass('_prisma_migrations') is not null as "exists"`)
  if (!rows[0]?.exists) return []
  const applied = `select "migration_name" as "name", "checksum" from "_prisma_migrations" where "finished_at" is not null and "rolled_back_at" is null`
  return (await pool.query<Applied>(applied)).rows
}

/**
 * Everything happens on one connection: it holds the lock and the transaction. Should it break it is not replaced, or the rest of a
 * migration would run on another one, outside both.
 */
function singleConnection(url: string): pg.Pool {
  let connections = 0
  const onConnect = () => {
    connections += 1
    if (connections > 1) throw new Error('Connection terminated while the database was migrated')
  }
  const pool = new pg.Pool({
    connectionString: withSessionOptions(url, sessionOptions),
    options: sessionOptions,
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: 'gatehouse-migrate',
    onConnect,
  })
  pool.on('error', () => undefined)
  return pool
}

async function takeTurn(pool: pg.Pool, lockTimeoutMs: number): Promise<void> {
  await pool.query(`set lock_timeout = ${Math.ceil(lockTimeoutMs)}`)
  try {
    await pool.query('select pg_advisory_lock($1)', [advisoryLock])
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error
    throw new DatabaseStartError(
      `Another process has been migrating the database for more than ${lockTimeoutMs / 1000} s: wait for it, or end its connection (pg_locks, advisory, objid ${advisoryLock}).`,
    )
  }
  // A table in use by a long transaction: better a failed migration than everybody else queueing behind it.
  await pool.query(`set lock_timeout = '15s'`)
}

async function applyOne(pool: pg.Pool, migrations: Migration[], name: string): Promise<void> {
  const upToName = migrations.slice(0, migrations.findIndex((migration) => migration.name === name) + 1)
  const adapter = new WholeScripts(pool)
  try {
    await pool.query('begin')
    const engine = await openSchemaEngine(adapter)
    await engine.applyMigrations({ migrationsList: migrationList(upToName), filters: noFilter })
    await pool.query('commit')
  } catch (error) {
    // The engine reports what it saw last, when the transaction was already lost: the script's own failure came first.
    const cause = adapter.failure ?? error
    if (isUnavailable(cause)) throw cause
    throw new DatabaseStartError(`The migration ${name} failed, and the database is as it was before it: ${describe(cause)}`, { cause })
  }
}

/** Prisma's adapter cuts scripts at every semicolon, also inside functions and comments; PostgreSQL knows better where statements end. */
class WholeScripts extends PrismaPg {
  failure: unknown
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    super(pool)
    this.#pool = pool
  }

  override async connect() {
    const adapter = await super.connect()
    adapter.executeScript = async (script) => {
      try {
        await this.#pool.query(script)
      } catch (error) {
        this.failure = error
        throw error
      }
    }
    return adapter
  }
}

function warnOfDifferences(migrations: Migration[], history: Applied[], log: Log): void {
  for (const { name, checksum } of history) {
    const migration = migrations.find((candidate) => candidate.name === name)
    if (!migration)
      log.warn({ migration: name }, 'the database has a migration that this version does not know: it was migrated by a newer one')
    else if (checksumOf(migration.script) !== checksum)
      log.warn({ migration: name }, 'a migration was changed after it was applied to this database')
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, detail } = error as { code?: string; detail?: string }
  const text = error.message.trim().replace(/\s*\n\s*/g, ' ')
  return [text, detail, code && `(${code})`].filter(Boolean).join(' ')
}
