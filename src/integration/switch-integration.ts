import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { lineUp } from '../organization/organization.service.ts'
import { transaction } from '../platform/database/transaction.ts'
import { type IntegrationRow, integrationColumns } from './integration.loader.ts'
import { type IntegrationReference, lockIntegration, requireIntegration } from './write-integration.ts'

/** Switches an integration off: nothing is read of it any more, and a refresh under way is cancelled. Again changes nothing. */
export const disableIntegration = (context: Context, reference: IntegrationReference) =>
  change(context, reference, async (tx, { organizationId, id, status }) => {
    if (status === 'DISABLED') return null
    // Operations before their integration, as whoever ends them does.
    await cancelRefreshes(tx, organizationId, id, 'The integration was switched off.')
    return { status: 'DISABLED', message: 'It was switched off: nothing is read of it until it is enabled.', action: 'integration.disable' }
  })

/** Switches an integration on again. How it is doing shows with the next refresh or report. On one that is on, changes nothing. */
export const enableIntegration = (context: Context, reference: IntegrationReference) =>
  change(context, reference, async (_tx, { status }) => {
    if (status !== 'DISABLED') return null
    return {
      status: 'INITIALIZING',
      message: 'It was switched on again: what it has shows with the next refresh or report.',
      action: 'integration.enable',
    }
  })

/** Ends the refreshes of an integration that have not ended, and takes their jobs out of the queue. */
export async function cancelRefreshes(tx: PoolClient, organizationId: string, integrationId: string, message: string): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    `update "BackgroundOperation" set "status" = 'CANCELLED', "finishedAt" = now(), "statusMessage" = $3
     where "organizationId" = $1 and "subjectId" = $2 and "kind" = 'INTEGRATION_REFRESH' and "status" in ('QUEUED', 'RUNNING') returning "id"`,
    [organizationId, integrationId, message],
  )
  for (const { id } of rows) await tx.query('select graphile_worker.remove_job($1)::text', [id])
}

interface Switched {
  status: IntegrationRow['status']
  message: string
  action: string
}

async function change(
  context: Context,
  reference: IntegrationReference,
  decide: (tx: PoolClient, found: IntegrationRow) => Promise<Switched | null>,
): Promise<IntegrationRow> {
  const found = await requireIntegration(context, reference)
  const { organizationId, id } = found
  const switched = await transaction(context.db.pool, async (tx) => {
    await lineUp(tx, organizationId, ['input', 'id'])
    const read = await tx.query<Pick<IntegrationRow, 'status'>>(
      'select "status" from "Integration" where "organizationId" = $1 and "id" = $2',
      [organizationId, id],
    )
    const decided = read.rows[0] ? await decide(tx, { ...found, ...read.rows[0] }) : null
    const before = await lockIntegration(tx, found, reference.expectedVersion)
    if (!decided) return before
    const { rows } = await tx.query<IntegrationRow>(
      `update "Integration" i set "status" = $3::"IntegrationStatus", "statusMessage" = $4, "statusBefore" = null, "version" = i."version" + 1,
         "updatedAt" = now() where i."organizationId" = $1 and i."id" = $2 returning ${integrationColumns}`,
      [organizationId, id, decided.status, decided.message],
    )
    await recordEvents(tx, context, [
      { organizationId, action: decided.action, subjectId: id, before: { status: before.status }, after: { status: decided.status } },
    ])
    return rows[0]!
  })
  context.loaders.clear()
  return switched
}
