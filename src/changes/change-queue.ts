import { GraphQLError } from 'graphql'
import type { Change } from './change-feed.ts'

/** Changes that wait for one subscriber at the most. They are shared between subscribers, so that a full queue holds next to nothing. */
export const maxWaitingChanges = 1_000

/** Ends the subscription of who does not keep up: what was missed is read anew, not kept. */
export const tooSlow = () =>
  new GraphQLError('Changes came faster than they were read, so this subscription ends. Read the current state and subscribe again.', {
    extensions: { code: 'SLOW_CONSUMER', retryable: true },
  })

/** What one subscriber is still to be told, in order. */
export class ChangeQueue implements AsyncIterableIterator<Change> {
  readonly subjectId: string | null
  /** Changes that were taken out so far. */
  taken = 0
  readonly #waiting: Change[] = []
  readonly #onEnd: (queue: ChangeQueue) => void
  #wake: (() => void) | null = null
  #hasEnded = false
  #error: Error | null = null

  /** `subjectId`: only changes of this one. */
  constructor(subjectId: string | null, onEnd: (queue: ChangeQueue) => void) {
    this.subjectId = subjectId
    this.#onEnd = onEnd
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  get size(): number {
    return this.#waiting.length
  }

  push(change: Change): void {
    if (this.#hasEnded) return
    if (this.#waiting.length >= maxWaitingChanges) this.fail(tooSlow())
    else {
      this.#waiting.push(change)
      this.#wake?.()
    }
  }

  /** Ends it with an error, which whoever reads gets instead of what waits. */
  fail(error: Error): void {
    if (this.#hasEnded) return
    this.#error = error
    this.#end()
  }

  async next(): Promise<IteratorResult<Change>> {
    for (;;) {
      if (this.#error) {
        const error = this.#error
        this.#error = null
        throw error
      }
      if (this.#hasEnded) return { done: true, value: undefined }
      const value = this.#waiting.shift()
      if (value) {
        this.taken += 1
        return { done: false, value }
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
    }
  }

  async return(): Promise<IteratorResult<Change>> {
    if (!this.#hasEnded) this.#end()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #end(): void {
    this.#hasEnded = true
    this.#waiting.length = 0
    this.#wake?.()
    this.#onEnd(this)
  }
}
