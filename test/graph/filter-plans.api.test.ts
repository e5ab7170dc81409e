import { getNamedType, isInputObjectType } from 'graphql'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { rowsLookedAt } from '../support/plans.ts'
import { countStatements } from '../support/statements.ts'
import { connectLikeServer, fillLists } from './lists.ts'
import { type Field, isConnection, readFields } from './schema-walk.ts'

/** Rows of each table, in each of two organizations. */
const many = 3_000

let app: TestApp
/** Everything of one lies under a few parents, of the other under as many as there is. */
let grouped: TestOrganization
let spread: TestOrganization
let client: pg.Client
/** What the lists hang from. */
const parents: Record<string, { id: string; of: TestOrganization }> = {}
/** When the fourth event from either end of the trail happened. */
let newestEvents: string
let oldestEvents: string

const first = (table: string) => `(select min("id") from "${table}" where "organizationId" = $1)`

beforeAll(async () => {
  app = await startTestApp()
  grouped = await app.organization()
  spread = await app.organization()
  await fillLists(app, [
    { id: grouped.id, rows: many },
    { id: spread.id, rows: many },
  ])
  for (const { id } of [grouped, spread]) await beDifferentRarely((statement) => app.fill(statement, [id]))
  await beGrouped((statement) => app.fill(statement, [grouped.id]))
  await app.fill('vacuum analyze')

  client = await connectLikeServer(app)
  parents.Organization = { id: spread.id, of: spread }
  for (const table of ['Integration', 'AwsAccount', 'UserGroup', 'BackgroundOperation']) {
    const { rows } = await client.query(`select ${first(table)} as id`, [grouped.id])
    parents[table] = { id: rows[0].id, of: grouped }
  }
  const { organization } = await grouped.ask(`{ organization(id: "${grouped.id}") { awsSync { id } } }`)
  parents.AwsSync = { id: organization.awsSync.id, of: grouped }
  const { rows } = await client.query('select "at" from "AuditEvent" where "organizationId" = $1 order by "at" desc', [spread.id])
  newestEvents = rows[3].at.toISOString()
  oldestEvents = rows[many - 5].at.toISOString()
})
afterAll(async () => {
  await client?.end()
  await app?.close()
})

/** Of one in a thousand something else is true. */
async function beDifferentRarely(fill: (statement: string) => Promise<void>) {
  const some = (table: string, change: string) => fill(`update "${table}" set ${change} where "organizationId" = $1 and "id" like '%500'`)
  await some('Component', `"state" = 'STAGE', "health" = 'UNKNOWN', "kind" = 'ACCESS_LOGS'`)
  await some('Integration', `"status" = 'ERROR', "type" = 'okta', "connectorId" = ${first('Connector')}`)
  await some('Resource', `"status" = 'ERROR', "type" = 'rare'`)
  await some('AwsRole', `"status" = 'MISSING', "missingSince" = now()`)
  await some('Member', `"status" = 'PENDING'`)
  await some('BackgroundOperation', `"status" = 'FAILED', "kind" = 'INTEGRATION_REFRESH', "subjectId" = 'rare'`)
  await some('AuditEvent', `"action" = 'thing.undo', "subjectId" = 'rare', "actorSubject" = 'rare'`)
  await fill(
    `insert into "UserGroupAwsRole" ("organizationId", "userGroupId", "awsRoleId", "grantedAt")
     select $1, ${first('UserGroup')}, "id", now() from "AwsRole" where "organizationId" = $1 and "id" like '%500'`,
  )
  // Those of the set-up.
  await fill(`delete from "AuditEvent" where "organizationId" = $1 and "action" not like 'thing.%'`)
}

