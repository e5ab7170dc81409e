import { readFileSync } from 'node:fs'
import { type CatalogueEntry, type CatalogueParam, catalogueForm } from './catalogue-form.ts'

export type { CatalogueEntry, CatalogueParam }

/** The types of integration there are: catalogue/integration-types.json. Adding one is adding data. */
export const catalogue: readonly CatalogueEntry[] = catalogueForm.parse(
  JSON.parse(readFileSync(new URL('../../catalogue/integration-types.json', import.meta.url), 'utf8')),
).types

const byType = new Map(catalogue.map((entry) => [entry.type, entry]))

export const findCatalogueEntry = (type: string): CatalogueEntry | null => byType.get(type) ?? null

export function catalogueEntry(type: string): CatalogueEntry {
  const entry = byType.get(type)
  if (!entry) throw new Error(`the catalogue has no type ${type}`)
  return entry
}

/** Types whose name, short name, description or resource types hold every word of the search; case does not count. */
export function searchCatalogue(search: string | null | undefined): CatalogueEntry[] {
  const words = (search ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  return catalogue.filter(({ type, name, description, resourceTypes }) => {
    const text = [type, name, description, ...resourceTypes].join('\n').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
