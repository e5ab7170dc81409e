import { EventEmitter } from 'node:events'
import { type JobHelpers, run, type TaskList, type WorkerEvents } from 'graphile-worker'
import type pg from 'pg'
import type { Services } from '../context.ts'
import type { Log } from '../platform/log.ts'
import { type JobName, jobPayloads } from './enqueue.ts'
import { startLiveness } from './liveness.ts'
import { queueLog } from './queue-log.ts'
import { type JobHandler, jobHandlers } from './registry.ts'

/** Jobs a process runs at once. */
export const concurrency = 4
/** For so long no job could be asked for before a session gives up. */
const patienceMs = 5_000

export interface Session {
  stop(): Promise<void>
  /** Settles when nothing of the session runs any more, whoever ended it. Never rejects. */
  ended: Promise<void>
}

/**
 * Works off the queue until it is stopped, or gives up by itself: when it cannot tell the database that a job has ended, and when it could
 * not ask for jobs for 5 s, as the queue keeps a failure of its first statement for good. Its jobs are then those of a dead worker.
 * `signal` ends with the process's worker.
 */
export async function startSession(services: Services, pool: pg.Pool, log: Log, signal: AbortSignal): Promise<Session> {
  const events = new EventEmitter() as WorkerEvents
  const liveness = await startLiveness(pool, events, log)
  try {
    const runner = await run({
      pgPool: pool,
      taskList: taskList(services, signal),
      concurrency,
      pollInterval: 2_000,
      noHandleSignals: true,
      gracefulShutdownAbortTimeout: 5_000,
      // Noted in batches, as the queue only then looks at failures: one by one, an unreachable database would end the process.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      logger: queueLog(log),
      events,
    })
    giveUpWhenFailing(events, () => runner.stop().catch(() => undefined))
    const ended = runner.promise
      .catch((error: unknown) => log.warn({ err: error }, 'the work on the queue ended with an error'))
      .then(() => liveness.stop())
    return { stop: () => runner.stop().catch(() => undefined), ended }
  } catch (error) {
    await liveness.stop()
    throw error
  }
}

function giveUpWhenFailing(events: WorkerEvents, giveUp: () => void): void {
  let failingSinceMs: number | null = null
  events.on('worker:getJob:error', () => {
    failingSinceMs ??= performance.now()
    if (performance.now() - failingSinceMs > patienceMs) giveUp()
  })
  const works = () => {
    failingSinceMs = null
  }
  events.on('worker:getJob:empty', works)
  events.on('job:start', works)
}

function taskList(services: Services, signal: AbortSignal): TaskList {
  return Object.fromEntries(
    (Object.keys(jobHandlers) as JobName[]).map((name) => [
      name,
      async (payload: unknown, { abortSignal }: JobHelpers) => {
        const ends = abortSignal ? AbortSignal.any([signal, abortSignal]) : signal
        await (jobHandlers[name] as JobHandler<JobName>)(services, jobPayloads[name].parse(payload), ends)
      },
    ]),
  )
}
