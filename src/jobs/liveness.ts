import type { WorkerEvents } from 'graphile-worker'
import type pg from 'pg'
import { endAbandonedOperations } from '../operation/abandoned-operations.ts'
import type { Log } from '../platform/log.ts'

/** How often each process looks for jobs of dead workers, and how soon it shows again that it lives after the database was gone. */
const intervalMs = 5_000
/** The first half of the advisory locks' keys; the second is the pool's id, hashed. */
const lockSpace = 71_105

/**
 * A worker that is killed leaves its jobs locked, by the id of its pool of workers. That id is held as an advisory lock on one connection,
 * which the server frees the moment the process is gone; every process looks regularly for jobs whose pool holds no lock and gives them
 * back to the queue.
 */
export async function startLiveness(pool: pg.Pool, events: WorkerEvents, log: Log): Promise<{ stop(): Promise<void> }> {
  const poolIds = new Set<string>()
  let client: pg.PoolClient | null = null

  let last: Promise<unknown> = Promise.resolve()
  // One after the other: a connection takes one statement at a time.
  const hold = (ids: Iterable<string>): Promise<unknown> => {
    const lock = async () => {
      for (const id of ids) await client?.query('select pg_try_advisory_lock($1, hashtext($2))', [lockSpace, id])
    }
    last = last.then(lock, lock)
    return last
  }
  let isStopped = false
  const connect = async () => {
    const made = await pool.connect()
    if (isStopped) return made.release()
    made.once('error', () => {
      if (client === made) client = null
      made.release(true)
    })
    client = made
    await hold(poolIds)
  }
  const beat = async () => {
    if (isStopped) return
    try {
      // The database was gone, and with it everybody's locks: the others get as long to take theirs again before anybody counts as dead.
      if (!client) return await connect()
      const { rows } = await pool.query<{ ids: string[] }>(deadWorkers, [lockSpace])
      const ids = rows[0]?.ids ?? []
      if (ids.length > 0) {
        await pool.query('select graphile_worker.force_unlock_workers($1::text[])::text', [ids])
        log.info({ workers: ids.length }, 'jobs of dead workers were given back to the queue')
      }
      const abandoned = await endAbandonedOperations(pool)
      if (abandoned.length > 0) log.error({ operations: abandoned }, 'operations whose job was cut off too often were ended')
    } catch (error) {
      log.warn({ err: error }, 'the look for dead workers failed; it is repeated')
    }
  }
  events.on('pool:create', ({ workerPool }) => {
    poolIds.add(workerPool.id)
    hold([workerPool.id]).catch((error: unknown) => log.warn({ err: error }, 'a worker could not show that it lives'))
  })
  await connect()
  const timer = setInterval(beat, intervalMs)
  timer.unref()
  return {
    async stop() {
      isStopped = true
      clearInterval(timer)
      const held = client
      client = null
      held?.release(true)
    },
  }
}

// A job just taken may belong to a worker whose lock is on its way, hence the five seconds.
const deadWorkers = `select coalesce(array_agg(distinct j."locked_by"), '{}') as "ids" from graphile_worker.jobs j
where j."locked_by" is not null and j."locked_at" < now() - interval '5 seconds' and not exists (
  select 1 from pg_locks l where l."locktype" = 'advisory' and l."granted" and l."objsubid" = 2 and l."classid"::bigint = $1::bigint
    and l."objid"::bigint = (hashtext(j."locked_by")::bigint & 4294967295)
    and l."database" = (select "oid" from pg_database where "datname" = current_database()))`
