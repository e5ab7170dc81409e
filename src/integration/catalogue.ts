/** The types of integration there are. Adding one is adding data. */
export interface CatalogueEntry {
  type: string
  name: string
  description: string
  category: 'RESOURCES' | 'USER_INFORMATION'
}

export const catalogue: readonly CatalogueEntry[] = [
  {
    type: 'aws',
    name: 'Amazon Web Services',
    description: 'AWS accounts, through roles that trust this organization alone. Installed with installAwsIntegration, in components.',
    category: 'RESOURCES',
  },
]

export function catalogueEntry(type: string): CatalogueEntry {
  const entry = catalogue.find((candidate) => candidate.type === type)
  if (!entry) throw new Error(`the catalogue has no type ${type}`)
  return entry
}
