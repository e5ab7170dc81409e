import { type GraphQLObjectType, getNamedType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { type Everything, makeEverything } from '../tenancy/everything.ts'
import { argumentsOf } from './fillers.ts'
import { makeMany, many } from './many.ts'
import { type FieldOfType, isConnection, queryAlong, reach, readFields, valuesAlong } from './schema-walk.ts'

let app: TestApp
let own: Everything
beforeAll(async () => {
  app = await startTestApp()
  own = await makeEverything(app, 'walnut', '111122223333')
  await makeMany(app, own)
})
afterAll(() => app?.close())

interface Page {
  nodes: Data[]
  edges: { cursor: string; node: Data }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
  totalCount: number
}
type Read = (args: string) => Promise<Page>

const selected =
  '{ nodes { ...Item } edges { cursor node { ...Item } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount }'

/** All items from the start in pages of that size, in the order of the list, with what each page says of itself checked. */
async function walkForward(read: Read, size: number): Promise<Data[]> {
  const found: Data[] = []
  let after: string | null = null
  for (;;) {
    const page: Page = await read(`first: ${size}${after ? `, after: "${after}"` : ''}`)
    checkPage(page, size)
    expect(page.pageInfo.hasPreviousPage).toBe(after !== null)
    found.push(...page.nodes)
    if (!page.pageInfo.hasNextPage) return found
    expect(page.nodes).toHaveLength(size)
    after = page.pageInfo.endCursor
  }
}

async function walkBackward(read: Read, size: number): Promise<Data[]> {
  const found: Data[] = []
  let before: string | null = null
  for (;;) {
    const page: Page = await read(`last: ${size}${before ? `, before: "${before}"` : ''}`)
    checkPage(page, size)
    expect(page.pageInfo.hasNextPage).toBe(before !== null)
    found.unshift(...page.nodes)
    if (!page.pageInfo.hasPreviousPage) return found
    expect(page.nodes).toHaveLength(size)
    before = page.pageInfo.startCursor
  }
}

function checkPage({ nodes, edges, pageInfo }: Page, size: number): void {
  expect(nodes.length).toBeLessThanOrEqual(size)
  expect(edges.map(({ node }) => node)).toEqual(nodes)
  expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges[0]?.cursor ?? null, edges.at(-1)?.cursor ?? null])
  expect(new Set(edges.map(({ cursor }) => cursor)).size).toBe(edges.length)
}

describe('seven integrations', () => {
  // Code points decide the order of names: capitals before small letters, and é after z.
  const names = ['Zebra', 'alpha', 'aws', 'beta', 'zebra', 'éclair', '日本']
  const days = [4, 2, 2, 6, 1, 2, 5]
  let id: string
  beforeAll(async () => {
    const organization = await app.organization('Seven')
    id = organization.id
    const { pool } = app.booted.services.db
    for (const [i, name] of names.entries()) {
      await pool.query('insert into "Integration" ("id", "organizationId", "name", "type", "createdAt") values ($1, $2, $3, $4, $5)', [
        newId('int'),
        id,
        name,
        name === 'aws' ? 'aws' : 'custom',
        `2026-01-0${days[i]}T00:00:00.${name === 'aws' ? '001' : '002'}Z`,
      ])
    }
  })

  const read =
    (order: string): Read =>
    async (args) => {
      const { data, errors } = await app.send(
        app.adminKey,
        `query ($id: ID!) { organization(id: $id) { integrations(orderBy: ${order}, ${args}) ${selected} } } fragment Item on Integration { id name createdAt }`,
        { id },
      )
      expect(errors).toBeUndefined()
      return data.organization.integrations
    }
  /** Equal times fall back to the ids, which were made in this order. */
  const byTime = [4, 2, 1, 5, 0, 6, 3].map((i) => names[i])
  const orders = [
    { order: '{ field: NAME }', expected: names },
    { order: '{ field: NAME, direction: DESC }', expected: names.toReversed() },
    { order: '{ field: CREATED_AT }', expected: byTime },
    { order: '{ field: CREATED_AT, direction: DESC }', expected: byTime.toReversed() },
  ]
  const sizes = [1, 2, 3, 4, 5, 6, 7, 8]
  const cases = orders.flatMap((order) => sizes.map((size) => ({ ...order, size })))

  it.each(cases)(
    'ordered by $order in pages of $size are all there once, in order, forward and backward',
    async ({ order, expected, size }) => {
      expect((await walkForward(read(order), size)).map(({ name }) => name)).toEqual(expected)
      expect((await walkBackward(read(order), size)).map(({ name }) => name)).toEqual(expected)
    },
  )

  it.each(orders)('ordered by $order: what lies between two cursors', async ({ order, expected }) => {
    const { edges, totalCount } = await read(order)('first: 7')
    const [after, before] = [edges[1]?.cursor, edges[5]?.cursor]
    const between = await read(order)(`first: 2, after: "${after}", before: "${before}"`)
    expect(between.nodes.map(({ name }) => name)).toEqual(expected.slice(2, 4))
    expect(between.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true })
    const fromTheEnd = await read(order)(`last: 2, after: "${after}", before: "${before}"`)
    expect(fromTheEnd.nodes.map(({ name }) => name)).toEqual(expected.slice(3, 5))
    expect((await read(order)(`first: 5, after: "${before}", before: "${after}"`)).nodes).toEqual([])
    expect([totalCount, between.totalCount]).toEqual([7, 7])
  })

  it('a cursor stays good when its item is gone, and items that come later stand where they belong', async () => {
    const order = '{ field: NAME }'
    const { pool } = app.booted.services.db
    const { pageInfo, nodes } = await read(order)('first: 3')
    await pool.query('delete from "Integration" where "id" = $1', [nodes[2].id])
    await pool.query('insert into "Integration" ("id", "organizationId", "name", "type") values ($1, $2, $3, $4)', [
      newId('int'),
      id,
      'azure',
      'custom',
    ])
    const rest = await read(order)(`first: 9, after: "${pageInfo.endCursor}"`)
    expect(rest.nodes.map(({ name }) => name)).toEqual(['azure', ...names.slice(3)])
  })
})

