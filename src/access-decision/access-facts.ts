import { permissionGroup } from '../permission-group/permission-group.ts'
import type { Queryable } from '../platform/statement.ts'
import { type FactRow, type FactsRequest, readFacts } from './access-facts.loader.ts'
import type { AccessFacts, PolicyFact } from './decide.ts'

/** What a member's groups say, apart from the member's own state. */
export type GroupFacts = Omit<AccessFacts, 'isAccepted'>

export const noFacts: GroupFacts = { policies: [], grants: [] }

/** What is known of each member by their id, in one statement. */
export async function factsOf(db: Queryable, request: FactsRequest): Promise<Map<string, GroupFacts>> {
  if (request.members.length === 0) return new Map()
  const rows = await readFacts(db, request)
  const policies = policiesByGroup(rows)
  const groups = new Map(request.members.map(({ id }): [string, string[]] => [id, []]))
  for (const { memberId, userGroupId } of rows) if (memberId !== null) groups.get(memberId)?.push(userGroupId)
  return new Map(
    [...groups].map(([id, groupIds]) => [id, { policies: groupIds.flatMap((group) => policies.get(group) ?? []), grants: [] }]),
  )
}

interface GatheredPolicy extends PolicyFact {
  resourceGroups: { id: string; objects: string[] }[]
}

/** The policies that rows of their objects tell of. */
function policiesByGroup(rows: FactRow[]): Map<string, PolicyFact[]> {
  const byId = new Map<string, GatheredPolicy>()
  const byGroup = new Map<string, PolicyFact[]>()
  for (const row of rows) {
    if (row.policyId === null) continue
    const { policyId, userGroupId, resourceGroupId, key } = row
    let policy = byId.get(policyId)
    if (!policy) {
      const permissionGroups = row.permissionGroupIds.map(permissionGroup).filter((group) => group !== null)
      policy = { id: policyId, userGroupId, access: row.access, permissionGroups, resourceGroups: [] }
      byId.set(policyId, policy)
      byGroup.set(userGroupId, [...(byGroup.get(userGroupId) ?? []), policy])
    }
    const resourceGroup = policy.resourceGroups.find(({ id }) => id === resourceGroupId)
    if (resourceGroup) resourceGroup.objects.push(key)
    else policy.resourceGroups.push({ id: resourceGroupId, objects: [key] })
  }
  return byGroup
}
