import type { PolicyAccess } from '../generated/prisma/enums.ts'
import { type Queryable, rows, statement } from '../platform/statement.ts'
import type { KeyInOrganization } from '../resource-group/resource-key.loader.ts'

/** What facts are wanted of. */
export interface FactsRequest {
  members: readonly { organizationId: string; id: string }[]
  /** Permission groups that a match can come from. */
  permissionGroupIds: readonly string[]
  /** Object keys that a match can come from. */
  keys: readonly KeyInOrganization[]
}

/** A membership (memberId and userGroupId), or an object of a resource group of a policy (all but memberId). */
export type FactRow =
  | { memberId: string; userGroupId: string; policyId: null }
  | {
      memberId: null
      userGroupId: string
      policyId: string
      access: PolicyAccess
      permissionGroupIds: string[]
      resourceGroupId: string
      key: string
    }

// One statement sees one state of the store: memberships and policies of different moments could add up to what never was.
const factsOfMembers = statement(
  'access_facts_of_members',
  `with "membership" as materialized (
  select l."organizationId", l."memberId", l."userGroupId" from unnest($1::text[], $2::text[]) as k("organizationId", "memberId")
  join "UserGroupMember" l using ("organizationId", "memberId")
), "object" as materialized (
  select o."organizationId", o."resourceGroupId", o."key" from unnest($3::text[], $4::text[]) as k("organizationId", "key")
  join "ResourceGroupObject" o using ("organizationId", "key")
)
select "memberId", "userGroupId", null as "policyId", null as "access", null as "permissionGroupIds", null as "resourceGroupId", null as "key"
from "membership"
union all
select null, p."userGroupId", p."id", p."access", p."permissionGroupIds", o."resourceGroupId", o."key"
from (select distinct "organizationId", "userGroupId" from "membership") g
join "Policy" p on p."organizationId" = g."organizationId" and p."userGroupId" = g."userGroupId" and p."permissionGroupIds" && $5::text[]
join "PolicyResourceGroup" u on u."organizationId" = p."organizationId" and u."policyId" = p."id"
join "object" o on o."organizationId" = u."organizationId" and o."resourceGroupId" = u."resourceGroupId"`,
)

/** The groups of members, and of these groups' policies what can match. */
export function readFacts(db: Queryable, { members, permissionGroupIds, keys }: FactsRequest): Promise<FactRow[]> {
  return rows(db, factsOfMembers, [
    members.map(({ organizationId }) => organizationId),
    members.map(({ id }) => id),
    keys.map(({ organizationId }) => organizationId),
    keys.map(({ key }) => key),
    permissionGroupIds,
  ])
}
