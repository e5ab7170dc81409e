import PQueue from 'p-queue'
import type { Context } from '../context.ts'
import { requireOrganization } from '../organization/organization.service.ts'
import { Checks } from '../platform/check.ts'
import { payload, Refusal, refuseIfAny, type UserErrorValue, userError } from '../platform/errors.ts'
import type { ComponentConfigInput } from './component.input.ts'
import { type ComponentRow, componentLoader, type VerificationRow } from './component.loader.ts'
import { configureComponent } from './configure-component.ts'
import { removeComponent } from './remove-component.ts'
import { stageComponent } from './stage-component.ts'
import type { StageRequest } from './stage-item.ts'
import type { ReferencePaths } from './verify-component.ts'

export const maxBulkItems = 500
export const maxBulkConfigurations = 100

/** Items worked on at once; each takes a connection, and the pool serves everybody. */
const concurrency = 4
/** Configurations of one call at once: each waits for AWS, not for the database. */
const configureConcurrency = 8
/** After this long no further configuration of a bulk call begins: a router waits 30 s. */
const configureDeadlineMs = 25_000

export interface Summary {
  total: number
  succeeded: number
  failed: number
}

/** Stages each item by itself: one that is refused does not keep the others back. */
export async function stageComponents(context: Context, { itemIds, ...request }: Omit<StageRequest, 'itemId'> & { itemIds: string[] }) {
  await checkList(context, request.organizationId, 'itemIds', itemIds, maxBulkItems)
  return bulk(itemIds, concurrency, async (itemId, index) => {
    const none: { component: ComponentRow | null } = { component: null }
    const at = { itemId: ['input', 'itemIds', index] }
    return { itemId, ...(await payload(none, async () => ({ component: await stageComponent(context, { ...request, itemId }, at) }))) }
  })
}

/** One configuration for many components. What was not begun when the time is up says so and can be repeated. */
export async function configureComponents(
  context: Context,
  { organizationId, ids, config }: { organizationId: string; ids: string[]; config: ComponentConfigInput },
) {
  await checkList(context, organizationId, 'ids', ids, maxBulkConfigurations)
  const signal = AbortSignal.timeout(configureDeadlineMs)
  return bulk(ids, configureConcurrency, async (id, index) => {
    const none: { component: ComponentRow | null; verification: VerificationRow | null } = { component: null, verification: null }
    const at: ReferencePaths = { id: ['input', 'ids', index], expectedVersion: ['input', 'ids', index], config: ['input', 'config'] }
    const configured = await payload(none, async () => {
      await assertOwned(context, organizationId, id, at.id)
      if (signal.aborted) {
        throw new Refusal(
          userError.upstream(
            at.id,
            'gatehouse',
            'The time for this call was up before this component was begun. Repeat it for this one.',
            true,
          ),
        )
      }
      return configureComponent(context, { id, config }, { at, signal })
    })
    return { componentId: id, ...configured }
  })
}

export async function removeComponents(context: Context, { organizationId, ids }: { organizationId: string; ids: string[] }) {
  await checkList(context, organizationId, 'ids', ids, maxBulkItems)
  const deletedIds: string[] = []
  const done = await bulk(ids, concurrency, async (id, index) => {
    const at: ReferencePaths = { id: ['input', 'ids', index], expectedVersion: ['input', 'ids', index], config: [] }
    const removed = await payload({ alreadyAbsent: false }, async () => {
      const component = await componentLoader(context).load(id)
      // Of another organization, though visible: the same answer as for what is not there.
      if (component && component.organizationId !== organizationId) return { alreadyAbsent: true }
      const removal = await removeComponent(context, { id }, at)
      deletedIds.push(...removal.deletedIds)
      return { alreadyAbsent: removal.alreadyAbsent }
    })
    return { componentId: id, ...removed }
  })
  return { ...done, deletedIds }
}

/** Refuses unless the id names a component of that organization. */
export async function assertOwned(context: Context, organizationId: string, id: string, path: (string | number)[]): Promise<ComponentRow> {
  const component = await componentLoader(context).load(id)
  if (component?.organizationId !== organizationId) throw new Refusal(userError.notFound(path, 'component'))
  return component
}

/** The organization is the caller's and the list has 1 to `max` items, else a refusal of the whole call. */
export async function checkList(context: Context, organizationId: string, field: string, list: string[], max: number): Promise<void> {
  await requireOrganization(context, organizationId, ['input', 'organizationId'])
  refuseIfAny(new Checks('input').size(field, list, max).errors)
}

/** Runs what is asked for one item in the order asked, one after the other; different items do not wait for each other. */
export function inOrderByItem<Result>(): (item: string, work: () => Promise<Result>) => Promise<Result> {
  const last = new Map<string, Promise<unknown>>()
  return (item, work) => {
    const result = (last.get(item) ?? Promise.resolve()).then(work)
    last.set(
      item,
      result.catch(() => undefined),
    )
    return result
  }
}

async function bulk<Result extends { errors: UserErrorValue[] }>(
  items: string[],
  concurrency: number,
  work: (item: string, index: number) => Promise<Result>,
): Promise<{ results: Result[]; summary: Summary }> {
  const queue = new PQueue({ concurrency })
  // What is given twice is done twice; at once, the one would be the other's conflict.
  const inOrder = inOrderByItem<Result>()
  const results = await Promise.all(items.map((item, index) => inOrder(item, () => queue.add(() => work(item, index)))))
  const failed = results.filter(({ errors }) => errors.length > 0).length
  return { results, summary: { total: results.length, succeeded: results.length - failed, failed } }
}
