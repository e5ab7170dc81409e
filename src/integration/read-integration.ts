import type { Context } from '../context.ts'
import { type DiscoveryTarget, discovererOf } from '../discovery/discovery.ts'
import { DiscoveryError } from '../discovery/discovery-error.ts'
import type { OperationRow } from '../operation/operation.loader.ts'
import { OperationEndedError, watchForEnd } from '../operation/operation-end.ts'
import { Refusal } from '../platform/errors.ts'
import type { Discovered } from '../resource/discovery-run.ts'
import { catalogueEntry } from './catalogue.ts'
import { paramValue } from './check-config.ts'
import { type IntegrationRow, integrationColumns } from './integration.loader.ts'
import { resolveSecret, type SealedIntegration } from './resolve-secret.ts'
import { DiscoveryWriter } from './write-discovery.ts'

/** Reads what the operation's integration has, writes it, and says how it went, of the integration and of the operation. */
export async function readIntegration(context: Context, operation: OperationRow, signal: AbortSignal): Promise<void> {
  const { organizationId, subjectId } = operation
  const { rows } = await context.db.pool.query<SealedIntegration>(
    `select ${integrationColumns}, i."sealedSecret" from "Integration" i where i."organizationId" = $1 and i."id" = $2`,
    [organizationId, subjectId],
  )
  const [integration] = rows
  const discoverer = integration && discovererOf(integration.type)
  // What was deleted has cancelled its operations.
  if (!integration || !discoverer) return
  const writer = new DiscoveryWriter(context, operation, integration.id)
  const end = watchForEnd(context, operation)
  try {
    const ended = AbortSignal.any([signal, end.signal])
    const secret = await resolveSecret(context, integration, ended)
    const target = { ...targetOf(integration, secret), runId: operation.id }
    const found = (resources: Discovered[]) => writer.add(resources)
    await writer.finish(await discoverer.discover(context, target, found, ended))
  } catch (error) {
    if (error instanceof OperationEndedError) return
    const message = error instanceof DiscoveryError ? error.message : error instanceof Refusal ? error.errors[0]?.message : null
    if (!message) throw error
    await writer.fail(message)
  } finally {
    end.unwatch()
  }
}

function targetOf(
  { organizationId, id, type, config, connectedResourceTypes }: IntegrationRow,
  secret: Record<string, string>,
): Omit<DiscoveryTarget, 'runId'> {
  const entry = catalogueEntry(type)
  return {
    organizationId,
    integrationId: id,
    param: (key) => paramValue(entry, config, key),
    secret,
    wants: (resourceType) => connectedResourceTypes === null || connectedResourceTypes.includes(resourceType),
  }
}
