import type { Context } from '../context.ts'
import type { OperationRow } from './operation.loader.ts'

/** The operation has ended meanwhile, cancelled or with what it is about: what is still found is for nobody. */
export class OperationEndedError extends Error {}

const watchMs = 1_000

/** Looks now and then whether a running operation has ended; `signal` is then aborted with an OperationEndedError. */
export function watchForEnd({ db, log }: Context, { organizationId, id }: OperationRow): { signal: AbortSignal; unwatch(): void } {
  const ended = new AbortController()
  let isAsking = false
  const look = async () => {
    if (isAsking) return
    isAsking = true
    try {
      const { rowCount } = await db.pool.query(
        `select 1 from "BackgroundOperation" where "organizationId" = $1 and "id" = $2 and "status" = 'RUNNING'`,
        [organizationId, id],
      )
      if (rowCount === 0) ended.abort(new OperationEndedError('the operation has ended'))
    } catch (error) {
      // Whatever is written next finds out, too.
      log.debug({ err: error, operationId: id }, 'it could not be seen whether an operation has ended')
    } finally {
      isAsking = false
    }
  }
  const watch = setInterval(() => void look(), watchMs)
  return { signal: ended.signal, unwatch: () => clearInterval(watch) }
}
