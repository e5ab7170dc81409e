import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { rowsLookedAt } from '../support/plans.ts'
import { countStatements } from '../support/statements.ts'
import { fillLists } from './lists.ts'

/** Rows of each table, in each of two organizations. */
const many = 3_000

let app: TestApp
let own: TestOrganization
let client: pg.Client
beforeAll(async () => {
  app = await startTestApp()
  own = await app.organization()
  const other = await app.organization()
  await fillLists(app, [
    { id: own.id, rows: many },
    { id: other.id, rows: many },
  ])
  // Of one in a thousand something else is true.
  const some = (table: string, change: string) =>
    app.fill(`update "${table}" set ${change} where "organizationId" = $1 and "id" like '%000'`, [own.id])
  await some('Component', `"state" = 'STAGE', "health" = 'UNKNOWN'`)
  await some('Integration', `"status" = 'ERROR'`)
  await some('Resource', `"status" = 'ERROR', "type" = 'rare'`)
  await some('AwsRole', `"status" = 'MISSING', "missingSince" = now()`)
  await some('Member', `"status" = 'PENDING'`)
  await app.fill(
    `insert into "UserGroupAwsRole" ("organizationId", "userGroupId", "awsRoleId", "grantedAt")
     select $1, (select min("id") from "UserGroup" where "organizationId" = $1), "id", now() from "AwsRole" where "organizationId" = $1 and "id" like '%000'`,
    [own.id],
  )
  await app.fill('vacuum analyze')
  client = new pg.Client({ connectionString: app.booted.databaseUrl, options: app.booted.services.db.pool.options.options })
  await client.connect()
})
afterAll(async () => {
  await client?.end()
  await app?.close()
})

const found = ['Name-007919']
const byName = { read: 'name', found }
const filters: [list: string, filter: string, expected: { read: string; found: string[] }][] = [
  ['integrations', 'name: "NAME-007919"', byName],
  ['integrations', 'nameContains: "e-007919"', byName],
  ['integrations', 'namePattern: "n*-007919"', byName],
  ['awsAccounts', 'alias: "name-007919"', { read: 'alias', found }],
  ['awsAccounts', 'aliasContains: "E-007919"', { read: 'alias', found }],
  ['awsRoles', 'nameContains: "e-007919"', byName],
  ['resources', 'nameContains: "e-007919"', byName],
  ['userGroups', 'nameContains: "e-007919"', byName],
  ['resourceGroups', 'nameContains: "e-007919"', byName],
  ['members', 'emailContains: "E-007919@"', { read: 'email', found: ['name-007919@example.com'] }],
]

test.each(filters)('%s { %s } is found without a look at every name', async (list, filter, expected) => {
  const { totalCount, nodes } = await findByIndex(list, filter, expected.read)
  expect(totalCount).toBe(1)
  expect(nodes.map((node) => node[expected.read])).toEqual(expected.found)
})

const rare: [list: string, filter: string][] = [
  ['components', 'states: [STAGE]'],
  ['components', 'health: [UNKNOWN, DRIFTED]'],
  ['integrations', 'statuses: [ERROR]'],
  ['resources', 'statuses: [ERROR]'],
  ['resources', 'types: ["rare"]'],
  ['awsRoles', 'statuses: [MISSING]'],
  ['awsRoles', 'granted: true'],
  ['members', 'statuses: [PENDING]'],
]

test.each(rare)('%s { %s }, true of few, are found without a look at all', async (list, filter) => {
  const { totalCount, nodes } = await findByIndex(list, filter, 'id')
  expect(totalCount).toBe(3)
  expect(nodes.map(({ id }) => id?.slice(-3))).toEqual(['000', '000', '000'])
})

/** What a list with this filter comes to, when none of its statements looks at more than a part of the organization's rows. */
async function findByIndex(list: string, filter: string, field: string): Promise<{ totalCount: number; nodes: Record<string, string>[] }> {
  const { queries, result } = await countStatements(() =>
    own.ask(`{ organization(id: "${own.id}") { ${list}(first: 5, filter: { ${filter} }) { totalCount nodes { ${field} } } } }`),
  )
  const reading = queries.filter(({ text }) => /lateral|count\(/.test(text))
  expect(reading).toHaveLength(2)
  for (const { text, name, values } of reading) {
    const { rows } = await client.query({ text: `explain (analyze, format json) ${text}`, values })
    expect(rowsLookedAt(rows[0]['QUERY PLAN'][0].Plan), text).toBeLessThan(many / 5)
    // For one that most rows fit it would be planned otherwise, and the plan kept for what none fits.
    expect(name).toBeUndefined()
  }
  return result.organization[list]
}
