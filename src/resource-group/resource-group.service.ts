import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { lineUp, requireOrganization } from '../organization/organization.service.ts'
import { assertQuota } from '../organization/quota.ts'
import { Checks } from '../platform/check.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { policiesUsing } from '../user-group/policy.loader.ts'
import { type MetaInput, metaErrors, readMeta } from './meta.ts'
import { type ResourceGroupRow, resourceGroupColumns, resourceGroupLoader } from './resource-group.loader.ts'
import { holdNamed } from './resource-key.loader.ts'
import { missingObjects, readScope, type ScopeInput } from './resource-scope.ts'

/** Policies named as blockers of a deletion. */
const maxBlockers = 50

export interface NewResourceGroup {
  organizationId: string
  name: string
  scope: ScopeInput[]
  meta?: MetaInput[] | null
}

export interface ResourceGroupChanges {
  id: string
  expectedVersion?: number | null
  name?: string | null
  scope?: ScopeInput[] | null
  meta?: MetaInput[] | null
}

export async function createResourceGroup(context: Context, input: NewResourceGroup): Promise<ResourceGroupRow> {
  const { organizationId, name, scope } = input
  await requireOrganization(context, organizationId, ['input', 'organizationId'])
  const { keys, errors } = readScope(organizationId, scope)
  refuseIfAny([...nameErrors(name), ...errors, ...metaErrors(input.meta)])
  const meta = readMeta(input.meta)
  const created = await transaction(context.db.pool, async (tx) => {
    await lineUp(tx, organizationId, ['input', 'organizationId'])
    const limit = context.config.quotas.resourceGroups
    await assertQuota(tx, { organizationId, table: 'ResourceGroup', noun: 'resource groups', limit, more: 1, path: ['input'] })
    await assertNameFree(tx, organizationId, name, null)
    refuseIfAny(missingObjects(scope, await holdNamed(tx, organizationId, keys)))
    const { rows } = await tx.query<ResourceGroupRow>(
      `insert into "ResourceGroup" as r ("id", "organizationId", "name", "meta") values ($1, $2, $3, $4) returning ${resourceGroupColumns}`,
      [newId('rg'), organizationId, name, JSON.stringify(meta)],
    )
    const [made] = rows as [ResourceGroupRow]
    await writeObjects(tx, made, keys)
    await recordEvents(tx, context, [
      { organizationId, action: 'resourceGroup.create', subjectId: made.id, after: { name, meta, objects: keys } },
    ])
    return made
  })
  context.loaders.clear()
  return created
}

/** Absent fields stay. What is said already changes nothing, the version included. */
export async function updateResourceGroup(context: Context, input: ResourceGroupChanges): Promise<ResourceGroupRow> {
  const known = await resourceGroupLoader(context).load(input.id)
  if (!known) throw new Refusal(userError.notFound(['input', 'id'], 'resource group'))
  const { organizationId } = known
  const { name, scope } = input
  const given = scope ? readScope(organizationId, scope) : null
  refuseIfAny([...nameErrors(name), ...(given?.errors ?? []), ...(scope === null ? [scopeMissing] : []), ...metaErrors(input.meta)])
  const updated = await transaction(context.db.pool, async (tx) => {
    if (name != null) await lineUp(tx, organizationId, ['input', 'id'])
    const before = await lock(tx, known, input.expectedVersion, 'no key update')
    if (!before) throw new Refusal(userError.notFound(['input', 'id'], 'resource group'))
    const after = {
      name: name ?? before.name,
      meta: input.meta === undefined ? before.meta : readMeta(input.meta),
      objects: given?.keys ?? before.objects,
    }
    if (after.name !== before.name) await assertNameFree(tx, organizationId, after.name, before.id)
    if (scope && given) refuseIfAny(missingObjects(scope, await holdNamed(tx, organizationId, given.keys)))
    const shown = { name: before.name, meta: before.meta, objects: before.objects }
    if (JSON.stringify(shown) === JSON.stringify(after)) return before
    const { rows } = await tx.query<ResourceGroupRow>(
      `update "ResourceGroup" r set "name" = $3, "meta" = $4, "version" = r."version" + 1, "updatedAt" = now()
       where r."organizationId" = $1 and r."id" = $2 returning ${resourceGroupColumns}`,
      [organizationId, before.id, after.name, JSON.stringify(after.meta)],
    )
    if (given) await writeObjects(tx, before, given.keys)
    await recordEvents(tx, context, [{ organizationId, action: 'resourceGroup.update', subjectId: before.id, before: shown, after }])
    return rows[0] as ResourceGroupRow
  })
  context.loaders.clear()
  return updated
}

