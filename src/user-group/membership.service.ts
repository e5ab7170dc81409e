import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { holdMembers } from '../member/member.loader.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, userError } from '../platform/errors.ts'
import { type UserGroupRow, userGroupColumns } from './user-group.loader.ts'
import { lockUserGroup, requireUserGroup } from './user-group.service.ts'

/** Ids of one call: as many as a request's body holds. */
const maxIds = 20_000

export interface MembershipChange {
  userGroupId: string
  memberIds: string[]
  expectedVersion?: number | null
}

/** Exactly these members: others leave the group. */
export const setUserGroupMembers = (context: Context, change: MembershipChange) =>
  changeMembers(context, change, 'userGroup.setMembers', async (tx, group, members) => ({
    removed: await removeOthers(tx, group, members),
    added: await add(tx, group, members),
  }))

/** These members too. Who is in the group stays as they are. */
export const addUserGroupMembers = (context: Context, change: MembershipChange) =>
  changeMembers(context, change, 'userGroup.addMembers', async (tx, group, members) => ({
    removed: [],
    added: await add(tx, group, members),
  }))

/** Without these members. Who is not in the group is no error; who is not in the organization is. */
export const removeUserGroupMembers = (context: Context, change: MembershipChange) =>
  changeMembers(context, change, 'userGroup.removeMembers', async (tx, group, members) => ({
    removed: await remove(tx, group, members),
    added: [],
  }))

type HeldMember = { id: string; email: string }
type Difference = { added: string[]; removed: string[] }

/**
 * The group's row is the queue at which changes of its members line up, so that none is lost. Members are held, so that none is removed
 * from the organization meanwhile. A change that changes nothing leaves the version as it is.
 */
async function changeMembers(
  context: Context,
  { userGroupId, memberIds, expectedVersion }: MembershipChange,
  action: string,
  change: (tx: PoolClient, group: UserGroupRow, members: HeldMember[]) => Promise<Difference>,
): Promise<UserGroupRow> {
  const known = await requireUserGroup(context, userGroupId, ['input', 'userGroupId'])
  const { organizationId } = known
  if (memberIds.length > maxIds) {
    throw new Refusal(
      userError.validation(
        'VALUE_OUT_OF_BOUNDS',
        ['input', 'memberIds'],
        `memberIds must have at most ${maxIds} items; it has ${memberIds.length}. Add the rest with addUserGroupMembers.`,
      ),
    )
  }
  const changed = await transaction(context.db.pool, async (tx) => {
    const group = await lockUserGroup(tx, known, expectedVersion, 'no key update')
    if (!group) throw new Refusal(userError.notFound(['input', 'userGroupId'], 'user group'))
    const members = await holdMembers(tx, organizationId, [...new Set(memberIds)])
    const found = new Set(members.map(({ id }) => id))
    refuseIfAny(memberIds.flatMap((id, i) => (found.has(id) ? [] : [userError.notFound(['input', 'memberIds', i], 'member')])))
    const { added, removed } = await change(tx, group, members)
    if (added.length === 0 && removed.length === 0) return group
    const { rows } = await tx.query<UserGroupRow>(
      `update "UserGroup" g set "version" = g."version" + 1, "updatedAt" = now()
       where g."organizationId" = $1 and g."id" = $2 returning ${userGroupColumns}`,
      [organizationId, group.id],
    )
    await recordEvents(tx, context, [
      { organizationId, action, subjectId: group.id, before: { removed: removed.sort() }, after: { added: added.sort() } },
    ])
    return rows[0] as UserGroupRow
  })
  context.loaders.clear()
  return changed
}

async function add(tx: PoolClient, { organizationId, id }: UserGroupRow, members: HeldMember[]): Promise<string[]> {
  const { rows } = await tx.query<{ memberId: string }>(
    `insert into "UserGroupMember" ("organizationId", "userGroupId", "memberId", "email")
     select $1, $2, k."id", k."email" from unnest($3::text[], $4::text[]) as k("id", "email") on conflict do nothing returning "memberId"`,
    [organizationId, id, members.map((member) => member.id), members.map(({ email }) => email)],
  )
  return rows.map(({ memberId }) => memberId)
}

async function remove(tx: PoolClient, { organizationId, id }: UserGroupRow, members: HeldMember[]): Promise<string[]> {
  const { rows } = await tx.query<{ memberId: string }>(
    `delete from "UserGroupMember" where "organizationId" = $1 and "userGroupId" = $2 and "memberId" = any($3::text[]) returning "memberId"`,
    [organizationId, id, members.map((member) => member.id)],
  )
  return rows.map(({ memberId }) => memberId)
}

async function removeOthers(tx: PoolClient, { organizationId, id }: UserGroupRow, members: HeldMember[]): Promise<string[]> {
  const { rows } = await tx.query<{ memberId: string }>(
    `delete from "UserGroupMember" l where l."organizationId" = $1 and l."userGroupId" = $2
     and not exists (select from unnest($3::text[]) as k("id") where k."id" = l."memberId") returning l."memberId"`,
    [organizationId, id, members.map((member) => member.id)],
  )
  return rows.map(({ memberId }) => memberId)
}
