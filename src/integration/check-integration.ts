import type { Context } from '../context.ts'
import { Checks } from '../platform/check.ts'
import { type UserErrorValue, userError } from '../platform/errors.ts'
import type { Queryable } from '../platform/statement.ts'
import { type CatalogueEntry, findCatalogueEntry } from './catalogue.ts'
import { checkConfig, hasOtherTarget } from './check-config.ts'
import { checkDetails } from './check-details.ts'
import { checkSecretStore, secretMissing } from './check-secret-store.ts'
import { type IntegrationRow, integrationColumns } from './integration.loader.ts'
import type { GivenSecretStore } from './secret-store.ts'

export interface GivenOwner {
  attributeType: string
  attributeValues: string[]
  sourceIntegrationId?: string | null
}

export interface GivenOwnersMapping {
  keyName: string
  attributeType: string
  sourceIntegrationId?: string | null
}

/** What callers say of an integration. Absent leaves, null clears. */
export interface IntegrationFields {
  name?: string | null
  config?: object | null
  connectorId?: string | null
  secretStore?: GivenSecretStore | null
  connectedResourceTypes?: string[] | null
  customAccessDetails?: string | null
  owner?: GivenOwner | null
  ownersMapping?: GivenOwnersMapping | null
}

export interface NewIntegration extends IntegrationFields {
  organizationId: string
  name: string
  type: string
  config: object
}

/**
 * Everything that keeps an integration from being made: validateIntegration answers it, and createIntegration goes by it, inside the
 * transaction in which it alone makes or changes integrations of the organization.
 */
export async function checkNewIntegration(db: Queryable, context: Context, input: NewIntegration): Promise<UserErrorValue[]> {
  const entry = findCatalogueEntry(input.type)
  const errors = [
    ...(await checkName(db, input.organizationId, input.name, null)),
    ...checkType(entry, input.type),
    ...(entry && entry.type !== 'aws' ? checkByType(input.organizationId, entry, input, null) : []),
    ...(await checkDetails(db, input.organizationId, entry, input)),
  ]
  const { rows } = await db.query<{ count: number }>({
    text: 'select count(*)::int as "count" from "Integration" where "organizationId" = $1',
    values: [input.organizationId],
  })
  const limit = context.config.quotas.integrations
  if ((rows[0]?.count ?? 0) >= limit) {
    const message = `The organization has ${limit} integrations, as many as it may have. Delete one first.`
    errors.push(userError.quota(['input'], message, limit))
  }
  return errors
}

/** Everything that keeps an integration from being changed so. */
export async function checkChanges(
  db: Queryable,
  before: IntegrationRow,
  entry: CatalogueEntry,
  changes: IntegrationFields,
): Promise<UserErrorValue[]> {
  const nulls = (['name', 'config'] as const)
    .filter((field) => changes[field] === null)
    .map((field) =>
      userError.validation('REQUIRED_VALUE_MISSING', ['input', field], `${field} cannot be cleared: leave it out or give a value.`),
    )
  return [
    ...nulls,
    ...(changes.name == null ? [] : await checkName(db, before.organizationId, changes.name, before.id)),
    ...checkByType(before.organizationId, entry, changes, before),
    ...(await checkDetails(db, before.organizationId, entry, changes)),
  ]
}

async function checkName(db: Queryable, organizationId: string, name: string, ownId: string | null): Promise<UserErrorValue[]> {
  const { errors } = new Checks('input').text('name', name, { min: 1, max: 200 })
  if (errors.length > 0) return errors
  const { rows } = await db.query<IntegrationRow>({
    text: `select ${integrationColumns} from "Integration" i where i."organizationId" = $1 and i."name" = $2`,
    values: [organizationId, name],
  })
  const [existing] = rows
  if (!existing || existing.id === ownId) return []
  return [userError.duplicate(['input', 'name'], 'The organization has an integration of this name already.', existing)]
}

function checkType(entry: CatalogueEntry | null, type: string): UserErrorValue[] {
  if (!entry) {
    const message = 'The catalogue has no such type. integrationTypes lists those there are.'
    return [userError.validation('INVALID_VALUE', ['input', 'type'], message)]
  }
  if (type !== 'aws') return []
  return [userError.validation('INVALID_VALUE', ['input', 'type'], 'The aws integration is made with installAwsIntegration.')]
}

/** `before` null: a new one. */
function checkByType(
  organizationId: string,
  entry: CatalogueEntry,
  { config, secretStore }: IntegrationFields,
  before: IntegrationRow | null,
): UserErrorValue[] {
  const errors = config ? checkConfig(entry, config, ['input', 'config']) : []
  const path = ['input', 'secretStore']
  if (secretStore) return [...errors, ...checkSecretStore(organizationId, entry, secretStore, path)]
  const isWithout = before ? secretStore === null : true
  if (isWithout) return entry.requiresSecret ? [...errors, secretMissing(entry, path)] : errors
  // Else whoever may edit could have a built-in secret sent to a host of theirs; one out of another store has to be named with its new host.
  if (before?.secretStore && entry.discovery === 'BUILT_IN' && config && hasOtherTarget(entry, before.config, config)) {
    const again = before.secretStore.kind === 'BUILT_IN' ? 'send it again' : 'say again where it lies'
    const message = `With these parameters the secret goes to another place: ${again} in the same call.`
    errors.push(userError.validation('REQUIRED_VALUE_MISSING', path, message))
  }
  return errors
}
