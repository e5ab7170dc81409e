import { type GraphQLField, type GraphQLObjectType, getNamedType, isInterfaceType, isLeafType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { alwaysRead, pickColumns, splitColumns } from '../../src/platform/pagination/asked-columns.ts'
import { gatehouseSchema } from '../../src/schema.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Everything, makeEverything } from '../tenancy/everything.ts'

const { schema } = gatehouseSchema()
const objectTypes = Object.values(schema.getTypeMap()).filter(isObjectType)
const isList = ({ type }: GraphQLField<unknown, unknown>) => getNamedType(type).name.endsWith('Connection')
const needsNothing = ({ args }: GraphQLField<unknown, unknown>) => args.every(({ type }) => !String(type).endsWith('!'))

/** Every list of an organization, with the fields of its nodes that show a value and those that lead to lists. */
const lists = Object.values((schema.getType('Organization') as GraphQLObjectType).getFields())
  .filter(isList)
  .map((list) => {
    const connection = getNamedType(list.type) as GraphQLObjectType
    const node = getNamedType(connection.getFields().nodes!.type)
    const fields = isObjectType(node) || isInterfaceType(node) ? Object.values(node.getFields()).filter(needsNothing) : []
    return {
      name: list.name,
      leaves: fields.filter(({ type }) => isLeafType(getNamedType(type))).map(({ name }) => name),
      lists: fields.filter(isList).map(({ name }) => name),
      hasOrganization: fields.some(({ name }) => name === 'organization'),
    }
  })

/** The object types that stand in lists. */
const nodesOfLists = [
  ...new Set(
    objectTypes.flatMap((type) => {
      const node = type.name.endsWith('Connection') ? getNamedType(type.getFields().nodes!.type) : undefined
      if (isInterfaceType(node)) return schema.getPossibleTypes(node)
      return isObjectType(node) ? [node] : []
    }),
  ),
]

let app: TestApp
let own: Everything
beforeAll(async () => {
  app = await startTestApp()
  own = await makeEverything(app, 'hazel', '111122223344')
})
afterAll(() => app?.close())

describe('a row that is read in part shows what it shows when it is read whole', () => {
  it.each(lists.filter(({ hasOrganization }) => hasOrganization))('organization.$name', async ({ name, leaves, lists }) => {
    const nodes = async (selection: string) =>
      (await own.ask(`{ organization(id: "${own.id}") { ${name} { nodes { ${selection} } } } }`)).organization[name].nodes
    const below = lists.map((list) => `${list} { totalCount edges { cursor node { __typename } } }`)
    // Whose it is comes from a resolver, which may look at anything: so the whole row is read.
    const whole = await nodes(`organization { id } ${leaves.join(' ')} ${below.join(' ')}`)
    expect(whole.length).toBeGreaterThan(0)
    for (const selection of [...leaves, ...below]) {
      const [field = ''] = selection.split(' ')
      const expected = whole.map((node: Record<string, unknown>) => ({ [field]: node[field] }))
      expect(await nodes(selection), field).toEqual(expected)
    }
    const { organization: _, ...rest } = whole[0]
    expect((await nodes([...leaves, ...below].join(' ')))[0]).toEqual(rest)
  })

  it('as nodes of edges, through fragments, and as references of a router', async () => {
    const { organization } = await own.ask(
      `query ($id: ID!) { organization(id: $id) { userGroups { edges { cursor node { ...some } } pageInfo { endCursor } nodes { ...some } }
         awsRoles { nodes { id arn ... on Node { id } ... on AwsRole { userGroups { nodes { name } } } } } } }
       fragment some on UserGroup { name members { nodes { email } } awsRoles { edges { node { name } } } }`,
      { id: own.id },
    )
    const { edges, nodes, pageInfo } = organization.userGroups
    expect(edges.map(({ node }: { node: object }) => node)).toEqual(nodes)
    expect(pageInfo.endCursor).toBe(edges.at(-1).cursor)
    const representations = organization.awsRoles.nodes.map(({ id }: { id: string }) => ({ __typename: 'AwsRole', id }))
    const { _entities } = await own.ask(
      `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Organization { slug } ... on AwsRole { id arn userGroups { nodes { name } } } } }`,
      { representations },
    )
    expect(_entities).toEqual(organization.awsRoles.nodes)
  })
})

describe('a list needs no more of the row it belongs to than is always read', () => {
  const below = nodesOfLists.flatMap((type) =>
    Object.values(type.getFields())
      .filter(isList)
      .map((field) => ({ name: `${type.name}.${field.name}`, field })),
  )
  it.each(below)('$name', async ({ field }) => {
    const read: string[] = []
    const row = new Proxy(
      {},
      {
        get: (_, column) => {
          if (column !== 'then') read.push(String(column))
          return 'cmp_00000000000000000000000000'
        },
      },
    )
    const context = {
      ...app.booted.services,
      viewer: { kind: 'PLATFORM_ADMIN', scopes: ['ADMIN'], organizationIds: null },
      loaders: {
        get: () => {
          throw new Error('far enough')
        },
      },
    }
    const info = { fieldNodes: [], fragments: {}, schema, returnType: field.type }
    await Promise.resolve()
      .then(() => field.resolve?.(row, {}, context, info as never))
      .catch(() => undefined)
    expect(read).not.toHaveLength(0)
    expect(alwaysRead).toEqual(expect.arrayContaining(read))
  })
})

describe('a list of columns is cut down', () => {
  const columns = 'a."id", a."name", greatest(a."x", coalesce(b."y", a."z")) as "last", a."organizationId"'

  it('at its commas outside of parentheses', () => {
    expect([...splitColumns(columns).keys()]).toEqual(['id', 'name', 'last', 'organizationId'])
  })

  it.each([
    ['everything where nothing is known', null, [], columns],
    ['what is asked for and always read, in its order', 'name', [], 'a."id", a."name", a."organizationId"'],
    ['an order column for cursors', '', ['a."name"'], 'a."id", a."name", a."organizationId"'],
    ['everything where a field has no column', 'label', [], columns],
    ['everything where the order is by no column', 'name', ['lower(a."name")'], columns],
  ] as const)('to %s', (_, asked, order, expected) => {
    expect(pickColumns(columns, asked, order)).toBe(expected)
  })
})
