import { MemberStatus } from '../generated/prisma/enums.ts'
import { permissionGroupsCovering } from '../permission-group/permission-group.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'

/** A group that grants a role. */
export interface RoleGrantRow {
  organizationId: string
  userGroupId: string
  awsRoleId: string
  grantedAt: Date
}

const grantColumns = 'g."organizationId", g."userGroupId", g."awsRoleId", g."grantedAt"'
const grants = '"UserGroupAwsRole" g'

/** The groups that grant a role, in the order the groups were made. */
export const awsRoleUserGroups: PageSource<RoleGrantRow> = {
  name: 'awsRole.userGroups',
  columns: grantColumns,
  from: grants,
  parentColumns: ['g."organizationId"', 'g."awsRoleId"'],
  orders: { GROUP: [{ sql: 'g."userGroupId"', type: 'text', key: ({ userGroupId }) => userGroupId }] },
}

/** The roles that a group grants, in the order they were first seen. */
export const userGroupAwsRoles: PageSource<RoleGrantRow> = {
  name: 'userGroup.awsRoles',
  columns: grantColumns,
  from: grants,
  parentColumns: ['g."organizationId"', 'g."userGroupId"'],
  orders: { ROLE: [{ sql: 'g."awsRoleId"', type: 'text', key: ({ awsRoleId }) => awsRoleId }] },
}

/** A member and a role that they may assume. */
export interface RoleUseRow {
  memberId: string
  email: string
  awsRoleId: string
  /** The groups that allow it, by a mapping or a policy. */
  via: string[]
}

// The permission groups ship with the product, so what can allow or deny this one permission is a constant. Both lists below are decided as
// access decisions are: accepted members only, a matching deny wins, then a matching allow or a mapping counts.
const mayAssume = `array[${permissionGroupsCovering(['awsRole:assume'])
  .map((id) => `'${id}'`)
  .join(', ')}]::text[]`

// By name, since only that is found by an index.
const notAccepted = Object.values(MemberStatus)
  .filter((status) => status !== 'ACCEPTED')
  .map((status) => `'${status}'`)
  .join(', ')

/**
 * Who may assume a role, by e-mail address, which is unique in the organization. Ten thousand may: of each group that lets them, no more
 * is taken than the page can hold, and the groups they come through are looked up for the page alone. Who may not, as by far the fewest do,
 * is known beforehand and hashed: to ask for each membership would take most of the time.
 */
export const awsRoleMembers: PageSource<RoleUseRow> = {
  name: 'awsRole.members',
  columns: 'x."memberId", x."email", r."id" as "awsRoleId", x."via"',
  from: (cut) => `"AwsRole" r join "AwsAccount" a on a."organizationId" = r."organizationId" and a."id" = r."awsAccountId"
cross join lateral (
  with held as materialized (
    select distinct pol."userGroupId", pol."access" from "ResourceGroupObject" o
    join "PolicyResourceGroup" u on u."organizationId" = o."organizationId" and u."resourceGroupId" = o."resourceGroupId"
    join "Policy" pol on pol."organizationId" = u."organizationId" and pol."id" = u."policyId" and pol."permissionGroupIds" && ${mayAssume}
    where o."organizationId" = r."organizationId" and o."key" in ('*', 'awsRole.' || r."id", 'awsAccount.' || a."accountId")
  ), granting as materialized (
    select "userGroupId" from held where "access" = 'ALLOW'
    union select g."userGroupId" from "UserGroupAwsRole" g where g."organizationId" = r."organizationId" and g."awsRoleId" = r."id"
  ), barred as materialized (
    select d."memberId" from held join "UserGroupMember" d on d."organizationId" = r."organizationId" and d."userGroupId" = held."userGroupId"
    where held."access" = 'DENY'
    union all select m."id" from "Member" m where m."organizationId" = r."organizationId" and m."status" in (${notAccepted})
  )
  select e."memberId", e."email", array(
    select v."userGroupId" from "UserGroupMember" v where v."organizationId" = r."organizationId" and v."memberId" = e."memberId"
      and v."userGroupId" in (select "userGroupId" from granting) order by 1
  ) as "via"
  from (
    select distinct l."memberId", l."email" from granting cross join lateral (
      select l."memberId", l."email" from "UserGroupMember" l
      where l."organizationId" = r."organizationId" and l."userGroupId" = granting."userGroupId"
        and l."memberId" not in (select "memberId" from barred)${cut ? cut.rows(['l."email"']) : ''}
    ) l
  ) e where true${cut ? cut.rows(['e."email"']) : ''}
) x`,
  parentColumns: ['r."organizationId"', 'r."id"'],
  orders: { EMAIL: [{ sql: 'x."email"', type: 'text', key: ({ email }) => email }] },
}

