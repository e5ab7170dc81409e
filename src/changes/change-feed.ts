import { setTimeout as delay } from 'node:timers/promises'
import { GraphQLError } from 'graphql'
import type { ChangeKind } from '../generated/prisma/enums.ts'
import type { Log } from '../platform/log.ts'
import { ChangeQueue, maxWaitingChanges, tooSlow } from './change-queue.ts'
import { ChangeReader } from './change-reader.ts'
import { organizationNoun } from './end-of-organization.ts'

/** A change of a row that subscribers may ask for. Written by the database in the transaction of the change (`publish_changes`). */
export interface Change {
  organizationId: string
  /** The table, which is also the type's name in the graph. */
  noun: string
  subjectId: string
  change: ChangeKind
}

/** Subscriptions of a process at the most. */
const maxSubscriptions = 5_000
/** How long all wait for those who are behind, before who has not moved at all is dropped; and how often they wait for who has. */
const roundMs = 1_000
const patientRounds = 5

export interface ChangeFeed {
  /** Everything that happens to a noun of an organization from now on, or to one subject: each change once, those of a subject in order. */
  follow(noun: string, organizationId: string, subjectId: string | null): Promise<AsyncIterableIterator<Change>>
  /** Those that miss nothing from now on. */
  readonly subscriptions: number
  stop(): Promise<void>
}

/** Tells the subscribers of this process what any process changed. It connects when the first one comes. */
export function createChangeFeed({ url, log }: { url: string; log: Log }): ChangeFeed {
  const topics = new Map<string, { organizationId: string; queues: Set<ChangeQueue> }>()
  let held = 0
  const standing = new Set<ChangeQueue>()
  const all = () => [...topics.values()].flatMap(({ queues }) => [...queues])
  const queuesOf = (id: string) => [...topics.values()].flatMap(({ organizationId, queues }) => (organizationId === id ? [...queues] : []))
  const reader = new ChangeReader({
    url,
    log,
    organizationIds: () => [...new Set([...topics.values()].map(({ organizationId }) => organizationId))],
    async onChanges(changes) {
      for (const change of changes) {
        if (change.noun === organizationNoun) for (const queue of queuesOf(change.organizationId)) await queue.return()
        const queues = topics.get(`${change.noun} ${change.organizationId}`)?.queues ?? []
        for (const queue of queues) if (queue.subjectId === null || queue.subjectId === change.subjectId) queue.push(change)
      }
      await waitForRoom(all())
    },
    onGap() {
      log.warn('changes may have been missed while the database could not be reached: all subscriptions end')
      for (const queue of all()) queue.fail(tooSlow())
    },
  })
  return {
    get subscriptions() {
      return standing.size
    },
    async follow(noun, organizationId, subjectId) {
      if (held >= maxSubscriptions) throw tooMany()
      const name = `${noun} ${organizationId}`
      held += 1
      const queue = new ChangeQueue(subjectId, (ended) => {
        held -= 1
        standing.delete(ended)
        const topic = topics.get(name)
        topic?.queues.delete(ended)
        if (topic?.queues.size === 0) topics.delete(name)
      })
      const topic = topics.get(name) ?? { organizationId, queues: new Set() }
      topics.set(name, topic)
      topic.queues.add(queue)
      try {
        await reader.ready()
      } catch (error) {
        await queue.return()
        throw error
      }
      if (!queue.hasEnded) standing.add(queue)
      return queue
    },
    async stop() {
      for (const queue of all()) await queue.return()
      await reader.stop()
    },
  }
}

/**
 * A burst is told in steps that those who read can follow. Whoever is far behind and takes nothing at all is dropped after a second, so that
 * nobody waits for it; whoever is slow is waited for a little, and then dropped where its queue overflows.
 */
async function waitForRoom(queues: ChangeQueue[]): Promise<void> {
  for (let round = 0; round < patientRounds; round++) {
    const behind = queues.filter(isBehind).map((queue) => ({ queue, taken: queue.taken }))
    if (behind.length === 0) return
    const untilMs = Date.now() + roundMs
    while (Date.now() < untilMs && behind.some(({ queue }) => isBehind(queue))) await delay(10)
    for (const { queue, taken } of behind) if (isBehind(queue) && queue.taken === taken) queue.fail(tooSlow())
  }
}

const isBehind = ({ size }: ChangeQueue) => size > maxWaitingChanges / 2

const tooMany = () =>
  new GraphQLError('This server holds as many subscriptions as it can. Try again later.', {
    extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 30 },
  })
