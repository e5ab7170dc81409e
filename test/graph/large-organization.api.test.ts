import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { rowsLookedAt } from '../support/plans.ts'
import { countStatements } from '../support/statements.ts'

/** Rows of each table: in one organization, and in each of the many others, by which the plans are made. */
const large = 3_000
const usual = 40
const others = 40

let app: TestApp
let own: TestOrganization
let client: pg.Client
beforeAll(async () => {
  app = await startTestApp()
  own = await app.organization()
  await app.fill(
    `insert into "Organization" ("id", "slug", "name") select 'org_' || lpad(o::text, 26, '0'), 'other-' || o, 'Other' from generate_series(1, ${others}) o`,
  )
  const fill = (table: string, columns: string, values: string) =>
    app.fill(
      `insert into "${table}" ("id", "organizationId", ${columns})
       select $4 || '_' || lpad((o * 10000 + i)::text, 26, '0'), case o when 0 then $1 else 'org_' || lpad(o::text, 26, '0') end, ${values}
       from generate_series(0, ${others}) o, lateral (select i, lpad((i * 7919 % 10007)::text, 6, '0') as n from generate_series(1, case o when 0 then $2::int else $3::int end) i) s`,
      [own.id, large, usual, prefixes[table]],
    )
  const idOf = (prefix: string) => `'${prefix}_' || lpad((o * 10000 + i)::text, 26, '0')`
  await fill('Integration', '"name", "type", "status"', "'name-' || n, 'custom', 'ACTIVE'")
  await fill('AwsAccount', '"accountId", "partition"', "'1' || lpad(n, 11, '0'), 'AWS'")
  await fill(
    'AwsRole',
    '"name", "awsAccountId", "roleId", "arn", "path", "maxSessionDuration", "trustPolicy", "firstSeenAt", "lastSeenAt", "updatedAt"',
    `'name-' || n, ${idOf('acct')}, 'AROA' || o || n, 'arn:aws:iam::1' || lpad(n, 11, '0') || ':role/' || n, '/', 3600, '{}', now(), now(), now()`,
  )
  await fill('Resource', '"name", "integrationId", "externalId", "type", "status"', `'name-' || n, ${idOf('int')}, n, 'thing', 'ACTIVE'`)
  await fill('UserGroup', '"name"', "'name-' || n")
  await fill('ResourceGroup', '"name"', "'name-' || n")
  await fill('Member', '"email", "status"', "'name-' || n || '@example.com', 'ACCEPTED'")
  await app.fill('vacuum analyze')
  // As the server's connections are, and with the plans they come to after some calls.
  client = new pg.Client({
    connectionString: app.booted.databaseUrl,
    options: `${app.booted.services.db.pool.options.options} -c plan_cache_mode=force_generic_plan`,
  })
  await client.connect()
})
afterAll(async () => {
  await client?.end()
  await app?.close()
})

const prefixes: Record<string, string> = {
  Integration: 'int',
  AwsAccount: 'acct',
  AwsRole: 'role',
  Resource: 'res',
  UserGroup: 'ug',
  ResourceGroup: 'rg',
  Member: 'mem',
}

const pages = [
  'integrations(first: 20)',
  'integrations(first: 20, orderBy: { field: CREATED_AT, direction: DESC })',
  'awsAccounts(first: 20)',
  'awsRoles(first: 20)',
  'awsRoles(last: 20)',
  'resources(last: 20)',
  'userGroups(first: 20)',
  'resourceGroups(last: 20)',
  'members(last: 20)',
]

test.each(pages)('%s of an organization far larger than others is read in order, not sorted', async (page) => {
  const { queries } = await countStatements(() => own.ask(`{ organization(id: "${own.id}") { ${page} { nodes { id } } } }`))
  const [reading, ...more] = queries.filter(({ text }) => text.includes('lateral'))
  expect(more).toEqual([])
  const { rows } = await client.query({ name: page, text: `explain (analyze, format json) ${reading?.text}`, values: reading?.values })
  expect(rowsLookedAt(rows[0]['QUERY PLAN'][0].Plan), reading?.text).toBeLessThan(large / 10)
})
