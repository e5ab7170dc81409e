import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Everything, makeEverything } from '../tenancy/everything.ts'

const names = [
  'Payments',
  'payments-eu',
  'PAYMENTS_US',
  '100%',
  '100 percent',
  'a_b',
  'axb',
  'a\\b',
  'a*b',
  'Ärger',
  'ÉTÉ',
  'Straße',
  'İstanbul',
  '日本語',
  '👩‍💻 people',
  "O'Brien; --",
]
let app: TestApp
let own: Everything
beforeAll(async () => {
  app = await startTestApp()
  own = await makeEverything(app, 'walnut', '111122223333')
  const { pool } = app.booted.services.db
  await pool.query('update "Integration" set "ownerSourceId" = null, "ownersMappingSourceId" = null where "organizationId" = $1', [own.id])
  await pool.query('delete from "Integration" where "organizationId" = $1 and "type" <> \'aws\'', [own.id])
  const statuses = ['ACTIVE', 'ERROR']
  for (const [i, name] of names.entries()) {
    await pool.query('insert into "Integration" ("id", "organizationId", "name", "type", "status") values ($1, $2, $3, $4, $5)', [
      newId('int'),
      own.id,
      name,
      i % 2 === 0 ? 'custom' : 'mysql',
      statuses[i % 2],
    ])
  }
})
afterAll(() => app?.close())

async function integrations(filter: object): Promise<string[]> {
  const { organization } = await own.ask(
    'query ($id: ID!, $filter: IntegrationFilter) { organization(id: $id) { integrations(filter: $filter) { totalCount nodes { name } } } }',
    { id: own.id, filter },
  )
  expect(organization.integrations.totalCount).toBe(organization.integrations.nodes.length)
  return organization.integrations.nodes.map(({ name }: { name: string }) => name)
}

describe('a filter on names', () => {
  it.each([
    { filter: { name: 'payments' }, found: ['Payments'] },
    { filter: { name: 'PAYMENTS' }, found: ['Payments'] },
    { filter: { name: 'payment' }, found: [] },
    { filter: { name: 'ärger' }, found: ['Ärger'] },
    { filter: { name: 'été' }, found: ['ÉTÉ'] },
    { filter: { name: 'ete' }, found: [] },
    { filter: { name: 'straße' }, found: ['Straße'] },
    { filter: { name: '日本語' }, found: ['日本語'] },
    { filter: { name: '' }, found: [] },
    { filter: { nameContains: 'PAYments' }, found: ['PAYMENTS_US', 'Payments', 'payments-eu'] },
    { filter: { nameContains: 'rGE' }, found: ['Ärger'] },
    { filter: { nameContains: '本' }, found: ['日本語'] },
    { filter: { nameContains: '👩‍💻' }, found: ['👩‍💻 people'] },
    { filter: { nameContains: "o'brien; -" }, found: ["O'Brien; --"] },
    // What means something in SQL's LIKE is a character like any other here.
    { filter: { name: '100%' }, found: ['100%'] },
    { filter: { nameContains: '0%' }, found: ['100%'] },
    { filter: { name: 'a_b' }, found: ['a_b'] },
    { filter: { nameContains: '_' }, found: ['PAYMENTS_US', 'a_b'] },
    { filter: { name: 'a\\b' }, found: ['a\\b'] },
    { filter: { nameContains: '\\' }, found: ['a\\b'] },
    { filter: { name: 'a*b' }, found: ['a*b'] },
    { filter: { nameContains: '*' }, found: ['a*b'] },
    { filter: { nameContains: '?' }, found: [] },
    { filter: { namePattern: 'pay*' }, found: ['PAYMENTS_US', 'Payments', 'payments-eu'] },
    { filter: { namePattern: '*-EU' }, found: ['payments-eu'] },
    { filter: { namePattern: 'p*s*u*' }, found: ['PAYMENTS_US', 'payments-eu'] },
    { filter: { namePattern: 'payments' }, found: ['Payments'] },
    { filter: { namePattern: 'a*b' }, found: ['a*b', 'a\\b', 'a_b', 'axb'] },
    { filter: { namePattern: '100%' }, found: ['100%'] },
    { filter: { namePattern: 'a_b' }, found: ['a_b'] },
    { filter: { namePattern: 'a\\*' }, found: ['a\\b'] },
    { filter: { namePattern: '' }, found: [] },
    { filter: { namePattern: '日*' }, found: ['日本語'] },
    { filter: { nameContains: 'payments', namePattern: '*us' }, found: ['PAYMENTS_US'] },
    { filter: { nameContains: 'payments', statuses: ['ERROR'] }, found: ['payments-eu'] },
  ])('$filter finds $found', async ({ filter, found }) => {
    expect(await integrations(filter)).toEqual(found)
  })

  it.each([
    {},
    { name: null },
    { namePattern: '*' },
    { nameContains: '' },
    { typePatterns: ['*'] },
    { typePatterns: null, statuses: null },
  ])('%j leaves everything', async (filter) => {
    expect(await integrations(filter)).toHaveLength(names.length + 1)
  })
})

