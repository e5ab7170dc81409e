import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { rowsLookedAt } from '../support/plans.ts'
import { countStatements } from '../support/statements.ts'

/** Rows of each table, in each of two organizations. */
const many = 3_000

let app: TestApp
let own: TestOrganization
let client: pg.Client
beforeAll(async () => {
  app = await startTestApp()
  own = await app.organization()
  const other = await app.organization()
  for (const [index, { id }] of [own, other].entries()) {
    const fill = (into: string, select: string) =>
      app.fill(
        `insert into ${into} select ${select} from (select i, lpad(i::text, 6, '0') as n from generate_series(0, $2::int - 1) i) s`,
        [id, many],
      )
    const named = (prefix: string) => `'${prefix}_${index}' || lpad(i::text, 25, '0'), $1, 'Name-' || n`
    await fill('"Integration" ("id", "organizationId", "name", "type", "status")', `${named('int')}, 'custom', 'ACTIVE'`)
    await fill(
      '"AwsAccount" ("id", "organizationId", "alias", "accountId", "partition")',
      `${named('acct')}, '1' || lpad(n, 11, '0'), 'AWS'`,
    )
    await fill(
      '"AwsRole" ("id", "organizationId", "name", "awsAccountId", "roleId", "arn", "path", "maxSessionDuration", "trustPolicy", "firstSeenAt", "lastSeenAt", "updatedAt")',
      `${named('role')}, 'acct_${index}' || lpad(i::text, 25, '0'), 'AROA' || n, 'arn:aws:iam::1' || lpad(n, 11, '0') || ':role/' || n, '/', 3600, '{}', now(), now(), now()`,
    )
    await fill(
      '"Resource" ("id", "organizationId", "name", "integrationId", "externalId", "type", "status")',
      `${named('res')}, 'int_${index}${'0'.repeat(25)}', n, 'thing', 'ACTIVE'`,
    )
    await fill('"UserGroup" ("id", "organizationId", "name")', named('ug'))
    await fill('"ResourceGroup" ("id", "organizationId", "name")', named('rg'))
    await fill(
      '"Member" ("id", "organizationId", "email", "status")',
      `${named('mem').replace("'Name-'", "'name-'")} || '@example.com', 'ACCEPTED'`,
    )
  }
  await app.fill('vacuum analyze')
  client = new pg.Client(app.booted.databaseUrl)
  await client.connect()
})
afterAll(async () => {
  await client?.end()
  await app?.close()
})

const found = ['Name-002345']
const byName = { read: 'name', found }
const filters: [list: string, filter: string, expected: { read: string; found: string[] }][] = [
  ['integrations', 'name: "NAME-002345"', byName],
  ['integrations', 'nameContains: "e-002345"', byName],
  ['integrations', 'namePattern: "n*-002345"', byName],
  ['awsAccounts', 'alias: "name-002345"', { read: 'alias', found }],
  ['awsAccounts', 'aliasContains: "E-002345"', { read: 'alias', found }],
  ['awsRoles', 'nameContains: "e-002345"', byName],
  ['resources', 'nameContains: "e-002345"', byName],
  ['userGroups', 'nameContains: "e-002345"', byName],
  ['resourceGroups', 'nameContains: "e-002345"', byName],
  ['members', 'emailContains: "E-002345@"', { read: 'email', found: ['name-002345@example.com'] }],
]

test.each(filters)('%s { %s } is found without a look at every name', async (list, filter, expected) => {
  const ask = (given: string) =>
    own.ask(`{ organization(id: "${own.id}") { ${list}(first: 5, filter: { ${given} }) { totalCount nodes { ${expected.read} } } } }`)
  const { queries, result } = await countStatements(() => ask(filter))
  const { totalCount, nodes } = result.organization[list]
  expect(totalCount).toBe(1)
  expect(nodes.map((node: Record<string, string>) => node[expected.read])).toEqual(expected.found)
  const reading = queries.filter(({ text }) => /like \$/.test(text))
  expect(reading).toHaveLength(2)
  for (const { text, name, values } of reading) {
    const { rows } = await client.query({ text: `explain (analyze, format json) ${text}`, values })
    expect(rowsLookedAt(rows[0]['QUERY PLAN'][0].Plan), text).toBeLessThan(many / 5)
    // One that most names fit would be planned for here, and the plan kept for what none fits.
    expect(name).toBeUndefined()
  }
})
