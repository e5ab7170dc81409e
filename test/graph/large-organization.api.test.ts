import { getNamedType, isEnumType, isInputObjectType } from 'graphql'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { rowsLookedAt } from '../support/plans.ts'
import { countStatements } from '../support/statements.ts'
import { connectLikeServer, fillLists } from './lists.ts'
import { type Field, fieldsOf, isConnection, objectTypes } from './schema-walk.ts'

/** Rows of each table: in one organization, and in each of the many others, by which the plans are made. */
const large = 5_000
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
  client = await connectLikeServer(app)
})
afterAll(async () => {
  await client?.end()
  await app?.close()
})

/** The permission groups come with the product. */
const notStored = ['permissionGroups']

function ordersOf({ args }: Field): { by: string; order: string }[] {
  const orderBy = getNamedType(args.find(({ name }) => name === 'orderBy')?.type)
  const field = isInputObjectType(orderBy) ? getNamedType(orderBy.getFields().field?.type) : undefined
  if (!isEnumType(field)) return [{ by: '', order: '' }]
  return field.getValues().flatMap(({ name }) =>
    ['ASC', 'DESC'].map((direction) => ({
      by: ` by ${name} ${direction}`,
      order: `, orderBy: { field: ${name}, direction: ${direction} }`,
    })),
  )
}

const lists = objectTypes
  .filter(({ name }) => name === 'Organization')
  .flatMap(fieldsOf)
  .filter(({ type, name }) => isConnection(type) && !notStored.includes(name))
  .flatMap((field) => ordersOf(field).map(({ by, order }) => ({ list: field.name, by, order })))

test.each(lists.map(({ list, by, order }) => [list, by, order]))(
  '%s%s of an organization far larger than others is read in order, not sorted',
  async (list, _by, order) => {
    const ask = (page: string, fields = 'id') =>
      own.ask(`{ organization(id: "${own.id}") { list: ${list}(${page}${order}) { ${fields} } } }`)
    let cursor = ''
    for (let i = 0; i < 5; i++) {
      const { organization } = await ask(`first: 200${cursor}`, 'pageInfo { endCursor }')
      cursor = `, after: "${organization.list.pageInfo.endCursor}"`
    }
    for (const page of ['first: 20', 'last: 20', `first: 20${cursor}`]) {
      const { queries, result } = await countStatements(() => ask(page, 'nodes { id }'))
      expect(result.organization.list.nodes).toHaveLength(20)
      const [reading, ...more] = queries.filter(({ text }) => text.includes('lateral'))
      if (!reading?.name) throw new Error(`${page} was not read by one prepared statement`)
      expect(more).toEqual([])
      expect(await rowsLookedAt(client, reading, 'force_generic_plan'), reading.text).toBeLessThan(large / 10)
    }
  },
)
