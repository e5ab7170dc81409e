import pg from 'pg'
import type { Log } from '../log.ts'
import { serverOf } from './connection-url.ts'
import { checksumOf, type Migration, migrationList, migrationNames, readMigrations } from './migration-files.ts'
import { assertSupported, openMigrationSession, takeTurn, WholeScripts } from './migration-session.ts'
import { openSchemaEngine } from './schema-engine.ts'
import { DatabaseStartError } from './start-error.ts'
import { isUnavailable } from './unavailable.ts'

const defaultLockTimeoutMs = 60_000
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
  const pool = openMigrationSession(options.url)
  try {
    await assertSupported(pool)
    const before = await history(pool)
    warnOfDifferences(migrations, before, log)
    if (pendingOf(migrations, before).length === 0) return { applied: [] }
    await takeTurn(pool, lockTimeoutMs)
    // Whose turn it was before may have applied them.
    const applied = pendingOf(migrations, await history(pool))
    for (const name of applied) {
      await applyOne(pool, migrations, name)
      log.info({ migration: name }, 'the database was migrated')
    }
    return { applied }
  } catch (error) {
    throw asMigrationError(error, serverOf(options.url))
  } finally {
    await pool.end()
  }
}

/** Names of the migrations that the database lacks, in order. One statement; with a pool no connection is opened. */
export async function pendingMigrations(database: { url: string } | { pool: pg.Pool }): Promise<string[]> {
  const names = (await migrationNames()).map((name) => ({ name }))
  if ('pool' in database) return pendingOf(names, await history(database.pool))
  const pool = openMigrationSession(database.url)
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

function warnOfDifferences(migrations: Migration[], history: Applied[], log: Log): void {
  for (const { name, checksum } of history) {
    const migration = migrations.find((candidate) => candidate.name === name)
    if (!migration)
      log.warn({ migration: name }, 'the database has a migration that this version does not know: it was migrated by a newer one')
    else if (checksumOf(migration.script) !== checksum)
      log.warn({ migration: name }, 'a migration was changed after it was applied to this database')
  }
}

function asMigrationError(error: unknown, server: string): unknown {
  if (error instanceof DatabaseStartError) return error
  if (isUnavailable(error)) {
    const message = `The database cannot be migrated: ${server} does not answer (${describe(error)}). Check DATABASE_URL and that the server runs.`
    return new DatabaseStartError(message, { cause: error })
  }
  // The server's own refusals: a wrong password, a database that does not exist, a missing right.
  if (!(error instanceof pg.DatabaseError)) return error
  return new DatabaseStartError(`The database cannot be migrated: ${server} refuses (${describe(error)}). Check DATABASE_URL.`, {
    cause: error,
  })
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, detail } = error as { code?: string; detail?: string }
  const text = error.message.trim().replace(/\s*\n\s*/g, ' ')
  return [text, detail, code && `(${code})`].filter(Boolean).join(' ')
}