/** One integration, one account, one group, one operation has it all; but for three rows, which lie in accounts of their own. */
async function beGrouped(fill: (statement: string) => Promise<void>) {
  await fill(`update "Component" set "integrationId" = ${first('Integration')} where "organizationId" = $1`)
  await fill(`update "Resource" set "integrationId" = ${first('Integration')} where "organizationId" = $1`)
  for (const table of ['Component', 'AwsRole']) {
    await fill(`update "${table}" set "awsAccountId" = ${first('AwsAccount')} where "organizationId" = $1 and "id" not like '%000'`)
  }
  await fill(
    `insert into "UserGroupMember" ("organizationId", "userGroupId", "memberId", "email")
     select $1, ${first('UserGroup')}, "id", "email" from "Member" where "organizationId" = $1`,
  )
  await fill(
    `insert into "BackgroundOperationResult" ("organizationId", "operationId", "ordinal", "succeeded", "errors")
     select $1, ${first('BackgroundOperation')}, i, i % 1000 <> 500, '[]' from generate_series(1, ${many}) i`,
  )
  await fill(
    `insert into "AwsAccountSync" ("organizationId", "operationId", "ordinal", "accountName", "succeeded", "hasWarning", "rolesFound", "finishedAt")
     select $1, ${first('BackgroundOperation')}, i, 'account ' || i, i % 1000 <> 500, false, 1, now() from generate_series(1, ${many}) i`,
  )
  await fill(
    `insert into "AwsSync" ("organizationId", "lastOperationId") values ($1, ${first('BackgroundOperation')})
     on conflict ("organizationId") do update set "lastOperationId" = excluded."lastOperationId"`,
  )
  await fill(
    `insert into "IntegrationPermission" ("id", "organizationId", "integrationId", "resourceType", "name")
     select 'perm_' || lpad(i::text, 26, '0'), $1, ${first('Integration')}, case when i % 1000 = 500 then 'rare' else 'thing' end, 'name' || i
     from generate_series(1, ${many}) i`,
  )
}

/** Filters that three of the rows fit, or as many as are told. */
type Rare = Record<string, string | [value: string, fitting: number]>

const one = (value: string): [string, number] => [value, 1]
const named = { name: one('"NAME-007919"'), nameContains: one('"e-007919"') }
const theirAccounts = () => [1, 2, 3].map((thousands) => `"1${String((thousands * 1_000 * 7_919) % 10_007).padStart(11, '0')}"`)
const components = { kinds: '[ACCESS_LOGS]', states: '[STAGE]', health: '[UNKNOWN, DRIFTED]' }
const roles = { ...named, namePattern: one('"n*-007919"'), statuses: '[MISSING]', granted: 'true' }
const resources = { ...named, types: '["rare"]', statuses: '[ERROR]' }
const members = { email: one('"Name-007919@example.com"'), emailContains: one('"E-007919@"'), statuses: '[PENDING]' }
const arn = `["arn:aws:iam::100000007919:role/x"]`

const rare = (): Record<string, Rare> => ({
  'Organization.auditEvents': {
    ...{ action: '"thing.undo"', subjectIds: '["rare", "nobody"]', actorSubject: '"rare"' },
    ...{ since: [`"${newestEvents}"`, 4], until: [`"${oldestEvents}"`, 4] },
  },
  'Organization.awsAccounts': {
    ...{ accountIds: `[${theirAccounts()}]`, alias: one('"name-007919"'), aliasContains: one('"E-007919"') },
  },
  'Organization.awsRoles': { ...roles, arns: one(arn), accountIds: `[${theirAccounts()}]` },
  'AwsAccount.roles': { ...roles, arns: one(arn) },
  'Organization.components': { ...components, accountIds: `[${theirAccounts()}]` },
  'Integration.components': { ...components, accountIds: `[${theirAccounts()}]` },
  'AwsAccount.components': components,
  'Organization.integrations': {
    ...{ ...named, namePattern: one('"n*-007919"'), typePatterns: '["ok*"]', categories: '[USER_INFORMATION]' },
    ...{ statuses: '[ERROR]', connectorIds: `["con_${'20001'.padStart(26, '0')}"]` },
  },
  'Organization.members': members,
  'UserGroup.members': members,
  'Organization.operations': { kinds: '[INTEGRATION_REFRESH]', statuses: '[FAILED]', subjectIds: '["rare"]' },
  'BackgroundOperation.results': { succeeded: 'false' },
  'AwsSync.accounts': { succeeded: 'false' },
  'Organization.resources': resources,
  'Integration.resources': resources,
  'Integration.permissions': { resourceType: '"rare"' },
  'Organization.resourceGroups': { ...named, ids: one(`["rg_${'20001'.padStart(26, '0')}"]`) },
  'Organization.userGroups': { ...named, ids: one(`["ug_${'20001'.padStart(26, '0')}"]`) },
})

