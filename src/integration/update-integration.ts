import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { lineUp } from '../organization/organization.service.ts'
import { transaction } from '../platform/database/transaction.ts'
import { refuseIfAny } from '../platform/errors.ts'
import { catalogueEntry } from './catalogue.ts'
import { checkChanges, type IntegrationFields } from './check-integration.ts'
import type { IntegrationRow } from './integration.loader.ts'
import { auditableOf, differences } from './integration-values.ts'
import { changeIntegration, type IntegrationReference, lockIntegration, requireIntegration } from './write-integration.ts'

export interface IntegrationChanges extends IntegrationReference, IntegrationFields {}

/** Changes what is given and leaves what is absent. What would change nothing writes nothing; a secret that is sent always counts. */
export async function updateIntegration(context: Context, { id, expectedVersion, ...given }: IntegrationChanges): Promise<IntegrationRow> {
  const found = await requireIntegration(context, { id, expectedVersion })
  const updated = await transaction(context.db.pool, async (tx) => {
    await lineUp(tx, found.organizationId, ['input', 'id'])
    const before = await lockIntegration(tx, found, expectedVersion)
    refuseIfAny(await checkChanges(tx, before, catalogueEntry(before.type), given))
    if (isWithoutEffect(before, given)) return before
    const after = await changeIntegration(tx, context, before, given)
    await recordEvents(tx, context, [
      {
        organizationId: after.organizationId,
        action: 'integration.update',
        subjectId: after.id,
        ...differences(auditableOf(before), auditableOf(after)),
      },
    ])
    return after
  })
  context.loaders.clear()
  return updated
}

function isWithoutEffect(before: IntegrationRow, { secretStore, ...given }: IntegrationFields): boolean {
  if (secretStore || (secretStore === null && before.secretStore)) return false
  const values = auditableOf(before)
  return Object.entries(given).every(([field, value]) => value === undefined || same(value, Reflect.get(values, field)))
}

/** By value, whatever the order of keys; absent and null are the same here. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return (a ?? null) === (b ?? null)
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return Array.isArray(a) === Array.isArray(b) && [...keys].every((key) => same(Reflect.get(a, key), Reflect.get(b, key)))
}
