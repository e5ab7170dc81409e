import type { PoolClient } from 'pg'
import type { Context } from '../context.ts'
import { type Discovery, type DiscoveryTarget, discovererOf } from '../discovery/discovery.ts'
import { DiscoveryError } from '../discovery/discovery-error.ts'
import type { BackgroundOperationStatus } from '../generated/prisma/enums.ts'
import type { OperationRow } from '../operation/operation.loader.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal } from '../platform/errors.ts'
import { type DiscoveryPart, recordDiscovery } from '../resource/discovery-run.ts'
import { catalogueEntry } from './catalogue.ts'
import { paramValue } from './check-config.ts'
import { type IntegrationRow, integrationColumns } from './integration.loader.ts'
import { resolveSecret, type SealedIntegration } from './resolve-secret.ts'

/** Resources a transaction: a statement over them takes a fraction of what one may take. */
const batchSize = 2_000

type Status = 'ACTIVE' | 'WARNING' | 'ERROR'
const endOf: Record<Status, BackgroundOperationStatus> = { ACTIVE: 'SUCCEEDED', WARNING: 'SUCCEEDED_WITH_WARNING', ERROR: 'FAILED' }

/** Reads what the operation's integration has, writes it, and says how it went, of the integration and of the operation. */
export async function readIntegration(context: Context, operation: OperationRow, signal: AbortSignal): Promise<void> {
  const { organizationId, subjectId } = operation
  const { rows } = await context.db.pool.query<SealedIntegration>(
    `select ${integrationColumns}, i."sealedSecret" from "Integration" i where i."organizationId" = $1 and i."id" = $2`,
    [organizationId, subjectId],
  )
  const [integration] = rows
  const discover = integration && discovererOf(integration.type)
  // What was deleted has cancelled its operations.
  if (!integration || !discover) return
  try {
    const secret = await resolveSecret(context, integration, signal)
    const found = await discover(targetOf(integration, secret), context.outbound, signal)
    await write(context, operation, integration.id, found)
  } catch (error) {
    const message = error instanceof DiscoveryError ? error.message : error instanceof Refusal ? error.errors[0]?.message : null
    if (!message) throw error
    await transaction(context.db.pool, async (tx) => {
      if (await lockRunning(tx, operation)) await end(tx, operation, 'ERROR', message, 0)
    })
  }
}

function targetOf({ type, config, connectedResourceTypes }: IntegrationRow, secret: Record<string, string>): DiscoveryTarget {
  const entry = catalogueEntry(type)
  return {
    param: (key) => paramValue(entry, config, key),
    secret,
    wants: (resourceType) => connectedResourceTypes === null || connectedResourceTypes.includes(resourceType),
  }
}

/** All but the last batch by themselves; the last with the end of the run, of the refresh and of the operation. */
async function write(
  { db, config }: Context,
  operation: OperationRow,
  integrationId: string,
  { resources, permissions, missing }: Discovery,
): Promise<void> {
  const { organizationId, id: runId } = operation
  const part = (from: number): DiscoveryPart => ({
    organizationId,
    integrationId,
    runId,
    resources: resources.slice(from, from + batchSize),
    permissions: null,
    isComplete: false,
  })
  const last = Math.max(0, Math.ceil(resources.length / batchSize) - 1) * batchSize
  for (let from = 0; from < last; from += batchSize) {
    const isRunning = await transaction(db.pool, async (tx) => {
      if (!(await lockRunning(tx, operation))) return false
      await recordDiscovery(tx, part(from), config.quotas.resources)
      await tx.query('update "BackgroundOperation" set "done" = $3, "total" = $4 where "organizationId" = $1 and "id" = $2', [
        organizationId,
        runId,
        from + batchSize,
        resources.length,
      ])
      return true
    })
    if (!isRunning) return
  }
  await transaction(db.pool, async (tx) => {
    if (!(await lockRunning(tx, operation))) return
    await recordDiscovery(tx, { ...part(last), permissions, isComplete: missing === null }, config.quotas.resources)
    await end(tx, operation, missing === null ? 'ACTIVE' : 'WARNING', missing, resources.length)
  })
}

/** Whether the operation has not ended meanwhile; it does not before the transaction does. The organization's row comes first, as everywhere. */
async function lockRunning(tx: PoolClient, { organizationId, id }: OperationRow): Promise<boolean> {
  await tx.query('select 1 from "Organization" where "id" = $1 for key share', [organizationId])
  const { rowCount } = await tx.query(
    `select 1 from "BackgroundOperation" where "organizationId" = $1 and "id" = $2 and "status" = 'RUNNING' for update`,
    [organizationId, id],
  )
  return rowCount === 1
}

async function end(
  tx: PoolClient,
  { organizationId, id, subjectId }: OperationRow,
  status: Status,
  message: string | null,
  found: number,
): Promise<void> {
  await tx.query(
    `update "Integration" set "status" = $3::"IntegrationStatus", "statusMessage" = $4, "statusBefore" = null,
       "lastSyncAt" = case when $5 then now() else "lastSyncAt" end
     where "organizationId" = $1 and "id" = $2 and "status" = 'REFRESHING'`,
    [organizationId, subjectId, status, message, status !== 'ERROR'],
  )
  await tx.query(
    `update "BackgroundOperation" set "status" = $3::"BackgroundOperationStatus", "finishedAt" = now(), "statusMessage" = $4, "total" = $5, "done" = $5,
       "succeeded" = $5 where "organizationId" = $1 and "id" = $2`,
    [organizationId, id, endOf[status], message, found],
  )
}
