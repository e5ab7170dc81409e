import type { Subject } from './faults.ts'

/** One call as it ended. `outcome` is the HTTP status, or the fault that left it without an answer. */
export interface RecordedRequest extends Subject {
  atMs: number
  region: string | undefined
  outcome: number | 'silent' | 'reset'
}

const remembered = 1000

/** Counts the calls, by operation and account, and how many ran at once. */
export class Requests {
  readonly #counts = new Map<string, { subject: Subject; count: number }>()
  readonly #inFlight = new Map<string, { now: number; most: number }>()
  #recent: RecordedRequest[] = []
  readonly #onEnd: (request: RecordedRequest) => void

  constructor(onEnd: (request: RecordedRequest) => void = () => undefined) {
    this.#onEnd = onEnd
  }

  /** Call the returned function once, when the call has ended. */
  begin(subject: Subject, atMs: number, region: string | undefined): (outcome: RecordedRequest['outcome']) => void {
    const key = `${subject.service} ${subject.operation} ${subject.accountId}`
    const counted = this.#counts.get(key)
    if (counted) counted.count++
    else this.#counts.set(key, { subject, count: 1 })
    const running = this.#running(subject.accountId)
    running.now++
    running.most = Math.max(running.most, running.now)
    return (outcome) => {
      running.now--
      const ended = { ...subject, atMs, region, outcome }
      if (this.#recent.push(ended) > 2 * remembered) this.#recent = this.#recent.slice(-remembered)
      this.#onEnd(ended)
    }
  }

  /** How many calls came of this kind; what is left out counts all. */
  count(filter: Partial<Subject> = {}): number {
    let total = 0
    for (const { subject, count } of this.#counts.values()) {
      if (Object.entries(filter).every(([name, wanted]) => subject[name as keyof Subject] === wanted)) total += count
    }
    return total
  }

  /** The most calls of one account that were under way at the same time. */
  mostAtOnce(accountId: string): number {
    return this.#inFlight.get(accountId)?.most ?? 0
  }

  /** The last calls that ended, oldest first, 1,000 at most. */
  recent(): RecordedRequest[] {
    return this.#recent.slice(-remembered)
  }

  byOperation(): (Subject & { count: number })[] {
    return [...this.#counts.values()].map(({ subject, count }) => ({ ...subject, count }))
  }

  /** Forgets the counts; calls under way still count as such. */
  reset(): void {
    this.#counts.clear()
    this.#recent = []
    for (const running of this.#inFlight.values()) running.most = running.now
  }

  #running(accountId: string): { now: number; most: number } {
    let running = this.#inFlight.get(accountId)
    if (!running) {
      running = { now: 0, most: 0 }
      this.#inFlight.set(accountId, running)
    }
    return running
  }
}
