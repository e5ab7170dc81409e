import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { lineUp } from '../organization/organization.service.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, userError } from '../platform/errors.ts'
import { type UserGroupRow, userGroupLoader } from '../user-group/user-group.loader.ts'
import { requireUserGroup } from '../user-group/user-group.service.ts'
import { type AwsRoleRow, awsRoleLoader } from './aws-role.loader.ts'

/** Ids of one call: as many as an organization may have groups. */
const maxIds = 5_000

/** `set` leaves exactly those that are given, `add` and `remove` change these alone. */
export type MappingMode = 'set' | 'add' | 'remove'

export interface RoleChange {
  awsRoleId: string
  userGroupIds: string[]
  expectedVersion?: number | null
}

export interface GroupChange {
  userGroupId: string
  awsRoleIds: string[]
  expectedVersion?: number | null
}

/** Changes which groups grant the role. What changes nothing leaves every version as it is. */
export async function changeAwsRoleUserGroups(context: Context, change: RoleChange, mode: MappingMode): Promise<AwsRoleRow | null> {
  const { awsRoleId, userGroupIds, expectedVersion } = change
  const role = await awsRoleLoader(context).load(awsRoleId)
  if (!role) throw new Refusal(userError.notFound(['input', 'awsRoleId'], 'AWS role'))
  await changeMapping(context, role, { own: 'AwsRole', ids: userGroupIds, expectedVersion }, mode)
  return awsRoleLoader(context).load(awsRoleId)
}

/** Changes which roles the group grants. What changes nothing leaves every version as it is. */
export async function changeUserGroupAwsRoles(context: Context, change: GroupChange, mode: MappingMode): Promise<UserGroupRow | null> {
  const { userGroupId, awsRoleIds, expectedVersion } = change
  const group = await requireUserGroup(context, userGroupId, ['input', 'userGroupId'])
  await changeMapping(context, group, { own: 'UserGroup', ids: awsRoleIds, expectedVersion }, mode)
  return userGroupLoader(context).load(userGroupId)
}

interface MappingChange {
  /** Of what kind the thing is whose links change. */
  own: keyof typeof sides
  /** What it is linked to, is not any more, or is alone. */
  ids: string[]
  expectedVersion: number | null | undefined
}

const sides = {
  UserGroup: { other: 'AwsRole', column: 'userGroupId', noun: 'user group', action: 'AwsRoles' },
  AwsRole: { other: 'UserGroup', column: 'awsRoleId', noun: 'AWS role', action: 'UserGroups' },
} as const
const subjects = { UserGroup: 'userGroup', AwsRole: 'awsRole' } as const

/**
 * All that change mappings of an organization line up at its row; then come groups, roles and links, each in the order of their ids. Both
 * ends count a version for each change: a set that one caller has read is not replaced unseen, whichever end another changed it from.
 */
async function changeMapping(
  context: Context,
  { id, organizationId }: { id: string; organizationId: string },
  { own, ids, expectedVersion }: MappingChange,
  mode: MappingMode,
): Promise<void> {
  const { other, column, noun, action } = sides[own]
  const [path, otherPath] = [
    ['input', column],
    ['input', `${sides[other].column}s`],
  ]
  if (ids.length > maxIds) {
    const message = `${otherPath[1]} must have at most ${maxIds} items; it has ${ids.length}.`
    throw new Refusal(userError.validation('VALUE_OUT_OF_BOUNDS', otherPath, message))
  }
  await transaction(context.db.pool, async (tx) => {
    await lineUp(tx, organizationId, path)
    const mapping = { organizationId, id, column, otherColumn: sides[other].column, given: [...new Set(ids)] }
    const linked = mode === 'set' ? await linkedTo(tx, mapping) : []
    const wanted = { [own]: [id], [other]: [...mapping.given, ...linked] }
    const groups = await lockRows(tx, 'UserGroup', organizationId, wanted.UserGroup ?? [])
    const roles = await lockRows(tx, 'AwsRole', organizationId, wanted.AwsRole ?? [])
    const [owned, others] = own === 'AwsRole' ? [roles, groups] : [groups, roles]
    const version = owned.get(id)
    if (version === undefined) throw new Refusal(userError.notFound(path, noun))
    if (expectedVersion != null && expectedVersion !== version) throw new Refusal(userError.conflict(['input', 'expectedVersion'], version))
    refuseIfAny(ids.flatMap((given, i) => (others.has(given) ? [] : [userError.notFound([...otherPath, i], sides[other].noun)])))
    const removed = mode === 'add' ? [] : await unlink(tx, mapping, mode)
    const added = mode === 'remove' ? [] : await link(tx, mapping)
    if (added.length + removed.length === 0) return
    await countVersions(tx, own, organizationId, [id])
    await countVersions(tx, other, organizationId, [...added, ...removed])
    const event = { organizationId, action: `${subjects[own]}.${mode}${action}`, subjectId: id }
    await recordEvents(tx, context, [{ ...event, before: { removed: removed.sort() }, after: { added: added.sort() } }])
  })
  context.loaders.clear()
}

interface Mapping {
  organizationId: string
  id: string
  column: 'userGroupId' | 'awsRoleId'
  otherColumn: 'userGroupId' | 'awsRoleId'
  given: string[]
}

async function linkedTo(tx: PoolClient, { organizationId, id, column, otherColumn }: Mapping): Promise<string[]> {
  const text = `select "${otherColumn}" as "id" from "UserGroupAwsRole" where "organizationId" = $1 and "${column}" = $2`
  return idsOf(await tx.query<{ id: string }>(text, [organizationId, id]))
}

async function lockRows(tx: PoolClient, table: keyof typeof sides, organizationId: string, ids: string[]): Promise<Map<string, number>> {
  const { rows } = await tx.query<{ id: string; version: number }>(
    `select "id", "version" from "${table}" where "organizationId" = $1 and "id" = any($2::text[]) order by "id" for no key update`,
    [organizationId, ids],
  )
  return new Map(rows.map(({ id, version }) => [id, version]))
}

async function link(tx: PoolClient, { organizationId, id, column, otherColumn, given }: Mapping): Promise<string[]> {
  const text = `insert into "UserGroupAwsRole" ("organizationId", "${column}", "${otherColumn}")
    select $1, $2, k from unnest($3::text[]) as k order by k on conflict do nothing returning "${otherColumn}" as "id"`
  return idsOf(await tx.query<{ id: string }>(text, [organizationId, id, given]))
}

/** Those that are given, or where the set is replaced, all others. */
async function unlink(
  tx: PoolClient,
  { organizationId, id, column, otherColumn, given }: Mapping,
  mode: 'set' | 'remove',
): Promise<string[]> {
  const text = `delete from "UserGroupAwsRole" where "organizationId" = $1 and "${column}" = $2
    and ("${otherColumn}" = any($3::text[])) = $4 returning "${otherColumn}" as "id"`
  return idsOf(await tx.query<{ id: string }>(text, [organizationId, id, given, mode === 'remove']))
}

async function countVersions(tx: PoolClient, table: keyof typeof sides, organizationId: string, ids: string[]): Promise<void> {
  await tx.query(
    `update "${table}" set "version" = "version" + 1, "updatedAt" = now() where "organizationId" = $1 and "id" = any($2::text[])`,
    [organizationId, ids],
  )
}

const idsOf = ({ rows }: { rows: { id: string }[] }) => rows.map(({ id }) => id)
