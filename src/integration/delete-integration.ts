import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { lockOrganization } from '../organization/lock-organization.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, type UserErrorValue, userError } from '../platform/errors.ts'
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
    await lockOrganization(tx, organizationId, ['input', 'id'])
    const present = await tx.query('select 1 from "Integration" where "organizationId" = $1 and "id" = $2', [organizationId, id])
    if (present.rowCount === 0) return false
    await cancelRefreshes(tx, organizationId, id, 'The integration was deleted.')
    const before = await lockIntegration(tx, found, expectedVersion, 'update')
    const dependants = await dependantsOf(tx, organizationId, id)
    if (dependants.length > 0) throw new Refusal(stillNeeded(dependants))
    await deleteContents(tx, organizationId, id)
    await tx.query('delete from "Integration" where "organizationId" = $1 and "id" = $2', [organizationId, id])
    await recordEvents(tx, context, [{ organizationId, action: 'integration.delete', subjectId: id, before: auditableOf(before) }])
    return true
  })
  context.loaders.clear()
  return { deletedIds: isDeleted ? [id] : [], alreadyAbsent: !isDeleted, organizationId }
}

const batchSize = 20_000

/** Deletes the resources of an integration, so many a statement that none takes longer than a statement may. */
export async function deleteContents(tx: PoolClient, organizationId: string, integrationId: string): Promise<void> {
  for (;;) {
    const { rowCount } = await tx.query(
      `delete from "Resource" where "id" in (
         select "id" from "Resource" where "organizationId" = $1 and "integrationId" = $2 limit $3)`,
      [organizationId, integrationId, batchSize],
    )
    if ((rowCount ?? 0) < batchSize) return
  }
}

async function dependantsOf(tx: PoolClient, organizationId: string, id: string): Promise<IntegrationRow[]> {
  const { rows } = await tx.query<IntegrationRow>(
    `select ${integrationColumns} from "Integration" i where i."organizationId" = $1 and i."id" <> $2
       and (i."ownerSourceId" = $2 or i."ownersMappingSourceId" = $2) order by i."name" limit 50`,
    [organizationId, id],
  )
  return rows
}

function stillNeeded(dependants: IntegrationRow[]): UserErrorValue {
  const names = dependants.map(({ name }) => name).join(', ')
  return userError.precondition(
    ['input', 'id'],
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
