import { permissionGroup } from '../permission-group/permission-group.ts'
import type { Queryable } from '../platform/statement.ts'
import { type FactRow, type FactsRequest, readFacts } from './access-facts.loader.ts'
import type { AccessFacts, PolicyFact, RoleGrant } from './decide.ts'

/** What a member's groups say, apart from the member's own state. */
export type GroupFacts = Omit<AccessFacts, 'isAccepted'>

export const noFacts: GroupFacts = { policies: [], grants: [] }

/** What is known of each member by their id, in one statement. */
export async function factsOf(db: Queryable, request: FactsRequest): Promise<Map<string, GroupFacts>> {
  if (request.asked.length === 0) return new Map()
  const byMember = new Map(request.asked.map(({ memberId }): [string, FactRow[]] => [memberId, []]))
  for (const row of await readFacts(db, request)) byMember.get(row.memberId)?.push(row)
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
