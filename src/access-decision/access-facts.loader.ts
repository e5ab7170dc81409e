import type { PolicyAccess } from '../generated/prisma/enums.ts'
import { type Queryable, rows, statement } from '../platform/statement.ts'

/** What facts are wanted of. */
export interface FactsRequest {
  /** Members, each with an object key that a match of theirs can come from. */
  asked: readonly { organizationId: string; memberId: string; key: string }[]
  /** Permission groups that a match can come from. */
  permissionGroupIds: readonly string[]
  /** As many rows as are wanted at most. */
  limit: number
}

export type FactRow = PolicyFactRow | GrantFactRow

/** A group of the member grants the AWS role that is one of the member's keys. */
export interface GrantFactRow {
  memberId: string
  userGroupId: string
  policyId: null
  key: string
}

/** A policy of a group of the member with one of its resource groups, by an object that is one of the member's keys. */
export interface PolicyFactRow {
  memberId: string
  userGroupId: string
  policyId: string
  access: PolicyAccess
  permissionGroupIds: string[]
  resourceGroupId: string
  key: string
}

// One statement sees one state of the store: memberships and policies of different moments could add up to what never was.
// `offset 0` keeps the steps apart, each a look-up in an index for each row before it. Joined as one, the planner takes the few rows it
// expects of `unnest` for granted and compares all with all: seconds for 200 questions in a large organization.
const factsOfMembers = statement(
  'access_facts_of_members',
  `select c."memberId", m."userGroupId", p."id" as "policyId", p."access", p."permissionGroupIds", u."resourceGroupId", c."key"
from (
  select k."organizationId", k."memberId", k."key", array_agg(o."resourceGroupId") as "resourceGroupIds"
  from unnest($1::text[], $2::text[], $3::text[]) as k("organizationId", "memberId", "key")
  cross join lateral (
    select "resourceGroupId" from "ResourceGroupObject" where "organizationId" = k."organizationId" and "key" = k."key" offset 0
  ) o group by 1, 2, 3
) c
cross join lateral (
  select "userGroupId" from "UserGroupMember" where "organizationId" = c."organizationId" and "memberId" = c."memberId" offset 0
) m
cross join lateral (
  select "policyId", "resourceGroupId" from "PolicyResourceGroup"
  where "organizationId" = c."organizationId" and "userGroupId" = m."userGroupId" and "resourceGroupId" = any(c."resourceGroupIds") offset 0
) u
cross join lateral (
  select "id", "access", "permissionGroupIds" from "Policy"
  where "organizationId" = c."organizationId" and "id" = u."policyId" and "permissionGroupIds" && $4::text[] offset 0
) p
union all
select k."memberId", m."userGroupId", null, 'ALLOW', null, null, k."key"
from unnest($1::text[], $2::text[], $3::text[]) as k("organizationId", "memberId", "key")
cross join lateral (
  select "userGroupId" from "UserGroupAwsRole" where "organizationId" = k."organizationId" and "awsRoleId" = substr(k."key", 9) offset 0
) g
cross join lateral (
  select "userGroupId" from "UserGroupMember"
  where "organizationId" = k."organizationId" and "userGroupId" = g."userGroupId" and "memberId" = k."memberId" offset 0
) m
where k."key" like 'awsRole.%'
limit $5`,
)

/** Of the policies and role mappings of members' groups, what can match. */
export function readFacts(db: Queryable, { asked, permissionGroupIds, limit }: FactsRequest): Promise<FactRow[]> {
  return rows(db, factsOfMembers, [
    asked.map(({ organizationId }) => organizationId),
    asked.map(({ memberId }) => memberId),
    asked.map(({ key }) => key),
    permissionGroupIds,
    limit,
  ])
}