/** They come with the product, and are looked through in memory. */
const notStored = ['Organization.permissionGroups', 'Query.integrationTypes']

/** Of one account this is all or nothing. */
const ofOneAccount = ['AwsAccount.roles accountIds', 'AwsAccount.components accountIds']

const ofPages = ['first', 'after', 'last', 'before', 'orderBy']
/** The arguments that choose rows, those of `filter` each. */
const choosing = ({ args }: Field) =>
  args
    .filter(({ name }) => !ofPages.includes(name))
    .flatMap(({ name, type }) => {
      const input = getNamedType(type)
      return isInputObjectType(input)
        ? Object.keys(input.getFields()).map((key) => ({ key, given: (value: string) => `${name}: { ${key}: ${value} }` }))
        : [{ key: name, given: (value: string) => `${name}: ${value}` }]
    })

const filters = readFields
  .filter(({ coordinate, field }) => isConnection(field.type) && !notStored.includes(coordinate))
  .flatMap(({ coordinate, field, type }) =>
    choosing(field).map(({ key, given }) => ({ coordinate, type: type.name, list: field.name, key, given })),
  )
  .filter(({ coordinate, key }) => !ofOneAccount.includes(`${coordinate} ${key}`))

/** Statements of lists that `work` sends, each of which must look at a part of the rows only. */
async function looksAtFew(work: () => Promise<Data>): Promise<Data> {
  const { queries, result } = await countStatements(work)
  const reading = queries.filter(({ text }) => text.startsWith('select') && text.includes('"_parent"'))
  expect(reading).not.toEqual([])
  for (const query of reading) {
    expect(await rowsLookedAt(client, query, query.name ? 'force_generic_plan' : 'force_custom_plan'), query.text).toBeLessThan(many / 5)
  }
  return result
}

test.each(filters)('$coordinate by $key: what few fit is found without a look at all', async ({ coordinate, type, list, key, given }) => {
  const filter = rare()[coordinate]?.[key]
  if (filter === undefined) throw new Error(`what few fit is to be named here for ${coordinate} by ${key}`)
  const [value, fitting] = typeof filter === 'string' ? [filter, 3] : filter
  const parent = parents[type]
  if (!parent) throw new Error(`${type} has no parent here`)
  const { node } = await looksAtFew(() =>
    parent.of.ask(
      `{ node(id: "${parent.id}") { ... on ${type} { list: ${list}(first: 5, ${given(value)}) { totalCount nodes { __typename } } } } }`,
    ),
  )
  expect(node.list).toMatchObject({ totalCount: fitting, nodes: { length: fitting } })
})

const common: [list: string, filter: string][] = [
  ['awsRoles', 'granted: false'],
  ['awsRoles', 'statuses: [OK]'],
  ['awsRoles', 'nameContains: "name"'],
  ['components', 'states: [INSTALLED], health: [HEALTHY]'],
  ['components', 'kinds: [INVENTORY]'],
  ['integrations', 'typePatterns: ["*"]'],
  ['resources', 'statuses: [ACTIVE], types: ["thing"]'],
  ['members', 'statuses: [ACCEPTED]'],
  ['members', 'emailContains: "name"'],
  ['operations', 'statuses: [SUCCEEDED]'],
  ['auditEvents', 'action: "thing.do"'],
  ['auditEvents', 'actorSubject: "system"'],
  ['auditEvents', 'since: "2020-01-01T00:00:00Z"'],
  ['auditEvents', 'until: "2100-01-01T00:00:00Z"'],
]
test.each(common)('%s { %s }, which most fit, are read in order until the page is full', async (list, filter) => {
  const { organization } = await looksAtFew(() =>
    spread.ask(`{ organization(id: "${spread.id}") { ${list}(first: 20, filter: { ${filter} }) { nodes { __typename } } } }`),
  )
  expect(organization[list].nodes).toHaveLength(20)
})

test('what lies together at the end of the order is found without a look at all before it', async () => {
  const { organization } = await looksAtFew(() =>
    spread.ask(`{ organization(id: "${spread.id}") { awsRoles(first: 5, filter: { nameContains: "e-0099" }) { nodes { name } } } }`),
  )
  const names: string[] = organization.awsRoles.nodes.map(({ name }: Data) => name)
  expect(names).toHaveLength(5)
  expect(names.toSorted()).toEqual(names)
})
