import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { lineUp } from '../organization/organization.service.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, type UserErrorValue, userError } from '../platform/errors.ts'
import { resourceGroupsNaming } from '../resource-group/resource-group.loader.ts'
import { type IntegrationRow, integrationColumns, integrationLoader } from './integration.loader.ts'
import { auditableOf } from './integration-values.ts'
import { cancelRefreshes } from './switch-integration.ts'
import { type IntegrationReference, lockIntegration } from './write-integration.ts'

export interface IntegrationRemoval {
  deletedIds: string[]
  alreadyAbsent: boolean
  organizationId: string | null
}

/** Forgets an integration with its secret, resources, permissions and runs; a refresh under way is cancelled. What is gone is no error. */
export async function deleteIntegration(context: Context, { id, expectedVersion }: IntegrationReference): Promise<IntegrationRemoval> {
  const found = await integrationLoader(context).load(id)
  if (!found) return { deletedIds: [], alreadyAbsent: true, organizationId: null }
  const { organizationId } = found
  if (found.type === 'aws') throw new Refusal(awsIsUninstalled())
  const isDeleted = await transaction(context.db.pool, async (tx) => {
    await lineUp(tx, organizationId, ['input', 'id'])
    const present = await tx.query('select 1 from "Integration" where "organizationId" = $1 and "id" = $2', [organizationId, id])
    if (present.rowCount === 0) return false
    await cancelRefreshes(tx, organizationId, id, 'The integration was deleted.')
    const before = await lockIntegration(tx, found, expectedVersion, 'update')
    await forgetIntegration(tx, { organizationId, id }, ['input', 'id'])
    await recordEvents(tx, context, [{ organizationId, action: 'integration.delete', subjectId: id, before: auditableOf(before) }])
    return true
  })
  context.loaders.clear()
  return { deletedIds: isDeleted ? [id] : [], alreadyAbsent: !isDeleted, organizationId }
}

/**
 * Deletes an integration that the transaction has locked, with its resources. Throws a Refusal, at `path`, while the owners of others are
 * looked up in it, or a resource group names it, something of it, or one of `keys`, which are gone already.
 */
export async function forgetIntegration(
  tx: PoolClient,
  { organizationId, id }: { organizationId: string; id: string },
  path: string[],
  keys: string[] = [],
): Promise<void> {
  const dependants = await dependantsOf(tx, organizationId, id)
  if (dependants.length > 0) throw new Refusal(stillNeeded(dependants, path))
  const unnamed = (named: string[]) => assertUnnamed(tx, organizationId, named, path)
  await deleteContents(tx, organizationId, id, (ids) => unnamed(ids.map((resourceId) => `resource.${resourceId}`)))
  await tx.query('delete from "Integration" where "organizationId" = $1 and "id" = $2', [organizationId, id])
  await unnamed([`integration.${id}`, ...keys])
}

const batchSize = 20_000

/** Deletes the resources of an integration, so many a statement that none takes longer than a statement may; `each` is told what went. */
async function deleteContents(
  tx: PoolClient,
  organizationId: string,
  integrationId: string,
  each: (ids: string[]) => Promise<void>,
): Promise<void> {
  for (;;) {
    const { rows } = await tx.query<{ id: string }>(
      `delete from "Resource" where "id" in (
         select "id" from "Resource" where "organizationId" = $1 and "integrationId" = $2 limit $3) returning "id"`,
      [organizationId, integrationId, batchSize],
    )
    await each(rows.map(({ id }) => id))
    if (rows.length < batchSize) return
  }
}

const maxBlockers = 50

/** A policy that denies it would be silently gone with it. Asked once it is deleted, which waits for whoever is about to name it. */
async function assertUnnamed(tx: PoolClient, organizationId: string, keys: string[], path: string[]): Promise<void> {
  const blockers = await resourceGroupsNaming(tx, organizationId, keys, maxBlockers)
  if (blockers.length === 0) return
  throw new Refusal(
    userError.precondition(
      path,
      'Resource groups name the integration, or something of it.',
      'Take them out of these resource groups with updateResourceGroup first.',
      blockers,
    ),
  )
}

async function dependantsOf(tx: PoolClient, organizationId: string, id: string): Promise<IntegrationRow[]> {
  const { rows } = await tx.query<IntegrationRow>(
    `select ${integrationColumns} from "Integration" i where i."organizationId" = $1 and i."id" <> $2
       and (i."ownerSourceId" = $2 or i."ownersMappingSourceId" = $2) order by i."name" limit 50`,
    [organizationId, id],
  )
  return rows
}

function stillNeeded(dependants: IntegrationRow[], path: string[]): UserErrorValue {
  const names = dependants.map(({ name }) => name).join(', ')
  return userError.precondition(
    path,
    `The owners of other integrations are looked up in it: ${names}.`,
    'Give these another sourceIntegrationId in owner and ownersMapping, or none; then delete it.',
    dependants,
  )
}

const awsIsUninstalled = () =>
  userError.precondition(
    ['input', 'id'],
    'The aws integration is not deleted but uninstalled, with its components.',
    'Use uninstallAwsIntegration.',
  )
