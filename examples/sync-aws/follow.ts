import { OperationDocument, type OperationQuery, SyncProgressDocument } from '../generated/operations.ts'
import { type Gatehouse, RequestError } from '../shared/gatehouse.ts'
import { type Output, startProgress } from '../shared/progress.ts'
import { subscribe } from './live.ts'

export interface Operation {
  id: string
  createdAt: string
  progress: { done: number; total: number | null }
}

type End = NonNullable<OperationQuery['operation']>

/** How often it is asked how things stand: seldom beside a connection for events, since one may get lost. */
const askEveryMs = { connected: 5_000, disconnected: 1_000 }
/** Beyond the patience. A worker that was killed is noticed within half a minute; one account may be read for two minutes. */
const slackMs = { queued: 60_000, running: 180_000 }

/**
 * Shows by events how far the sync is, and returns how it ended. That is always read by a query: an event leads to it at once, and where
 * none comes a timer does. While there is no connection for events, queries tell of the progress too.
 * @throws RequestError when nothing moves any more
 */
export async function follow(
  gatehouse: Gatehouse,
  organizationId: string,
  { id, progress: { total } }: Operation,
  output: Output,
): Promise<End> {
  const progress = startProgress(output, 'Read', total ?? 0)
  const pause = new Pause()
  let done = -1
  let movedAtMs = performance.now()
  let isConnected: boolean | null = null
  const tell = (now: number) => {
    // An event may be older than an answer that came before it.
    if (now <= done) return
    done = now
    movedAtMs = performance.now()
    progress.update(done)
  }
  const unsubscribe = subscribe(
    gatehouse.settings,
    SyncProgressDocument,
    { organizationId, operationId: id },
    {
      next({ operationChanged: { operation } }) {
        if (operation && !operation.finishedAt) tell(operation.progress.done)
        else pause.end()
      },
      connected() {
        if (isConnected === false) progress.note('Connected again; events tell of the progress.')
        isConnected = true
        pause.end()
      },
      lost(reason, isFinal) {
        const what = isConnected ? 'The connection for events was lost' : 'No connection for events'
        const instead = isFinal ? 'the progress is asked for instead' : 'the progress is asked for until there is one again'
        if (isConnected !== false) progress.note(`${what} (${reason}); ${instead}.`)
        isConnected = false
        pause.end()
      },
    },
  )
  try {
    for (;;) {
      const { operation } = await gatehouse.ask(OperationDocument, { id })
      if (!operation) throw new RequestError('The sync is gone, and so may be its organization.')
      tell(operation.progress.done)
      if (operation.finishedAt) return operation
      const standsStillMs = performance.now() - movedAtMs
      if (standsStillMs > gatehouse.settings.patienceMs + (operation.status === 'QUEUED' ? slackMs.queued : slackMs.running))
        throw new RequestError(
          `The sync stands still at ${done} of ${total} (${operation.status}). Does a worker run? Run this again when one does.`,
        )
      await pause.begin(isConnected ? askEveryMs.connected : askEveryMs.disconnected)
    }
  } finally {
    unsubscribe()
    progress.end(Math.max(done, 0))
  }
}

/** A wait that can be ended early, also before it has begun. */
class Pause {
  #end: () => void = () => undefined
  #isEnded = false

  end(): void {
    this.#isEnded = true
    this.#end()
  }

  async begin(ms: number): Promise<void> {
    if (!this.#isEnded) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#end = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#isEnded = false
  }
}
