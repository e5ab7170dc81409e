import { EventEmitter } from 'node:events'
import { Logger, run, runMigrations, type TaskList, type WorkerEvents } from 'graphile-worker'
import pg from 'pg'
import type { Services } from '../context.ts'
import { timeouts } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import { type JobName, jobPayloads } from './enqueue.ts'
import { startLiveness } from './liveness.ts'
import { type JobHandler, jobHandlers } from './registry.ts'

/** Jobs a process runs at once. */
const concurrency = 4

/** What runs by the clock (UTC), once for the installation however many workers there are. */
const crontab = '* * * * * scheduleAwsSyncs ?max=1&jobKey=scheduleAwsSyncs'

export interface Worker {
  /** Begins no further job, waits up to 5 s for those under way, and gives back what is left. */
  stop(): Promise<void>
}

/** Makes or updates the queue's own tables. Safe to call from several processes at once. */
export async function migrateJobs(pool: pg.Pool, log: Log): Promise<void> {
  await runMigrations({ pgPool: pool, logger: workerLog(log) })
}

/** Works off the queue in this process. Any number of processes may do so on one database. */
export async function startWorker(services: Services, url: string): Promise<Worker> {
  const log = services.log.child({ part: 'worker' })
  const ended = new AbortController()
  const pool = new pg.Pool({
    ...timeouts,
    connectionString: url,
    max: concurrency + 3,
    application_name: 'gatehouse-worker',
    keepAlive: true,
  })
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))
  pool.on('connect', (client) => client.on('error', (error) => log.warn({ err: error }, 'a database connection was lost')))
  const events = new EventEmitter() as WorkerEvents
  const liveness = await startLiveness(pool, events, log)
  const runner = await run({
    pgPool: pool,
    taskList: taskList(services, ended.signal),
    concurrency,
    crontab,
    pollInterval: 2_000,
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: 5_000,
    logger: workerLog(log),
    events,
  })
  return {
    async stop() {
      ended.abort()
      await runner.stop().catch((error: unknown) => log.warn({ err: error }, 'the worker did not stop cleanly'))
      await liveness.stop()
      await pool.end()
    },
  }
}

function taskList(services: Services, signal: AbortSignal): TaskList {
  return Object.fromEntries(
    (Object.keys(jobHandlers) as JobName[]).map((name) => [
      name,
      async (payload: unknown) => {
        await (jobHandlers[name] as JobHandler<JobName>)(services, jobPayloads[name].parse(payload), signal)
      },
    ]),
  )
}

/** The queue's messages at our levels; its chatter about every job is debugging. */
function workerLog(log: Log): Logger {
  const levels = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const
  return new Logger(() => (level, message) => log[levels[level as keyof typeof levels]](message))
}
