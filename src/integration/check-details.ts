import { Checks } from '../platform/check.ts'
import { type UserErrorValue, userError } from '../platform/errors.ts'
import type { Queryable } from '../platform/statement.ts'
import type { CatalogueEntry } from './catalogue.ts'
import type { GivenOwner, GivenOwnersMapping, IntegrationFields } from './check-integration.ts'

const maxAccessDetails = 400
const maxResourceTypes = 100
const maxOwnerValues = 100

/** What is wrong with the rest of an integration; `entry` null: of a type that is not known. */
export async function checkDetails(
  db: Queryable,
  organizationId: string,
  entry: CatalogueEntry | null,
  { connectorId, connectedResourceTypes, customAccessDetails, owner, ownersMapping }: IntegrationFields,
): Promise<UserErrorValue[]> {
  const exists = (table: 'Connector' | 'Integration', id: string) => isThere(db, table, organizationId, id)
  const errors: UserErrorValue[] = []
  if (connectorId != null) {
    if (!(await exists('Connector', connectorId))) errors.push(userError.notFound(['input', 'connectorId'], 'connector'))
    else if (entry?.discovery === 'BUILT_IN') {
      const message = `Integrations of type ${entry.type} are read by this server: they have no connector.`
      errors.push(userError.validation('INVALID_VALUE', ['input', 'connectorId'], message))
    }
  }
  if (connectedResourceTypes != null) errors.push(...checkResourceTypes(entry, connectedResourceTypes))
  if (customAccessDetails != null) errors.push(...checkAccessDetails(customAccessDetails))
  if (owner != null) errors.push(...checkOwner(owner))
  if (ownersMapping != null) errors.push(...checkMapping(ownersMapping))
  for (const [field, given] of Object.entries({ owner, ownersMapping })) {
    const id = given?.sourceIntegrationId
    if (id != null && !(await exists('Integration', id)))
      errors.push(userError.notFound(['input', field, 'sourceIntegrationId'], 'integration'))
  }
  return errors
}

function checkResourceTypes(entry: CatalogueEntry | null, types: string[]): UserErrorValue[] {
  const path = ['input', 'connectedResourceTypes']
  const { errors } = new Checks('input').size('connectedResourceTypes', types, maxResourceTypes)
  if (errors.length > 0) return errors
  return types.flatMap((type, index) => {
    const at = [...path, index]
    if (types.indexOf(type) < index) return [userError.validation('VALUE_DUPLICATE', at, 'This resource type is there twice.')]
    if (entry && entry.resourceTypes.length > 0 && !entry.resourceTypes.includes(type)) {
      const message = `The type ${entry.type} has no such resources. It has ${entry.resourceTypes.join(', ')}.`
      return [userError.validation('INVALID_VALUE', at, message)]
    }
    return new Checks(...path).text(String(index), type, { min: 1, max: 100 }).errors
  })
}

/** Shown to people, so it may have several lines. */
function checkAccessDetails(text: string): UserErrorValue[] {
  const path = ['input', 'customAccessDetails']
  const { length } = [...text]
  if (length < 1 || length > maxAccessDetails) {
    const message = `customAccessDetails must have 1 to ${maxAccessDetails} characters; it has ${length}.`
    return [userError.validation('VALUE_OUT_OF_BOUNDS', path, message)]
  }
  if (!/[^\P{Cc}\t\r\n]|\p{Cs}/u.test(text)) return []
  return [userError.validation('VALUE_INCORRECT_FORMAT', path, 'customAccessDetails must not contain control characters.')]
}

function checkOwner({ attributeType, attributeValues }: GivenOwner): UserErrorValue[] {
  const checks = new Checks('input', 'owner')
    .text('attributeType', attributeType, { min: 1, max: 200 })
    .size('attributeValues', attributeValues, maxOwnerValues)
  if (attributeValues.length > maxOwnerValues) return checks.errors
  const path = ['input', 'owner', 'attributeValues']
  const values = attributeValues.flatMap((value, index) =>
    attributeValues.indexOf(value) < index
      ? [userError.validation('VALUE_DUPLICATE', [...path, index], 'This value is there twice.')]
      : new Checks(...path).text(String(index), value, { min: 1, max: 256 }).errors,
  )
  return [...checks.errors, ...values]
}

const checkMapping = ({ keyName, attributeType }: GivenOwnersMapping): UserErrorValue[] =>
  new Checks('input', 'ownersMapping')
    .text('keyName', keyName, { min: 1, max: 128 })
    .text('attributeType', attributeType, { min: 1, max: 200 }).errors

async function isThere(db: Queryable, table: 'Connector' | 'Integration', organizationId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: `select 1 from "${table}" where "organizationId" = $1 and "id" = $2`,
    values: [organizationId, id],
  })
  return rowCount === 1
}
