import { setTimeout as delay } from 'node:timers/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from '../../generated/prisma/client.ts'
import type { Log } from '../log.ts'
import { withSessionOptions } from './connection-url.ts'
import { typeParsers } from './timestamps.ts'

export interface Database {
  pool: pg.Pool
  /** A few connections more, for looking up who asks: what every request waits for first does not queue behind the work of others. */
  credentials: pg.Pool
  /** Over the same connections as `pool`. */
  prisma: PrismaClient
  /** Waits at most 2 s for the statements under way, then cuts them off. */
  close(): Promise<void>
}

export interface DatabaseOptions {
  url: string
  poolSize: number
  applicationName: string
  log: Log
  /** How long a call waits for a free connection. Default 1 s. */
  connectionWaitMs?: number | undefined
}

/** Each smaller than the one around it: the server cancels a statement before this side stops waiting, so the connection survives. */
export const timeouts = {
  connectionTimeoutMillis: 1_000,
  query_timeout: 5_000,
  statement_timeout: 4_500,
  idle_in_transaction_session_timeout: 10_000,
}
const closeMs = 2_000
export const credentialConnections = 2
// Prisma's adapter writes and reads timestamps without their offset: right only in a session in UTC, whatever the server's default is.
// Plans are made for an organization of the usual size. With pages at hand at the price of neighbours, an index that is in order already is
// the way also then, and an organization a hundred times as large is not sorted whole for each of its pages.
const planning = '-c random_page_cost=1.1'
const sessionOptions = '-c TimeZone=UTC'

/**
 * One pool of at most `poolSize` connections for pg and Prisma, and the small one. Nothing connects before the first statement, and no
 * call waits for ever: 1 s for a free connection, 5 s for an answer. `applicationName` is shown in pg_stat_activity.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const open = new Set<pg.PoolClient>()
  const pool = openPool(options, options.poolSize, open)
  const credentials = openPool(options, credentialConnections, open)
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })

  let closing: Promise<void> | undefined
  const close = async () => {
    await prisma.$disconnect()
    const ended = Promise.all([pool.end(), credentials.end()])
    await Promise.race([ended, delay(closeMs, undefined, { ref: false })])
    for (const client of open) client.connection.stream.destroy()
    // A connection that somebody never gives back would hold the pool open for ever.
    await Promise.race([ended, delay(200, undefined, { ref: false })])
  }
  return {
    pool,
    credentials,
    prisma,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

function openPool({ url, applicationName, log, connectionWaitMs }: DatabaseOptions, max: number, open: Set<pg.PoolClient>): pg.Pool {
  const pool = new pg.Pool({
    ...timeouts,
    connectionTimeoutMillis: connectionWaitMs ?? timeouts.connectionTimeoutMillis,
    connectionString: withSessionOptions(url, sessionOptions, planning),
    options: `${planning} ${sessionOptions}`,
    max,
    application_name: applicationName,
    keepAlive: true,
    types: typeParsers,
  })
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))
  pool.on('connect', (client) => {
    open.add(client)
    // A connection can also be lost while it is lent out; without a listener that would end the process.
    client.on('error', (error) => log.warn({ err: error }, 'a database connection was lost'))
    cutWhenUnanswered(client)
  })
  pool.on('remove', (client) => open.delete(client))
  pool.on('release', (_error, client) => closeUnlessIdle(client, log))
  return pool
}

/**
 * Prisma gives a connection back as sound even when its ROLLBACK or COMMIT was never answered. The next user would then work inside the
 * old transaction, and lose what was acknowledged with it.
 */
function closeUnlessIdle(client: pg.PoolClient, log: Log): void {
  if (client.getTransactionStatus() === 'I') return
  log.warn('a database connection came back with its transaction open: it is closed')
  void client.end()
}

/**
 * After a statement without an answer the connection is of no more use: whatever comes next (Prisma's ROLLBACK) would wait behind it for
 * a time-out of its own. Statements of the pool itself close theirs already.
 */
function cutWhenUnanswered(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown
  const watched = (...args: unknown[]) => {
    const result = query(...args)
    if (result instanceof Promise) {
      result.catch((error: unknown) => {
        if (error instanceof Error && error.message === 'Query read timeout') client.connection.stream.destroy()
      })
    }
    return result
  }
  client.query = watched as typeof client.query
}
