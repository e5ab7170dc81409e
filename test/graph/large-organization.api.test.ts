import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { rowsLookedAt } from '../support/plans.ts'
import { countStatements } from '../support/statements.ts'
import { fillLists } from './lists.ts'

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
  const ids = Array.from({ length: others }, (_, index) => `org_${String(index).padStart(26, '0')}`)
  await app.fill(`insert into "Organization" ("id", "slug", "name") select id, 'o' || right(id, 6), 'Other' from unnest($1::text[]) id`, [
    ids,
  ])
  await fillLists(app, [{ id: own.id, rows: large }, ...ids.map((id) => ({ id, rows: usual }))])
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

const pages = [
  'components(first: 20)',
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