/** Refused while a policy uses it. What is gone already is no error. */
export async function deleteResourceGroup(
  context: Context,
  { id, expectedVersion }: { id: string; expectedVersion?: number | null },
): Promise<{ deletedIds: string[]; alreadyAbsent: boolean; organizationId: string | null }> {
  const known = await resourceGroupLoader(context).load(id)
  if (!known) return { deletedIds: [], alreadyAbsent: true, organizationId: null }
  const { organizationId } = known
  const isDeleted = await transaction(context.db.pool, async (tx) => {
    // Waits for the transactions that are about to use it in a policy: their policies are seen below.
    const before = await lock(tx, known, expectedVersion, 'update')
    if (!before) return false
    const policies = await policiesUsing(tx, organizationId, id, maxBlockers)
    if (policies.length > 0) {
      throw new Refusal(
        userError.precondition(
          ['input', 'id'],
          `Policies use this resource group${policies.length === maxBlockers ? '; the first of them are named' : ''}.`,
          'Take it out of these policies with updateUserGroup first.',
          policies,
        ),
      )
    }
    await tx.query('delete from "ResourceGroup" where "organizationId" = $1 and "id" = $2', [organizationId, id])
    const { name, meta, objects } = before
    await recordEvents(tx, context, [{ organizationId, action: 'resourceGroup.delete', subjectId: id, before: { name, meta, objects } }])
    return true
  })
  context.loaders.clear()
  return { deletedIds: isDeleted ? [id] : [], alreadyAbsent: !isDeleted, organizationId }
}

const scopeMissing = userError.validation(
  'REQUIRED_VALUE_MISSING',
  ['input', 'scope'],
  'scope cannot be cleared: leave it out or give at least one object.',
)

const nameErrors = (name: string | null | undefined) => new Checks('input').text('name', name, { min: 1, max: 200 }).errors

/** Makers and renamers line up at the organization, so what is free here is free when it is written. */
async function assertNameFree(tx: PoolClient, organizationId: string, name: string, ownId: string | null): Promise<void> {
  const { rows } = await tx.query<ResourceGroupRow>(
    `select ${resourceGroupColumns} from "ResourceGroup" r where r."organizationId" = $1 and r."name" = $2`,
    [organizationId, name],
  )
  const [existing] = rows
  if (existing && existing.id !== ownId) {
    throw new Refusal(
      userError.duplicate(['input', 'name'], `There is a resource group named ${name} already. Choose another name.`, existing),
    )
  }
}

type LockedGroup = ResourceGroupRow & { objects: string[] }

/** The group as it is, kept so until the transaction ends; null where it is gone. Refuses at another version than the one expected. */
async function lock(
  tx: PoolClient,
  { organizationId, id }: ResourceGroupRow,
  expectedVersion: number | null | undefined,
  mode: 'update' | 'no key update',
): Promise<LockedGroup | null> {
  const { rows } = await tx.query<ResourceGroupRow>(
    `select ${resourceGroupColumns} from "ResourceGroup" r where r."organizationId" = $1 and r."id" = $2 for ${mode}`,
    [organizationId, id],
  )
  const [found] = rows
  if (!found) return null
  if (expectedVersion != null && expectedVersion !== found.version) {
    throw new Refusal(userError.conflict(['input', 'expectedVersion'], found.version))
  }
  const objects = await tx.query<{ key: string }>(
    'select "key" from "ResourceGroupObject" where "organizationId" = $1 and "resourceGroupId" = $2 order by "ordinal"',
    [organizationId, id],
  )
  return { ...found, meta: readMeta(found.meta), objects: objects.rows.map(({ key }) => key) }
}

async function writeObjects(tx: PoolClient, { organizationId, id }: ResourceGroupRow, keys: string[]): Promise<void> {
  await tx.query('delete from "ResourceGroupObject" where "organizationId" = $1 and "resourceGroupId" = $2', [organizationId, id])
  await tx.query(
    `insert into "ResourceGroupObject" ("organizationId", "resourceGroupId", "key", "ordinal")
     select $1, $2, k."key", k."ordinal" from unnest($3::text[]) with ordinality as k("key", "ordinal")`,
    [organizationId, id, keys],
  )
}
