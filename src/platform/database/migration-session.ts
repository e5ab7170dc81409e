import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { withSessionOptions } from './connection-url.ts'
import { DatabaseStartError } from './start-error.ts'

/** Prisma's own key: `prisma migrate deploy` waits for us as we wait for it. */
const advisoryLock = 72707369
const oldestVersion = 14
// A migration may take long; the engine writes times without their offset.
const sessionOptions = '-c statement_timeout=0 -c TimeZone=UTC'

/**
 * Everything happens on one connection: it holds the lock and the transaction. Should it break it is not replaced, or the rest of a
 * migration would run on another one, outside both.
 */
export function openMigrationSession(url: string): pg.Pool {
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

export async function assertSupported(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ version: string; encoding: string }>(
    `select current_setting('server_version') as "version", current_setting('server_encoding') as "encoding"`,
  )
  for (const { version, encoding } of rows) {
    if (Number.parseInt(version, 10) < oldestVersion) {
      throw new DatabaseStartError(`The database is PostgreSQL ${version}: Gatehouse needs ${oldestVersion} or later.`)
    }
    if (encoding !== 'UTF8') {
      throw new DatabaseStartError(`The database is encoded in ${encoding}: create one with "encoding 'UTF8'" and set DATABASE_URL to it.`)
    }
  }
}

/** Waits until no other process migrates. The lock goes with the session. */
export async function takeTurn(pool: pg.Pool, lockTimeoutMs: number): Promise<void> {
  await pool.query(`set lock_timeout = ${Math.ceil(lockTimeoutMs)}`)
  try {
    await pool.query('select pg_advisory_lock($1)', [advisoryLock])
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error
    throw new DatabaseStartError(
      `Another process has been migrating the database for more than ${lockTimeoutMs / 1000} s: wait for it, ` +
        `or end its connection (pg_locks: locktype advisory, objid ${advisoryLock}).`,
    )
  }
  // A table in use by a long transaction: better a failed migration than everybody else queueing behind it.
  await pool.query(`set lock_timeout = '15s'`)
}

/** Prisma's adapter cuts scripts at every semicolon, also inside functions and comments; PostgreSQL knows better where statements end. */
export class WholeScripts extends PrismaPg {
  /** Of a script: what the engine reports later is only that the transaction is lost. */
  failure: unknown
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    super(pool)
    // The adapter adds a listener with each migration.
    pool.setMaxListeners(0)
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
