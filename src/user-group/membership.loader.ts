import type { PageSource } from '../platform/pagination/page-source.ts'
import { type Queryable, rows, statement } from '../platform/statement.ts'

export interface MembershipRow {
  organizationId: string
  userGroupId: string
  memberId: string
  email: string
  addedAt: Date
}

const columns = 'l."organizationId", l."userGroupId", l."memberId", l."email", l."addedAt"'
const from = '"UserGroupMember" l'

/** The memberships of a group; an address is unique in an organization, so the order needs no tie-break. */
export const userGroupMemberships: PageSource<MembershipRow> = {
  name: 'userGroup.members',
  columns,
  from,
  parentColumns: ['l."organizationId"', 'l."userGroupId"'],
  orders: { EMAIL: [{ sql: 'l."email"', type: 'text', key: ({ email }) => email }] },
}

/** The memberships of a member, in the order the groups were made. */
export const memberMemberships: PageSource<MembershipRow> = {
  name: 'member.userGroups',
  columns,
  from,
  parentColumns: ['l."organizationId"', 'l."memberId"'],
  orders: { GROUP: [{ sql: 'l."userGroupId"', type: 'text', key: ({ userGroupId }) => userGroupId }] },
}

const endOfMember = statement(
  'membership_end_of_member',
  'delete from "UserGroupMember" where "organizationId" = $1 and "memberId" = $2 returning "userGroupId"',
)

/** Takes a member out of every group. Returns the groups. */
export async function endMemberships(tx: Queryable, organizationId: string, memberId: string): Promise<string[]> {
  const ended = await rows<{ userGroupId: string }>(tx, endOfMember, [organizationId, memberId])
  return ended.map(({ userGroupId }) => userGroupId).sort()
}