describe('filters on other things', () => {
  it.each([
    { filter: { typePatterns: ['aws'] }, count: 1 },
    { filter: { typePatterns: ['AWS', 'cust*'] }, count: 1 + names.length / 2 },
    { filter: { typePatterns: ['m*S*l', 'my*', '*sql'] }, count: names.length / 2 },
    { filter: { typePatterns: ['sql', 'my_ql', 'my%', 'my.*', 'sql*my', 'mys*sql', ''] }, count: 0 },
    { filter: { typePatterns: [] }, count: 0 },
    { filter: { statuses: [] }, count: 0 },
    { filter: { statuses: ['ACTIVE', 'ERROR'] }, count: 1 + names.length },
    { filter: { categories: [] }, count: 0 },
    { filter: { statuses: ['ERROR'], typePatterns: ['custom'] }, count: 0 },
  ])('$filter leaves $count: an empty list is no filter that lets everything through', async ({ filter, count }) => {
    expect(await integrations(filter)).toHaveLength(count)
  })

  const counted = (list: string, filter: string) =>
    own
      .ask(`{ organization(id: "${own.id}") { list: ${list}(filter: ${filter}) { totalCount } } }`)
      .then(({ organization }) => organization.list.totalCount)

  it.each([
    ['components', '{ kinds: [INVENTORY, BASE] }', 2],
    ['components', '{ kinds: [INVENTORY], states: [INSTALLED] }', 0],
    ['components', '{ states: [INSTALLED] }', 2],
    ['components', '{ accountIds: ["111122223333"] }', 6],
    ['components', '{ accountIds: ["111122223334"] }', 0],
    ['components', '{ kinds: [] }', 0],
    ['awsAccounts', '{ alias: "ALIAS-walnut" }', 1],
    ['awsAccounts', '{ aliasContains: "Walnut" }', 1],
    ['awsAccounts', '{ aliasContains: "%" }', 0],
    ['awsAccounts', '{ accountIds: ["111122223333", "x"] }', 1],
    ['auditEvents', '{ action: "integration.install" }', 1],
    ['auditEvents', '{ action: "INTEGRATION.INSTALL" }', 0],
    ['auditEvents', '{ since: "2999-01-01T00:00:00Z" }', 0],
    ['auditEvents', '{ action: "apiKey.create", until: "2999-01-01T00:00:00Z" }', 2],
    ['auditEvents', '{ subjectIds: [] }', 0],
    ['operations', '{ statuses: [QUEUED, RUNNING] }', 0],
    ['operations', '{ kinds: [COMPONENT_VERIFICATION], subjectIds: ["int_0"] }', 0],
    ['operations', '{ kinds: [COMPONENT_VERIFICATION] }', 1],
  ])('%s%s has %i', async (list, filter, count) => {
    expect(await counted(list, filter)).toBe(count)
  })

  it('since includes its moment, until does not', async () => {
    const { organization } = await own.ask(
      `{ organization(id: "${own.id}") { auditEvents(filter: { action: "integration.install" }) { nodes { at } } } }`,
    )
    const { at } = organization.auditEvents.nodes[0]
    expect(await counted('auditEvents', `{ action: "integration.install", since: "${at}" }`)).toBe(1)
    expect(await counted('auditEvents', `{ action: "integration.install", until: "${at}" }`)).toBe(0)
  })
})
