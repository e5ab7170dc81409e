import { MissingRolesDocument, RoleCountDocument, RolesDocument, type RolesQuery } from '../generated/operations.ts'
import { type Gatehouse, itemsOf } from '../shared/gatehouse.ts'
import { type Output, startProgress } from '../shared/progress.ts'

type Role = NonNullable<NonNullable<RolesQuery['organization']>['awsRoles']>['nodes'][number]

/** What a sync can do to a role. */
export const changes = ['new', 'back', 'changed', 'missing'] as const
export type Change = (typeof changes)[number]

/** How many roles, and the first of them by name: there may be 150,000. */
export interface Roles {
  count: number
  first: string[]
}

/** Roles named a change; the rest is counted. */
const maxNamed = 10

/** The roles that are not in AWS: without them it could not be told which are back. */
export async function readMissing(gatehouse: Gatehouse, organizationId: string): Promise<Set<string>> {
  const missing = new Set<string>()
  const readPage = async (after: string | null) =>
    (await gatehouse.ask(MissingRolesDocument, { organizationId, after })).organization?.awsRoles
  for await (const { id } of itemsOf(readPage)) missing.add(id)
  return missing
}

/**
 * What happened to which roles since the sync was asked for, by the server's own times. Every role is read, a page at a time: what is
 * kept of them does not grow with their number.
 */
export async function compareRoles(
  gatehouse: Gatehouse,
  organizationId: string,
  { since, missingBefore }: { since: string; missingBefore: Set<string> },
  output: Output,
): Promise<Record<Change, Roles>> {
  const found: Record<Change, Roles> = { new: none(), back: none(), changed: none(), missing: none() }
  const readPage = async (after: string | null) => (await gatehouse.ask(RolesDocument, { organizationId, after })).organization?.awsRoles
  const total = (await gatehouse.ask(RoleCountDocument, { organizationId })).organization?.awsRoles?.totalCount ?? 0
  const progress = startProgress(output, 'Compared', total)
  let done = 0
  for await (const role of itemsOf(readPage)) {
    progress.update(++done)
    const change = changeOf(role, Date.parse(since), missingBefore)
    if (change === null) continue
    const roles = found[change]
    if (roles.count++ < maxNamed) roles.first.push(role.arn)
  }
  progress.end(done)
  return found
}

const none = (): Roles => ({ count: 0, first: [] })

function changeOf({ id, status, firstSeenAt, missingSince, updatedAt }: Role, sinceMs: number, missingBefore: Set<string>): Change | null {
  const isSince = (time: string | null) => time !== null && Date.parse(time) >= sinceMs
  if (status === 'MISSING') return isSince(missingSince) ? 'missing' : null
  if (isSince(firstSeenAt)) return 'new'
  if (missingBefore.has(id)) return 'back'
  return isSince(updatedAt) ? 'changed' : null
}
