import type { IntegrationRow } from './integration.loader.ts'

/** What the audit keeps of an integration. Of a secret: where it lies, and by which names. */
export function auditableOf(integration: IntegrationRow): object {
  const { name, type, config, connectorId, secretStore, connectedResourceTypes, customAccessDetails } = integration
  return {
    name,
    type,
    config,
    connectorId,
    secretStore,
    connectedResourceTypes,
    customAccessDetails,
    owner: ownerOf(integration),
    ownersMapping: ownersMappingOf(integration),
  }
}

/** The members in which the two differ. */
export function differences(before: object, after: object): { before: object; after: object } {
  const keys = Object.keys(after).filter((key) => JSON.stringify(Reflect.get(before, key)) !== JSON.stringify(Reflect.get(after, key)))
  const pick = (from: object) => Object.fromEntries(keys.map((key) => [key, Reflect.get(from, key)]))
  return { before: pick(before), after: pick(after) }
}

export interface OwnerValue {
  attributeType: string
  attributeValues: string[]
  sourceIntegrationId: string | null
}

export interface OwnersMappingValue {
  keyName: string
  attributeType: string
  sourceIntegrationId: string | null
}

export function ownerOf({ ownerAttributeType, ownerAttributeValues, ownerSourceId }: IntegrationRow): OwnerValue | null {
  if (ownerAttributeType === null) return null
  return { attributeType: ownerAttributeType, attributeValues: ownerAttributeValues ?? [], sourceIntegrationId: ownerSourceId }
}

export function ownersMappingOf(integration: IntegrationRow): OwnersMappingValue | null {
  const { ownersMappingKeyName, ownersMappingAttributeType, ownersMappingSourceId } = integration
  if (ownersMappingKeyName === null || ownersMappingAttributeType === null) return null
  return { keyName: ownersMappingKeyName, attributeType: ownersMappingAttributeType, sourceIntegrationId: ownersMappingSourceId }
}
