import type { IntegrationRow } from '../integration/integration.loader.ts'
import { type OwnerValue, ownerOf, ownersMappingOf } from '../integration/integration-values.ts'

/** Who answers for a resource: told by the mapped tag where that has a value, else its integration's owner, else nobody. */
export function resourceOwner(
  { sourceTags }: { sourceTags: readonly { key: string; value: string }[] },
  integration: IntegrationRow,
): OwnerValue | null {
  const mapping = ownersMappingOf(integration)
  const tag = mapping && sourceTags.find(({ key, value }) => key === mapping.keyName && value !== '')
  if (!tag) return ownerOf(integration)
  return { attributeType: mapping.attributeType, attributeValues: [tag.value], sourceIntegrationId: mapping.sourceIntegrationId }
}
