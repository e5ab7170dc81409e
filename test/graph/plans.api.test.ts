import { type GraphQLObjectType, getNamedType, isEnumType, isInputObjectType } from 'graphql'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { declaredStatements } from '../../src/platform/statement.ts'
import { gatehouseSchema } from '../../src/schema.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { countStatements } from '../support/statements.ts'

/** Tables of the installation that hold a few rows each, however many organizations there are. */
const small = ['SigningKey', 'EncryptionKey', 'PlatformSecret', 'AwsIdentityTombstone']

/** Lists over everything there is, in the order of an index: they stop at the page's end. */
const wholeIndex = [/from "Organization" o/]

let app: TestApp
let client: pg.Client
beforeAll(async () => {
  app = await startTestApp()
  client = new pg.Client(app.booted.databaseUrl)
  await client.connect()
  // Tables of a test are small, and PostgreSQL would read them whole: without that way it shows which index there is.
  await client.query('set enable_seqscan = off')
})
afterAll(async () => {
  await client?.end()
  await app?.close()
})

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  Plans?: Plan[]
}

/** Where a statement reads a table without an index that leads to the rows. */
async function wholeReads(text: string): Promise<string[]> {
  const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(`explain (format json, generic_plan) ${text}`)
  const found: string[] = []
  const walk = (plan: Plan) => {
    const table = plan['Relation Name']
    const isRead = table !== undefined && /Scan$/.test(plan['Node Type'])
    if (isRead && !small.includes(table) && !plan['Index Cond'] && !plan['Recheck Cond']) found.push(`${plan['Node Type']} on ${table}`)
    for (const below of plan.Plans ?? []) walk(below)
  }
  for (const { Plan: plan } of rows[0]?.['QUERY PLAN'] ?? []) walk(plan)
  return found
}

const statements = declaredStatements().filter(({ text }) => !/graphile_worker|pg_|lock/.test(text))

describe('a statement reads no large table whole', () => {
  it.each(statements)('$name', async ({ text }) => {
    expect(await wholeReads(text), text).toEqual([])
  })
})

const organization = gatehouseSchema().schema.getType('Organization') as GraphQLObjectType
const lists = Object.values(organization.getFields()).filter(({ type }) => getNamedType(type).name.endsWith('Connection'))
const orders = lists.flatMap(({ name, args }) => {
  const orderBy = args.find((arg) => arg.name === 'orderBy')?.type
  const field = isInputObjectType(getNamedType(orderBy))
    ? getNamedType((getNamedType(orderBy) as never as { getFields(): Record<string, { type: never }> }).getFields().field!.type)
    : undefined
  const given = isEnumType(field) ? field.getValues().map((value) => `, orderBy: { field: ${value.name} }`) : ['']
  return given.map((order) => ({ name: `${name}${order}`, list: name, order }))
})

describe('a page of an organization is read by an index of the organization', () => {
  it.each(orders)('$name', async ({ list, order }) => {
    const { id, ask } = await app.organization()
    const { statements } = await countStatements(() =>
      ask(`{ organization(id: "${id}") { ${list}(first: 3${order}) { totalCount nodes { __typename } } } }`),
    )
    const pages = statements.filter((text) => /lateral|count\(/.test(text) && !wholeIndex.some((known) => known.test(text)))
    for (const text of pages) expect(await wholeReads(text), text).toEqual([])
  })
})
