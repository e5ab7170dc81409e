import { permissionGroup } from '../permission-group/permission-group.ts'
import { topLevelError } from '../platform/errors.ts'
import type { Queryable } from '../platform/statement.ts'
import { type FactRow, type FactsRequest, readFacts } from './access-facts.loader.ts'
import type { AccessFacts, PolicyFact, RoleGrant } from './decide.ts'

/** What a member's groups say, apart from the member's own state. */
export type GroupFacts = Omit<AccessFacts, 'isAccepted'>

export const noFacts: GroupFacts = { policies: [], grants: [] }

/** Policies with their objects that fit into an answer's memory and time: 200 questions, each on 1,250 of them. */
const maxFacts = 250_000

/**
 * What is known of each member by their id, in one statement.
 * Throws COST_LIMIT_EXCEEDED where more would match than can be told: half of it would decide wrongly.
 */
export async function factsOf(
  db: Queryable,
  request: Omit<FactsRequest, 'limit'>,
  { limit } = { limit: maxFacts },
): Promise<Map<string, GroupFacts>> {
  if (request.asked.length === 0) return new Map()
  const rows = await readFacts(db, { ...request, limit: limit + 1 })
  if (rows.length > limit) {
    throw topLevelError.tooCostly(`These questions rest on more than ${limit} policies and objects together: ask fewer at once.`)
  }
  const byMember = new Map(request.asked.map(({ memberId }): [string, FactRow[]] => [memberId, []]))
  for (const row of rows) byMember.get(row.memberId)?.push(row)
  return new Map([...byMember].map(([memberId, rows]) => [memberId, { policies: policiesIn(rows), grants: grantsIn(rows) }]))
}

/** The role mappings that rows of one member tell of. */
const grantsIn = (rows: readonly FactRow[]): RoleGrant[] =>
  rows.flatMap(({ policyId, userGroupId, key }) => (policyId === null ? [{ userGroupId, awsRoleId: key.replace(/^awsRole\./, '') }] : []))

interface GatheredPolicy extends PolicyFact {
  resourceGroups: { id: string; objects: string[] }[]
}

/** The policies that rows of one member tell of. */
function policiesIn(rows: readonly FactRow[]): PolicyFact[] {
  const byId = new Map<string, GatheredPolicy>()
  for (const row of rows) {
    if (row.policyId === null) continue
    const { policyId, userGroupId, access, permissionGroupIds, resourceGroupId, key } = row
    const permissionGroups = () => permissionGroupIds.map(permissionGroup).filter((group) => group !== null)
    const policy = byId.get(policyId) ?? { id: policyId, userGroupId, access, permissionGroups: permissionGroups(), resourceGroups: [] }
    byId.set(policyId, policy)
    const resourceGroup = policy.resourceGroups.find(({ id }) => id === resourceGroupId)
    if (resourceGroup) resourceGroup.objects.push(key)
    else policy.resourceGroups.push({ id: resourceGroupId, objects: [key] })
  }
  return [...byId.values()]
}