/** The roles that a member may assume, in the order they were first seen. */
export const memberAwsRoles: PageSource<RoleUseRow> = {
  name: 'member.awsRoles',
  columns: 'm."id" as "memberId", m."email", x."awsRoleId", x."via"',
  from: `"Member" m
cross join lateral (
  with held as materialized (
    select distinct s."userGroupId", s."access", o."key" from (
      select distinct pol."userGroupId", pol."access", u."resourceGroupId" from "UserGroupMember" l
      join "Policy" pol on pol."organizationId" = l."organizationId" and pol."userGroupId" = l."userGroupId"
        and pol."permissionGroupIds" && ${mayAssume}
      join "PolicyResourceGroup" u on u."organizationId" = pol."organizationId" and u."policyId" = pol."id"
      where l."organizationId" = m."organizationId" and l."memberId" = m."id" and m."status" = 'ACCEPTED'
    ) s join "ResourceGroupObject" o on o."organizationId" = m."organizationId" and o."resourceGroupId" = s."resourceGroupId"
    where o."key" = '*' or o."key" like 'awsRole.%' or o."key" like 'awsAccount.%'
  ), denied as materialized (
    select distinct "key" from held where "access" = 'DENY'
  ), granted as (
    select g."awsRoleId", g."userGroupId" from "UserGroupMember" l
    join "UserGroupAwsRole" g on g."organizationId" = l."organizationId" and g."userGroupId" = l."userGroupId"
    where l."organizationId" = m."organizationId" and l."memberId" = m."id" and m."status" = 'ACCEPTED'
    union select substr(held."key", 9), held."userGroupId" from held where held."access" = 'ALLOW' and held."key" like 'awsRole.%'
    union select r."id", held."userGroupId" from held
    join "AwsAccount" a on a."organizationId" = m."organizationId" and a."accountId" = substr(held."key", 12)
    join "AwsRole" r on r."organizationId" = m."organizationId" and r."awsAccountId" = a."id"
    where held."access" = 'ALLOW' and held."key" like 'awsAccount.%'
    union select r."id", held."userGroupId" from held join "AwsRole" r on r."organizationId" = m."organizationId"
    where held."access" = 'ALLOW' and held."key" = '*'
  )
  select r."id" as "awsRoleId", array_agg(granted."userGroupId" order by granted."userGroupId") as "via"
  from granted join "AwsRole" r on r."organizationId" = m."organizationId" and r."id" = granted."awsRoleId"
  join "AwsAccount" a on a."organizationId" = r."organizationId" and a."id" = r."awsAccountId"
  where not exists (select from denied where denied."key" = '*')
    and not exists (select from denied where denied."key" = 'awsRole.' || r."id")
    and not exists (select from denied where denied."key" = 'awsAccount.' || a."accountId")
  group by r."id"
) x`,
  parentColumns: ['m."organizationId"', 'm."id"'],
  orders: { ROLE: [{ sql: 'x."awsRoleId"', type: 'text', key: ({ awsRoleId }) => awsRoleId }] },
}
