import PQueue from 'p-queue'
import type { RoleSession } from '../../verification/assume-role.ts'
import { AwsProblem } from '../problem.ts'
import { readRoles } from '../read-roles.ts'
import type { Reading } from '../reading.ts'
import { enabledRegions, listBuckets, listFunctions, listInstances } from './list-calls.ts'
import { findViews, listThrough } from './resource-explorer.ts'
import { type AwsResourceType, type ListedType, type Located, type SeenResource, seen } from './seen-resource.ts'
import { TagLookup } from './tag-lookup.ts'

/** How an account was read. */
export interface ResourcesRead {
  /** What was not to be had; nothing: all was. */
  problems: AwsProblem[]
  /** Whether every resource of the types asked for was seen. */
  isComplete: boolean
  /** Whether anything was answered. */
  isAnswered: boolean
}

/** Of one account. */
const listsAtOnce = 6
const listedTypes: ListedType[] = ['aws-s3-bucket', 'aws-ec2-instance', 'aws-lambda-function']

type Lists = (() => AsyncGenerator<Located[], void>)[]

/**
 * Reads an account's resources of the types that are wanted and gives them to `found` page by page; it waits for that before it goes on.
 * A list that cannot be read is a problem, not an error; rejects only where `found` does, once nothing is under way any more.
 */
export async function readResources(
  reading: Reading,
  session: RoleSession,
  wants: (type: AwsResourceType) => boolean,
  found: (resources: SeenResource[]) => Promise<void>,
): Promise<ResourcesRead> {
  const types = listedTypes.filter(wants)
  const read: ResourcesRead = { problems: [], isComplete: true, isAnswered: types.length === 0 && !wants('aws-iam-role') }
  const missed = (error: unknown) => {
    if (!(error instanceof AwsProblem)) throw error
    read.problems.push(error)
    read.isComplete = false
  }
  const tags = new TagLookup(reading, session)
  const lists = types.length > 0 ? await listsOf(reading, session, types, missed) : []
  const queue = new PQueue({ concurrency: listsAtOnce })
  const run = (list: () => Promise<void>) =>
    queue.add(async () => {
      await list()
      read.isAnswered = true
    })
  const readList = async (list: Lists[number]) => {
    for await (const page of list()) await found((await tags.complete(page)).map(seen))
  }
  const readAllRoles = async () => {
    const problem = await roleResources(reading, session, found)
    if (problem) read.problems.push(problem)
  }
  const tasks = [...(wants('aws-iam-role') ? [run(readAllRoles)] : []), ...lists.map((list) => run(() => readList(list)))]
  for (const end of await Promise.allSettled(tasks)) if (end.status === 'rejected') missed(end.reason)
  read.problems.push(...tags.problems.values())
  return read
}

/**
 * What has to be read to see everything of these types: what Resource Explorer shows of the regions that it covers, and of all others the
 * list calls. Buckets are listed at once wherever they lie, unless it covers every region.
 */
async function listsOf(reading: Reading, session: RoleSession, types: ListedType[], missed: (error: unknown) => void): Promise<Lists> {
  const [enabled, { views, regions }] = await Promise.all([
    enabledRegions(reading, session).catch((error: unknown) => void missed(error)),
    findViews(reading, session),
  ])
  const uncovered = (enabled ?? []).filter((region) => !regions.has(region))
  const throughViews = (type: ListedType): Lists => views.map((view) => () => listThrough(reading, session, view, type))
  const regional = (list: typeof listInstances): Lists => uncovered.map((region) => () => list(reading, session, region))
  const lists: Record<ListedType, () => Lists> = {
    'aws-s3-bucket': () => (enabled && uncovered.length === 0 ? throughViews('aws-s3-bucket') : [() => listBuckets(reading, session)]),
    'aws-ec2-instance': () => [...throughViews('aws-ec2-instance'), ...regional(listInstances)],
    'aws-lambda-function': () => [...throughViews('aws-lambda-function'), ...regional(listFunctions)],
  }
  return types.flatMap((type) => lists[type]())
}

/**
 * By IAM itself: Resource Explorer has no tags of roles, and roles only where its index of the partition's home region is on. A role is told
 * when its tags are known, or when they turn out not to be.
 */
async function roleResources(
  reading: Reading,
  session: RoleSession,
  found: (resources: SeenResource[]) => Promise<void>,
): Promise<AwsProblem | null> {
  const untagged = new Map<string, SeenResource>()
  const pages = readRoles(reading, session)
  try {
    for (;;) {
      const page = await pages.next()
      if (page.done) return untagged.size > 0 ? page.value.tagProblem : null
      const roles = page.value.roles.map(({ arn, name, tags }): SeenResource => ({ arn, type: 'aws-iam-role', name, tags }))
      for (const role of roles) if (!role.tags) untagged.set(role.arn, role)
      const tagged = page.value.tagged.flatMap(({ arn, tags }) => {
        const role = untagged.get(arn)
        untagged.delete(arn)
        return role ? [{ ...role, tags }] : []
      })
      await found([...roles.filter(({ tags }) => tags), ...tagged])
    }
  } finally {
    await found([...untagged.values()])
  }
}
