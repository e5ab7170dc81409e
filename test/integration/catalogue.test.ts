import { describe, expect, it } from 'vitest'
import { catalogue, catalogueEntry, findCatalogueEntry, searchCatalogue } from '../../src/integration/catalogue.ts'
import { type CatalogueEntry, catalogueForm, catalogueProblems } from '../../src/integration/catalogue-form.ts'

const promised =
  `aws aws-account aws-rds-postgresql gcp-project gcp-organization azure-subscription kubernetes postgresql mysql mssql mongodb redis
  snowflake github gitlab okta google-workspace entra-id jira pagerduty slack splunk custom`.split(/\s+/)

describe('the catalogue', () => {
  it('has at least the types that were promised, and nothing is wrong with it', () => {
    expect(catalogue.map(({ type }) => type)).toEqual(expect.arrayContaining(promised))
    expect(catalogueProblems(catalogue)).toEqual([])
  })

  it.each([
    ['postgres', ['aws-rds-postgresql', 'postgresql']],
    ['POSTGRES rds', ['aws-rds-postgresql']],
    ['pagerduty', ['pagerduty']],
    ['schedule', ['pagerduty']],
    ['  ', catalogue.map(({ type }) => type)],
    [null, catalogue.map(({ type }) => type)],
    ['nothing at all', []],
  ])('searched for %j finds %j', (search, found) => {
    expect(searchCatalogue(search).map(({ type }) => type)).toEqual(found)
  })

  it('has no type by a name that objects inherit', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) expect(findCatalogueEntry(name)).toBeNull()
  })
})

describe('its check', () => {
  const entry = catalogueEntry('postgresql')
  const param = { key: 'region', label: 'Region' }
  const changed = (change: Partial<CatalogueEntry>): CatalogueEntry => ({ ...entry, ...change })
  it.each<[string, CatalogueEntry[]]>([
    ['postgresql is there twice', [entry, entry]],
    ['postgresql: param region is there twice', [changed({ params: [param, param] })]],
    ['postgresql: resource type table is there twice', [changed({ resourceTypes: ['table', 'table'] })]],
    [
      'postgresql: it requires a secret and supports no store for it',
      [changed({ supportedSecretStores: [], secretParameters: undefined })],
    ],
    ['postgresql: an agent cannot read a BUILT_IN secret', [changed({ discovery: 'CONNECTOR' })]],
    ['postgresql: secretParameters and BUILT_IN come together', [changed({ secretParameters: undefined })]],
    [
      'postgresql: the default of region is none of its values',
      [changed({ params: [{ ...param, values: ['a'], default: 'b', optional: true }] })],
    ],
    ['postgresql: region has a default and is not optional', [changed({ params: [{ ...param, default: 'b' }] })]],
    [
      'postgresql: the default of region does not match its pattern',
      [changed({ params: [{ ...param, default: 'b', optional: true, pattern: '^a$', rule: 'a' }] })],
    ],
    ['postgresql: pattern and rule of region come together', [changed({ params: [{ ...param, pattern: '^a$' }] })]],
  ])('says: %s', (problem, types) => {
    expect(catalogueProblems(types)).toContain(problem)
  })

  it('refuses what it does not know', () => {
    expect(catalogueForm.safeParse({ $schema: '', types: [{ ...entry, more: true }] }).success).toBe(false)
  })
})
