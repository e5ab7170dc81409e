import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { timeouts } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import type { Change } from './change-feed.ts'

/** Without a notification the table is looked at after this long: NOTIFY comes at most once, and the look shows whether the connection lives. */
const pollMs = 5_000
/** Changes that come together are read together. */
const gatherMs = 10
const pageSize = 500
const backoffMs = { first: 100, max: 5_000 }
/** Rows are kept for longer than this; who was away for longer may have missed some. */
const maxAbsenceMs = 5 * 60_000

export interface ChangeReaderOptions {
  url: string
  log: Log
  /** Whose changes are wanted; asked before each look. */
  organizationIds(): string[]
  /** Takes one page, in the order in which they are to be told; the next is read when it is done. */
  onChanges(changes: Change[]): Promise<void>
  /** The connection was lost for so long that changes may be missing. */
  onGap(): void
}

/** What is between two snapshots, from a sequence on. */
interface Stretch {
  before: string
  now: string
  sequence: string
}

/**
 * Reads the table Change as it grows, over one connection that also listens. Rows of concurrent transactions become visible out of order,
 * so the position is no number but a snapshot: a look takes what its own snapshot sees and the one before did not. So nothing is skipped
 * and nothing comes twice, and since a second change of a subject waits for the first one's commit, a look that sees it sees both.
 */
export class ChangeReader {
  readonly #options: ChangeReaderOptions
  #position: string | null = null
  #unfinished: Stretch | null = null
  #lastLookMs = 0
  #client: pg.Client | null = null
  #wake: (() => void) | null = null
  #isAwake = false
  readonly #stopped = new AbortController()
  #running: Promise<void> | null = null
  #whenReady: (() => void)[] = []

  constructor(options: ChangeReaderOptions) {
    this.#options = options
  }

  /** Resolves once it knows where it stands: every change that commits from then on is read. Rejects when that takes longer than 5 s. */
  async ready(): Promise<void> {
    this.#running ??= this.#run()
    if (this.#position !== null) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('Connection terminated: changes cannot be listened to')), timeouts.query_timeout)
      this.#whenReady.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#wakeUp()
    this.#client?.connection?.stream.destroy()
    await this.#running
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#stopped.signal.aborted) {
      try {
        const client = await this.#connect()
        failures = 0
        await this.#follow(client)
      } catch (error) {
        if (this.#stopped.signal.aborted) break
        this.#options.log.warn({ err: error }, 'the connection that listens for changes was lost; it is made anew')
        const waitMs = Math.min(backoffMs.max, backoffMs.first * 2 ** failures++) * (0.5 + Math.random() / 2)
        // Not a sleep that the end of the failed connection could cut short.
        await delay(waitMs, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => undefined)
      } finally {
        this.#client?.connection.stream.destroy()
        this.#client = null
      }
    }
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      ...timeouts,
      connectionString: this.#options.url,
      application_name: 'gatehouse-changes',
      keepAlive: true,
    })
    this.#client = client
    client.on('error', () => this.#wakeUp())
    client.on('end', () => this.#wakeUp())
    client.on('notification', () => this.#wakeUp())
    await client.connect()
    await client.query('listen gatehouse_change')
    return client
  }

  /** Until the connection fails, which each look finds out. */
  async #follow(client: pg.Client): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#look(client)
      if (!this.#isAwake) await this.#sleep(pollMs)
      await new Promise((resolve) => setTimeout(resolve, gatherMs))
      this.#isAwake = false
    }
  }

  async #look(client: pg.Client): Promise<void> {
    // What a lost connection cut off is finished first, from the page it had come to.
    if (this.#unfinished) await this.#readOn(client, this.#unfinished)
    const { rows } = await client.query<{ now: string }>('select pg_current_snapshot()::text as "now"')
    const now = rows[0]?.now ?? ''
    const before = this.#position
    if (before !== null && Date.now() - this.#lastLookMs > maxAbsenceMs) this.#options.onGap()
    else if (before !== null && before !== now) await this.#readOn(client, { before, now, sequence: '0' })
    this.#position = now
    this.#lastLookMs = Date.now()
    for (const resolve of this.#whenReady.splice(0)) resolve()
  }

  async #readOn(client: pg.Client, stretch: Stretch): Promise<void> {
    this.#unfinished = stretch
    for (;;) {
      const organizationIds = this.#options.organizationIds()
      if (organizationIds.length === 0) break
      const { before, now, sequence } = stretch
      const { rows } = await client.query<Change & { sequence: string }>(changesBetween, [before, now, sequence, organizationIds])
      const last = rows.at(-1)
      if (!last) break
      stretch.sequence = last.sequence
      await this.#options.onChanges(rows)
      if (rows.length < pageSize) break
    }
    this.#unfinished = null
    this.#position = stretch.now
  }

  #wakeUp(): void {
    this.#isAwake = true
    this.#wake?.()
  }

  async #sleep(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      timer = setTimeout(resolve, ms)
      timer.unref()
    })
    clearTimeout(timer)
    this.#wake = null
  }
}

// Ordered by the column and not by its text, which an unqualified name would mean.
const changesBetween = `select c."sequence"::text, c."organizationId", c."noun", c."subjectId", c."change" from "Change" c
where "transactionId" >= pg_snapshot_xmin($1::pg_snapshot) and "transactionId" < pg_snapshot_xmax($2::pg_snapshot)
  and not pg_visible_in_snapshot("transactionId", $1::pg_snapshot) and pg_visible_in_snapshot("transactionId", $2::pg_snapshot)
  and c."sequence" > $3 and "organizationId" = any($4)
order by c."sequence" limit ${pageSize}`
