import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { lineUp, requireOrganization } from '../organization/organization.service.ts'
import { transaction } from '../platform/database/transaction.ts'
import { refuseIfAny, type UserErrorValue } from '../platform/errors.ts'
import { catalogueEntry } from './catalogue.ts'
import { checkNewIntegration, type NewIntegration } from './check-integration.ts'
import type { IntegrationRow } from './integration.loader.ts'
import { auditableOf } from './integration-values.ts'
import { insertIntegration } from './write-integration.ts'

const path = ['input', 'organizationId']

/** What createIntegration would refuse now. Writes nothing. */
export async function validateIntegration(context: Context, input: NewIntegration): Promise<UserErrorValue[]> {
  await requireOrganization(context, input.organizationId, path)
  return checkNewIntegration(context.db.pool, context, input)
}

/** Makes an integration. Nothing is read of it until it is refreshed, or until its connector's agent reports. */
export async function createIntegration(context: Context, input: NewIntegration): Promise<IntegrationRow> {
  await requireOrganization(context, input.organizationId, path)
  const integration = await transaction(context.db.pool, async (tx) => {
    await lineUp(tx, input.organizationId, path)
    refuseIfAny(await checkNewIntegration(tx, context, input))
    const made = await insertIntegration(tx, context, input, initialMessage(input))
    await recordEvents(tx, context, [
      { organizationId: made.organizationId, action: 'integration.create', subjectId: made.id, after: auditableOf(made) },
    ])
    return made
  })
  context.loaders.clear()
  return integration
}

function initialMessage({ type, connectorId }: NewIntegration): string {
  if (catalogueEntry(type).discovery === 'BUILT_IN') return 'Nothing has been read yet: refresh it.'
  if (connectorId) return "Nothing has been reported yet: see to it that its connector's agent runs."
  return 'It has no connector: register one, start its agent, and give its id as connectorId.'
}
