// Before the server is imported, whose connections are counted.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdPrefix, idPrefixes, newId } from '../../src/platform/typeid.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { countStatements } from '../support/statements.ts'
import { type Everything, makeEverything, sharedTypes } from '../tenancy/everything.ts'
import { nodeTypes, schema } from './schema-walk.ts'

let app: TestApp
let own: Everything
beforeAll(async () => {
  app = await startTestApp()
  own = await makeEverything(app, 'walnut', '111122223333')
  await own.ask('{ viewer { kind } }')
})
afterAll(() => app?.close())

const nodes = (ids: string[]) => app.send(own.key, 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }', { ids })
const entities = (representations: object[], selected = '__typename ... on Node { id }') =>
  app.send(own.key, `query ($r: [_Any!]!) { _entities(representations: $r) { ${selected} } }`, { r: representations })

describe('nodes', () => {
  it('come in the order of their ids, each as often as it was asked for, null for a miss', async () => {
    const [a, b, c] = [own.idOf('AuditEvent'), own.idOf('InventoryComponent'), own.id]
    const ids = [b, newId('cmp'), a, 'nonsense', c, b, '', newId('org'), a.toUpperCase(), `${a} `, 'cmp_', c]
    const { data, errors } = await nodes(ids)
    expect(errors).toBeUndefined()
    const found: Record<string, object> = {
      [a]: { __typename: 'AuditEvent', id: a },
      [b]: { __typename: 'InventoryComponent', id: b },
      [c]: { __typename: 'Organization', id: c },
    }
    expect(data.nodes).toEqual(ids.map((id) => found[id] ?? null))
  })

  it('are at most 200 a call', async () => {
    const ids = Array.from({ length: 201 }, () => newId('cmp'))
    expect((await nodes(ids.slice(1))).data.nodes).toEqual(Array(200).fill(null))
    const { data, errors } = await nodes(ids)
    expect([data, errors?.map(({ message, extensions }) => ({ message, extensions }))]).toEqual([
      null,
      [{ message: 'ids must have at most 200 items; it has 201.', extensions: { code: 'BAD_USER_INPUT', argument: 'ids' } }],
    ])
  })

  it('of one type cost one statement, and of every type one a type', async () => {
    const known = Object.values(idPrefixes).filter((type) => !sharedTypes.includes(type)).length
    const ids = [...own.ids.slice(0, 150), ...Object.keys(idPrefixes).map((prefix) => newId(prefix as IdPrefix))]
    const { statements } = await countStatements(() => nodes(ids))
    // One more for who asks; what ships with the product is held in memory.
    expect(statements).toHaveLength(known + 1)
    expect((await countStatements(() => nodes(Array.from({ length: 200 }, () => newId('tr'))))).statements).toHaveLength(2)
  })

  it('an id that is malformed costs none', async () => {
    expect((await countStatements(() => nodes(['x', 'cmp_x', 'org_', '_']))).statements).toHaveLength(1)
  })

  it.each(nodeTypes.map(({ name }) => name))('node finds a %s', async (name) => {
    const { node } = await own.ask('query ($id: ID!) { node(id: $id) { __typename id } }', { id: own.idOf(name) })
    expect(node).toEqual({ __typename: name, id: own.idOf(name) })
  })
})

