import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { lineUp, requireOrganization } from '../organization/organization.service.ts'
import { assertQuota } from '../organization/quota.ts'
import { Checks } from '../platform/check.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { type PolicyRequest, policyErrors, readPolicies, replacePolicies } from './policy.service.ts'
import { type UserGroupRow, userGroupColumns, userGroupLoader } from './user-group.loader.ts'

export interface NewUserGroup {
  organizationId: string
  name: string
  policies?: PolicyRequest[] | null
}

export interface UserGroupChanges {
  id: string
  expectedVersion?: number | null
  name?: string | null
  policies?: PolicyRequest[] | null
}

export async function createUserGroup(context: Context, { organizationId, name, policies }: NewUserGroup): Promise<UserGroupRow> {
  await requireOrganization(context, organizationId, ['input', 'organizationId'])
  refuseIfAny([...nameErrors(name), ...policyErrors(policies ?? [], context.config.quotas.policiesPerGroup)])
  const created = await transaction(context.db.pool, async (tx) => {
    await lineUp(tx, organizationId, ['input', 'organizationId'])
    const limit = context.config.quotas.userGroups
    await assertQuota(tx, { organizationId, table: 'UserGroup', noun: 'user groups', limit, more: 1, path: ['input'] })
    await assertNameFree(tx, organizationId, name, null)
    const { rows } = await tx.query<UserGroupRow>(
      `insert into "UserGroup" as g ("id", "organizationId", "name") values ($1, $2, $3) returning ${userGroupColumns}`,
      [newId('ug'), organizationId, name],
    )
    const [made] = rows as [UserGroupRow]
    const written = await replacePolicies(tx, made, policies ?? [])
    await recordEvents(tx, context, [
      { organizationId, action: 'userGroup.create', subjectId: made.id, after: { name, policies: written?.after ?? [] } },
    ])
    return made
  })
  context.loaders.clear()
  return created
}

/** Absent fields stay; policies that are given replace all the group has. What is said already changes nothing, the version included. */
export async function updateUserGroup(context: Context, input: UserGroupChanges): Promise<UserGroupRow> {
  const known = await requireUserGroup(context, input.id, ['input', 'id'])
  const { organizationId } = known
  const { name, policies } = input
  refuseIfAny([...nameErrors(name), ...policyErrors(policies ?? [], context.config.quotas.policiesPerGroup)])
  const updated = await transaction(context.db.pool, async (tx) => {
    if (name != null) await lineUp(tx, organizationId, ['input', 'id'])
    const before = await lockUserGroup(tx, known, input.expectedVersion, 'no key update')
    if (!before) throw new Refusal(userError.notFound(['input', 'id'], 'user group'))
    const isRenamed = name != null && name !== before.name
    if (isRenamed) await assertNameFree(tx, organizationId, name, before.id)
    const replaced = policies === undefined ? null : await replacePolicies(tx, before, policies ?? [])
    if (!isRenamed && !replaced) return before
    const { rows } = await tx.query<UserGroupRow>(
      `update "UserGroup" g set "name" = $3, "version" = g."version" + 1, "updatedAt" = now()
       where g."organizationId" = $1 and g."id" = $2 returning ${userGroupColumns}`,
      [organizationId, before.id, name ?? before.name],
    )
    await recordEvents(tx, context, [
      {
        organizationId,
        action: 'userGroup.update',
        subjectId: before.id,
        before: { ...(isRenamed ? { name: before.name } : {}), ...(replaced ? { policies: replaced.before } : {}) },
        after: { ...(isRenamed ? { name } : {}), ...(replaced ? { policies: replaced.after } : {}) },
      },
    ])
    return rows[0] as UserGroupRow
  })
  context.loaders.clear()
  return updated
}

/** Deletes a group with its policies and memberships. What is gone already is no error. */
export async function deleteUserGroup(
  context: Context,
  { id, expectedVersion }: { id: string; expectedVersion?: number | null },
): Promise<{ deletedIds: string[]; alreadyAbsent: boolean; organizationId: string | null }> {
  const known = await userGroupLoader(context).load(id)
  if (!known) return { deletedIds: [], alreadyAbsent: true, organizationId: null }
  const { organizationId } = known
  const deletedIds = await transaction(context.db.pool, async (tx) => {
    const before = await lockUserGroup(tx, known, expectedVersion, 'update')
    if (!before) return []
    const policies = await readPolicies(tx, before)
    await tx.query('delete from "UserGroup" where "organizationId" = $1 and "id" = $2', [organizationId, id])
    await recordEvents(tx, context, [
      { organizationId, action: 'userGroup.delete', subjectId: id, before: { name: before.name, policies } },
    ])
    return [id, ...policies.map((policy) => policy.id)]
  })
  context.loaders.clear()
  return { deletedIds, alreadyAbsent: deletedIds.length === 0, organizationId }
}

/** The group if the viewer may see it; else a NotFoundError at `path`, the same for unknown and foreign ids. */
export async function requireUserGroup(context: Context, id: string, path: (string | number)[]): Promise<UserGroupRow> {
  const found = await userGroupLoader(context).load(id)
  if (!found) throw new Refusal(userError.notFound(path, 'user group'))
  return found
}

/** The group as it is, kept so until the transaction ends; null where it is gone. Refuses at another version than the one expected. */
export async function lockUserGroup(
  tx: PoolClient,
  { organizationId, id }: UserGroupRow,
  expectedVersion: number | null | undefined,
  mode: 'update' | 'no key update',
): Promise<UserGroupRow | null> {
  const { rows } = await tx.query<UserGroupRow>(
    `select ${userGroupColumns} from "UserGroup" g where g."organizationId" = $1 and g."id" = $2 for ${mode}`,
    [organizationId, id],
  )
  const [found] = rows
  if (!found) return null
  if (expectedVersion != null && expectedVersion !== found.version) {
    throw new Refusal(userError.conflict(['input', 'expectedVersion'], found.version))
  }
  return found
}

const nameErrors = (name: string | null | undefined) => new Checks('input').text('name', name, { min: 1, max: 200 }).errors

/** Makers and renamers line up at the organization, so what is free here is free when it is written. */
async function assertNameFree(tx: PoolClient, organizationId: string, name: string, ownId: string | null): Promise<void> {
  const { rows } = await tx.query<UserGroupRow>(
    `select ${userGroupColumns} from "UserGroup" g where g."organizationId" = $1 and g."name" = $2`,
    [organizationId, name],
  )
  const [existing] = rows
  if (existing && existing.id !== ownId) {
    throw new Refusal(userError.duplicate(['input', 'name'], `There is a user group named ${name} already. Choose another name.`, existing))
  }
}
