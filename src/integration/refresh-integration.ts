import type { Context } from '../context.ts'
import { discovererOf } from '../discovery/discovery.ts'
import type { OperationRow } from '../operation/operation.loader.ts'
import { startOperation, waitForOperation } from '../operation/operation.service.ts'
import { Refusal, type UserErrorValue, userError } from '../platform/errors.ts'
import { catalogueEntry } from './catalogue.ts'
import type { IntegrationRow } from './integration.loader.ts'
import { requireIntegration } from './write-integration.ts'

/** Reads in the background what an integration has. While one refresh is under way, another call gets that one. */
export async function refreshIntegration(context: Context, { id, wait }: { id: string; wait: boolean }): Promise<OperationRow> {
  const integration = await requireIntegration(context, { id })
  const problem = problemOf(integration) ?? (await obstacleTo(context, integration))
  if (problem) throw new Refusal(problem)
  const { organizationId } = integration
  const operation = await startOperation(context, {
    organizationId,
    kind: 'INTEGRATION_REFRESH',
    subjectId: id,
    input: {},
    total: null,
    job: 'refreshIntegration',
    payload: (operationId) => ({ organizationId, operationId }),
    // An organization whose servers hang keeps one worker busy, and not all of them.
    queue: `refresh:${organizationId}`,
    isOneAtATime: 'subject',
    after: async (tx) => {
      const { rowCount } = await tx.query(
        `update "Integration" set "statusBefore" = "status", "status" = 'REFRESHING', "statusMessage" = null
         where "organizationId" = $1 and "id" = $2 and "status" not in ('DISABLED', 'REFRESHING')`,
        [organizationId, id],
      )
      // Deleted or switched off since it was read.
      if (rowCount === 0) throw new Refusal(userError.conflict(['input', 'id'], null))
    },
  })
  return wait ? waitForOperation(context, operation.id) : operation
}

function problemOf({ type, status }: IntegrationRow): UserErrorValue | null {
  const path = ['input', 'id']
  if (catalogueEntry(type).discovery === 'CONNECTOR') {
    const way = 'Give it a connector (connectorId) and see to it that its agent runs: it reports by itself.'
    return userError.precondition(path, `Integrations of type ${type} are read by a connector agent, not by this server.`, way)
  }
  if (!discovererOf(type)) return userError.precondition(path, `What integrations of type ${type} have is not read by refreshing them.`)
  if (status === 'DISABLED') return userError.precondition(path, 'The integration is switched off.', 'Enable it with enableIntegration.')
  return null
}

async function obstacleTo(context: Context, { organizationId, type }: IntegrationRow): Promise<UserErrorValue | null> {
  const obstacle = await discovererOf(type)?.obstacle?.(context, organizationId)
  return obstacle ? userError.precondition(['input', 'id'], obstacle.message, obstacle.remediation) : null
}