const lists = readFields.filter(({ field }) => isConnection(field.type)).map((list) => ({ name: list.coordinate, list }))

/** What each list is ordered by, where it is not the order in which its items were made. */
const orderedBy: Record<string, string> = {
  'Organization.awsAccounts': 'accountId',
  'AwsAccount.credentials': 'accountName',
  'AwsAccount.roles': 'name',
  'AwsRole.members': 'email',
  'Connector.integrations': 'name',
  'Integration.permissions': 'name',
  'Integration.resources': 'name',
  'Organization.awsCredentials': 'accountName',
  'Organization.awsRoles': 'name',
  'Organization.connectors': 'name',
  'Organization.integrations': 'name',
  'Organization.members': 'email',
  'Organization.permissionGroups': 'name',
  'Organization.resourceGroups': 'name',
  'Organization.resources': 'name',
  'Organization.ssoConnectors': 'emailDomain',
  'Organization.userGroups': 'name',
  'Query.organizations': 'slug',
  'UserGroup.members': 'email',
  'Viewer.organizations': 'slug',
}
/** What tells items apart that have no id. */
const withoutId: Record<string, string> = { BackgroundOperationResultConnection: 'subjectId', AwsAccountSyncConnection: 'accountName' }

describe('every list', () => {
  const readOf = ({ coordinate, type, field }: FieldOfType): Read => {
    const way = reach(type.name)
    const connection = getNamedType(field.type) as GraphQLObjectType
    const item = getNamedType(connection.getFields().nodes?.type)
    const key = withoutId[connection.name] ?? `id ${orderedBy[coordinate] ?? ''}`
    const given = Object.entries(argumentsOf(type.name, field, own)).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    return async (args) => {
      const query = queryAlong(way, `list: ${field.name}(${[...given, args].join(', ')}) ${selected}`)
      const { data, errors } = await app.send(app.adminKey, `${query} fragment Item on ${item} { __typename ${key} }`, {
        ...(way.from ? { from: own.idOf(way.from) } : {}),
      })
      expect(errors).toBeUndefined()
      return valuesAlong(way, data)[0]?.list as Page
    }
  }

  it.each(lists)('$name is walked in pages both ways, in its order', async ({ list }) => {
    const read = readOf(list)
    const all = await read('first: 200')
    expect(all.totalCount, `make ${many} of what ${list.coordinate} lists in test/graph/many.ts`).toBeGreaterThanOrEqual(7)
    expect(all.nodes).toHaveLength(all.totalCount)
    const size = Math.ceil(all.totalCount / 3)
    expect(await walkForward(read, size)).toEqual(all.nodes)
    expect(await walkBackward(read, size)).toEqual(all.nodes)
    const connection = String(list.field.type).replaceAll('!', '')
    if (connection in withoutId) return
    const keys = all.nodes.map((node) => node[orderedBy[list.coordinate] ?? 'id'] as string)
    expect(new Set(keys).size).toBe(keys.length)
    const ascending = keys.toSorted((a, b) => (a < b ? -1 : 1))
    expect([ascending, ascending.toReversed()]).toContainEqual(keys)
  })

  const limits = [
    { args: 'first: 201', argument: 'first' },
    { args: 'last: 201', argument: 'last' },
    { args: 'first: -1', argument: 'first' },
    { args: 'last: -1', argument: 'last' },
    { args: 'first: 1, last: 1', argument: 'last' },
    { args: 'first: 0, last: 0', argument: 'last' },
  ]
  it.each(lists)('$name refuses pages that are too large, negative or from both ends', async ({ list: { type, field } }) => {
    const way = reach(type.name)
    const given = Object.entries(argumentsOf(type.name, field, own)).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    const calls = limits.map(({ args }, i) => `c${i}: ${field.name}(${[...given, args].join(', ')}) { totalCount }`)
    const nullable = !String(field.type).endsWith('!')
    const asked = nullable ? [calls.join(' ')] : calls
    const refused: unknown[] = []
    for (const inner of asked) {
      const { errors = [] } = await app.send(app.adminKey, queryAlong(way, inner), way.from ? { from: own.idOf(way.from) } : {})
      refused.push(...errors.map(({ path, extensions: { code, argument } }) => ({ call: path?.at(-1), code, argument })))
    }
    expect(refused).toEqual(limits.map(({ argument }, i) => ({ call: `c${i}`, code: 'BAD_USER_INPUT', argument })))
  })

  it.each(lists)('$name gives 50 unless asked otherwise, and none if none is asked for', async ({ list }) => {
    const read = readOf(list)
    const { totalCount } = await read('first: 1')
    expect((await read('after: null')).nodes).toHaveLength(Math.min(50, totalCount))
    const none = await read('first: 0')
    expect(none).toEqual({
      nodes: [],
      edges: [],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: null },
      totalCount,
    })
    expect((await read('last: 0')).pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null })
  })
})

describe('an empty list', () => {
  it('has no cursor, nothing before it and nothing after it', async () => {
    const empty = await app.organization()
    const { organization } = await empty.ask(
      `{ organization(id: "${empty.id}") { components ${selected} } } fragment Item on Component { id }`,
    )
    expect(organization.components).toEqual({
      nodes: [],
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      totalCount: 0,
    })
  })
})