describe('references of a router', () => {
  it('the SDL that a router reads is the one that is kept in the repository', async () => {
    const sdl = readFileSync(resolve(import.meta.dirname, '../../schema/subgraph.graphql'), 'utf8')
    const { _service } = await own.ask('{ _service { sdl } }')
    expect(_service.sdl).toBe(sdl)
  })

  it('a thousand of one type cost one statement, and of several types one a type', async () => {
    const components = Array.from({ length: 998 }, () => ({ __typename: 'InventoryComponent', id: newId('cmp') }))
    const own1 = [own.idOf('InventoryComponent'), own.idOf('BaseComponent')].map((id, i) => ({
      __typename: i === 0 ? 'InventoryComponent' : 'BaseComponent',
      id,
    }))
    const one = await countStatements(() => entities([...components, ...own1]))
    expect(one.result.errors).toBeUndefined()
    expect(one.result.data._entities.filter(Boolean)).toEqual(own1)
    expect(one.statements).toHaveLength(2)

    const keyed = nodeTypes.map(({ name }) => ({ __typename: name, id: own.idOf(name) }))
    const natural = [
      { __typename: 'Organization', slug: own.slug },
      { __typename: 'AwsAccount', organization: { id: own.id }, accountId: own.accountId },
    ]
    const lots = Array.from({ length: 50 }, () => [...keyed, ...natural])
      .flat()
      .slice(0, 1000)
    const each = await countStatements(() => entities(lots))
    expect(each.result.errors).toBeUndefined()
    expect(each.result.data._entities).not.toContain(null)
    const stored = keyed.filter(({ __typename }) => !sharedTypes.includes(__typename))
    const kinds = new Set(stored.map(({ id }) => id.split('_')[0])).size
    // The caller's organization comes with the key, by id and by slug.
    expect(each.statements).toHaveLength(1 + kinds + natural.length - 2)
  })

  it('beyond a thousand they are refused', async () => {
    const { data, errors } = await entities(Array.from({ length: 1001 }, () => ({ __typename: 'Organization', id: own.id })))
    expect([data, errors?.[0]?.extensions]).toEqual([null, { code: 'BAD_USER_INPUT', argument: 'representations' }])
  })

  it('what is named as another type than it is, is null', async () => {
    const component = own.idOf('InventoryComponent')
    const wrong = [
      { __typename: 'Organization', id: component },
      { __typename: 'BaseComponent', id: component },
      { __typename: 'Component', id: own.id },
      { __typename: 'AwsAccount', id: own.id },
      { __typename: 'InventoryComponent', id: own.idOf('BaseComponent') },
      { __typename: 'Nothing', id: own.id },
    ]
    const { data, errors } = await entities(wrong)
    expect(errors).toBeUndefined()
    expect(data._entities).toEqual(wrong.map(() => null))
  })

  it('a Component is found as what it is', async () => {
    const ids = ['BaseComponent', 'IamAssessmentComponent', 'InventoryComponent'].map(own.idOf)
    const { data } = await entities(
      ids.map((id) => ({ __typename: 'Component', id })),
      '__typename ... on Component { id kind }',
    )
    expect(data._entities).toEqual([
      { __typename: 'BaseComponent', id: ids[0], kind: 'BASE' },
      { __typename: 'IamAssessmentComponent', id: ids[1], kind: 'IAM_ASSESSMENT' },
      { __typename: 'InventoryComponent', id: ids[2], kind: 'INVENTORY' },
    ])
  })

  it.each([
    [{ __typename: 'Organization' }],
    [{ __typename: 'Organization', id: null }],
    [{ __typename: 'Organization', id: 7 }],
    [{ __typename: 'Organization', slug: 7 }],
    [{ __typename: 'Organization', id: 'nonsense' }],
    [{ __typename: 'AwsAccount', accountId: '111122223333' }],
    [{ __typename: 'AwsAccount', organization: null, accountId: '111122223333' }],
    [{ __typename: 'AwsAccount', organization: { id: 7 }, accountId: '111122223333' }],
    [{ __typename: 'AwsAccount', organization: { id: 'x y' }, accountId: '111122223333' }],
    [{ __typename: 'InventoryComponent', slug: 'x' }],
    [{ __typename: '__proto__', id: 'x' }],
  ])('%j is null', async (representation) => {
    const { data, errors } = await entities([representation])
    expect([data, errors]).toEqual([{ _entities: [null] }, undefined])
  })

  it.each(['text', 7, true, [], {}, { id: 'x' }, { __typename: null, id: 'x' }].map((representation) => ({ representation })))(
    '$representation names nothing, and is null',
    async ({ representation }) => {
      const { data, errors } = await entities([representation as object])
      expect([data, errors]).toEqual([{ _entities: [null] }, undefined])
    },
  )

  it('keys are what the types say: one by id for everything that is a Node', () => {
    for (const type of nodeTypes) {
      const keys = type.astNode?.directives?.filter(({ name }) => name.value === 'key') ?? []
      expect(JSON.stringify(keys), type.name).toContain('"id"')
    }
    expect(schema.getType('_Entity')).toBeDefined()
  })
})
