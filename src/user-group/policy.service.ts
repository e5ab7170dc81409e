import type { PoolClient } from 'pg'
import type { PolicyAccess } from '../generated/prisma/enums.ts'
import { permissionGroup } from '../permission-group/permission-group.ts'
import { Checks } from '../platform/check.ts'
import { refuseIfAny, type UserErrorValue, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { holdResourceGroups } from '../resource-group/resource-group.loader.ts'
import type { UserGroupRow } from './user-group.loader.ts'

const maxPermissionGroups = 50
const maxResourceGroups = 100

export interface PolicyRequest {
  id?: string | null
  access: PolicyAccess
  permissionGroupIds: string[]
  resourceGroupIds: string[]
}

/** A policy as it is kept and as the audit tells it. */
export interface PolicyValue {
  id: string
  access: PolicyAccess
  permissionGroupIds: string[]
  resourceGroupIds: string[]
}

/** All that is wrong with the form of a group's policies, its permission groups included, which ship with the product. */
export function policyErrors(policies: readonly PolicyRequest[], limit: number): UserErrorValue[] {
  if (policies.length > limit) {
    return [userError.quota(['input', 'policies'], `A group may have ${limit} policies; these are ${policies.length}.`, limit)]
  }
  const ids = policies.map(({ id }) => id)
  return policies.flatMap(({ id, permissionGroupIds, resourceGroupIds }, i) => {
    const at = ['input', 'policies', i]
    const { errors } = new Checks(...at)
      .size('permissionGroupIds', permissionGroupIds, maxPermissionGroups)
      .size('resourceGroupIds', resourceGroupIds, maxResourceGroups)
    if (id != null && ids.indexOf(id) < i) {
      errors.push(
        userError.validation('VALUE_DUPLICATE', [...at, 'id'], 'This policy was given before: a policy stands once in its group.'),
      )
    }
    const unknown = permissionGroupIds.flatMap((given, j) =>
      permissionGroup(given) ? [] : [userError.notFound([...at, 'permissionGroupIds', j], 'permission group')],
    )
    return [...errors, ...unknown]
  })
}

/** Puts the policies in place of those the group has; those given by id keep it. Returns null where nothing is to be changed. */
export async function replacePolicies(
  tx: PoolClient,
  group: Pick<UserGroupRow, 'id' | 'organizationId'>,
  requests: readonly PolicyRequest[],
): Promise<{ before: PolicyValue[]; after: PolicyValue[] } | null> {
  const before = await readPolicies(tx, group)
  const known = new Set(before.map(({ id }) => id))
  const resourceGroups = await holdResourceGroups(tx, group.organizationId, [
    ...new Set(requests.flatMap((request) => request.resourceGroupIds)),
  ])
  refuseIfAny(
    requests.flatMap(({ id, resourceGroupIds }, i) => [
      ...(id == null || known.has(id) ? [] : [userError.notFound(['input', 'policies', i, 'id'], 'policy of this group')]),
      ...resourceGroupIds.flatMap((given, j) =>
        resourceGroups.has(given) ? [] : [userError.notFound(['input', 'policies', i, 'resourceGroupIds', j], 'resource group')],
      ),
    ]),
  )
  const after = requests.map(({ id, access, permissionGroupIds, resourceGroupIds }) => ({
    id: id ?? newId('pol'),
    access,
    permissionGroupIds: [...new Set(permissionGroupIds)],
    resourceGroupIds: [...new Set(resourceGroupIds)],
  }))
  if (JSON.stringify(before) === JSON.stringify(after)) return null
  await writePolicies(tx, group, after)
  return { before, after }
}

/** The policies of a group whose row the caller holds. */
export async function readPolicies(
  tx: PoolClient,
  { organizationId, id }: Pick<UserGroupRow, 'id' | 'organizationId'>,
): Promise<PolicyValue[]> {
  const { rows } = await tx.query<PolicyValue>(
    `select p."id", p."access", p."permissionGroupIds", array(
       select l."resourceGroupId" from "PolicyResourceGroup" l where l."organizationId" = p."organizationId" and l."policyId" = p."id" order by l."ordinal"
     ) as "resourceGroupIds" from "Policy" p where p."organizationId" = $1 and p."userGroupId" = $2 order by p."ordinal"`,
    [organizationId, id],
  )
  return rows
}

/** Four statements, however many policies. */
async function writePolicies(
  tx: PoolClient,
  { organizationId, id }: Pick<UserGroupRow, 'id' | 'organizationId'>,
  policies: PolicyValue[],
): Promise<void> {
  const ids = policies.map((policy) => policy.id)
  await tx.query('delete from "Policy" where "organizationId" = $1 and "userGroupId" = $2 and not "id" = any($3::text[])', [
    organizationId,
    id,
    ids,
  ])
  await tx.query('delete from "PolicyResourceGroup" where "organizationId" = $1 and "policyId" = any($2::text[])', [organizationId, ids])
  await tx.query(
    `insert into "Policy" ("id", "organizationId", "userGroupId", "access", "permissionGroupIds", "ordinal")
     select p."id", $1, $2, p."access", p."permissionGroupIds", p."ordinal"
     from json_to_recordset($3::json) as p("id" text, "access" "PolicyAccess", "permissionGroupIds" text[], "ordinal" int)
     on conflict ("id") do update set "access" = excluded."access", "permissionGroupIds" = excluded."permissionGroupIds", "ordinal" = excluded."ordinal"`,
    [organizationId, id, JSON.stringify(policies.map((policy, ordinal) => ({ ...policy, ordinal })))],
  )
  const links = policies.flatMap((policy) =>
    policy.resourceGroupIds.map((resourceGroupId, ordinal) => ({ policyId: policy.id, resourceGroupId, ordinal })),
  )
  await tx.query(
    `insert into "PolicyResourceGroup" ("organizationId", "userGroupId", "policyId", "resourceGroupId", "ordinal")
     select $1, $2, l."policyId", l."resourceGroupId", l."ordinal"
     from json_to_recordset($3::json) as l("policyId" text, "resourceGroupId" text, "ordinal" int)`,
    [organizationId, id, JSON.stringify(links)],
  )
}
