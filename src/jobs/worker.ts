import { setTimeout as delay } from 'node:timers/promises'
import { runMigrations } from 'graphile-worker'
import pg from 'pg'
import type { Services } from '../context.ts'
import { timeouts } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import { queueLog } from './queue-log.ts'
import { schedules } from './registry.ts'
import { startSchedules } from './schedule.ts'
import { concurrency, type Session, startSession } from './session.ts'

/** Before the queue is worked on again after it was given up. */
const restartMs = 1_000

export interface Worker {
  /** Begins no further job, waits up to 5 s for those under way, and gives back what is left. Again is the same. */
  stop(): Promise<void>
}

/** Makes or updates the queue's own tables. Safe to call from several processes at once. */
export async function migrateJobs(pool: pg.Pool, log: Log): Promise<void> {
  await runMigrations({ pgPool: pool, logger: queueLog(log) })
}

/** Works off the queue in this process, also after the database was gone. Any number of processes may do so on one database. */
export async function startWorker(services: Services, url: string): Promise<Worker> {
  const log = services.log.child({ part: 'worker' })
  const pool = new pg.Pool({
    ...timeouts,
    // Nobody waits for a job's connection as for an answer: on a busy machine, giving up after a second would mean never to get one.
    connectionTimeoutMillis: 10_000,
    connectionString: url,
    max: concurrency + 3,
    application_name: 'gatehouse-worker',
    keepAlive: true,
  })
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))
  pool.on('connect', (client) => client.on('error', (error) => log.warn({ err: error }, 'a database connection was lost')))

  const stopped = new AbortController()
  let session = await startSession(services, pool, log, stopped.signal)
  const work = async () => {
    for (;;) {
      await session.ended
      if (stopped.signal.aborted) return
      log.error('the work on the queue was given up; it is begun again')
      const next = await begin(() => startSession(services, pool, log, stopped.signal), log, stopped.signal)
      if (!next) return
      session = next
      if (stopped.signal.aborted) await session.stop()
    }
  }
  const working = work()
  const clock = startSchedules({ ...services, log }, schedules)
  const stop = async () => {
    stopped.abort()
    await clock.stop()
    await session.stop()
    await working
    await pool.end()
  }
  let stopping: Promise<void> | undefined
  return {
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

/** A session, as soon as the database is there for one; null once the worker is stopped. */
async function begin(start: () => Promise<Session>, log: Log, signal: AbortSignal): Promise<Session | null> {
  while (await delay(restartMs, true, { signal }).catch(() => false)) {
    try {
      return await start()
    } catch (error) {
      log.warn({ err: error }, 'the queue cannot be worked on yet')
    }
  }
  return null
}
