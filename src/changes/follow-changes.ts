import { maySee } from '../auth/viewer.ts'
import type { Context } from '../context.ts'
import { organizationLoader } from '../organization/organization.loader.ts'
import { topLevelError } from '../platform/errors.ts'
import type { Change } from './change-feed.ts'

/** What subscribers of a noun are told of. */
export interface Topic {
  /** The table, which is also the type's name in the graph. */
  noun: string
  /** The argument that narrows it to one subject. */
  argument: string
  load(context: Context, id: string): Promise<{ organizationId: string } | null>
  /** True: what the caller cannot load is not told either, its deletion included. */
  isFiltered?: boolean
}

/** A change on its way to one subscriber: told only if whoever then asks may still see it. */
export interface LiveChange extends Change {
  id: string
  /** The same for all subscribers that are told of it. */
  shared: Change
  /** Throws what a new subscription would be refused with where the caller may no longer see the organization at all. */
  isVisible(context: Context): Promise<boolean>
}

/** The changes of a noun in an organization, or of one subject. Unknown and foreign ids are refused alike. */
export async function followChanges(
  context: Context,
  topic: Topic,
  organizationId: string,
  subjectId: string | null | undefined,
): Promise<AsyncIterableIterator<LiveChange>> {
  const organization = await organizationLoader(context).load(organizationId)
  if (!organization) throw noOrganization()
  if (subjectId != null) {
    const subject = await topic.load(context, subjectId)
    if (subject?.organizationId !== organizationId)
      throw topLevelError.badInput('There is nothing of this kind with this id in the organization.', topic.argument)
  }
  const changes = await context.changes.follow(topic.noun, organizationId, subjectId ?? null)
  const live = (change: Change): LiveChange => ({
    ...change,
    id: change.subjectId,
    shared: change,
    isVisible: async (asking) => {
      if (!maySee(asking.viewer, change.organizationId)) throw noOrganization()
      return !topic.isFiltered || (await topic.load(asking, change.subjectId)) !== null
    },
  })
  const lives: AsyncIterableIterator<LiveChange> = {
    async next() {
      const { done, value } = await changes.next()
      return done ? { done, value: undefined } : { done: false, value: live(value) }
    },
    async return() {
      await changes.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => lives,
  }
  return lives
}

const noOrganization = () => topLevelError.badInput('There is no organization with this id.', 'organizationId')
