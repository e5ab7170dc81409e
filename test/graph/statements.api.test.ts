// Before the server is imported, whose connections are counted.
import { getNamedType, isLeafType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, startTestApp, type TestApp } from '../support/app.ts'
import { countStatements } from '../support/statements.ts'
import { type Everything, makeEverything } from '../tenancy/everything.ts'
import { argumentsOf } from './fillers.ts'
import { idsOfType, makeMany, many } from './many.ts'
import { along, type FieldOfType, isConnection, nodeTypes, reach, readFields } from './schema-walk.ts'

let app: TestApp
let own: Everything
beforeAll(async () => {
  app = await startTestApp()
  own = await makeEverything(app, 'walnut', '111122223333')
  await makeMany(app, own)
  // The first use of a key is noted, and connections are warm afterwards.
  await ask('{ viewer { kind } }')
})
afterAll(() => app?.close())

const asked = (query: string, variables?: object, key = own.key) =>
  countStatements(async () => {
    const answer: Answer = await app.send(key, query, variables)
    expect(answer.errors).toBeUndefined()
    return answer.data
  })
const ask = async (query: string, variables?: object) => (await asked(query, variables)).result

/** Fields that lead from one thing to others, on whatever `nodes` can lead to. */
const relations = readFields
  .filter(({ type, field }) => type.name !== 'Query' && !isLeafType(getNamedType(field.type)) && !isPart(type.name))
  .map((relation) => ({ name: relation.coordinate, relation }))

/** Lists by links cost one statement more: the links, then what they lead to. */
const byLinks = ['UserGroup.members', 'UserGroup.awsRoles', 'Member.userGroups', 'Member.awsRoles', 'AwsRole.userGroups', 'AwsRole.members']
/** What ships with the product is held in memory. */
const inMemory = ['Organization.permissionGroups', 'Query.integrationTypes']

/** Pages, edges, payloads and decisions are part of the field that leads to them. */
function isPart(typeName: string): boolean {
  return /(Connection|Edge|Payload|Error|Result|Decision|Match)$/.test(typeName) && !nodeTypes.some(({ name }) => name === typeName)
}

describe('however many parents there are, a field costs the same statements', () => {
  it.each(relations)('$name', async ({ relation }) => {
    const way = reachOf(relation)
    if (!way) return
    const query = queryOf(relation, way.steps)
    const cost = async (count: number) => {
      const ids = await idsOfType(app, own, way.from, count)
      const { statements, result } = await asked(query, { ids }, app.adminKey)
      expect(result.nodes.filter(Boolean)).toHaveLength(count)
      return statements
    }
    const [few, lots] = [await cost(2), await cost(many)]
    expect(new Set(lots).size, `sent twice: ${lots.join('\n')}`).toBe(lots.length)
    // What leads to anything costs a statement for each kind of thing it leads to.
    if (getNamedType(relation.field.type).name === 'Node') return
    expect(lots.length, lots.join('\n')).toBe(few.length)
    // The nodes, whatever leads on, and the field itself; the platform administrator is known without a statement.
    expect(lots.length).toBeLessThanOrEqual(1 + way.steps.length + (byLinks.includes(relation.coordinate) ? 2 : 1))
  })

  it('most relations are reached', () => {
    expect(relations.filter(({ relation }) => reachOf(relation) !== null).length).toBeGreaterThan(60)
  })
})

describe('an operation costs a statement a level, and one for who asks', () => {
  it('organization, integrations, components, verifications and their checks', async () => {
    const query = `query ($id: ID!) { organization(id: $id) { integrations { nodes { name components { nodes { kind
      lastVerification { outcome checks { code status } } } } } } } }`
    const { statements, result } = await asked(query, { id: own.id })
    expect(result.organization.integrations.nodes.length).toBeGreaterThan(many)
    expect(
      result.organization.integrations.nodes.flatMap((node: { components: { nodes: unknown[] } }) => node.components.nodes),
    ).toHaveLength(50)
    // Who asks and their organization, its integrations, their components, the last verification of each.
    expect(statements).toHaveLength(4)
    expect(new Set(statements).size).toBe(4)
  })

  it('organization, integrations, resources and their owners', async () => {
    const query = `query ($id: ID!) { organization(id: $id) { integrations { nodes { name resources { nodes { name
      owner { attributeType attributeValues sourceIntegration { name } } } } } } } }`
    const { statements, result } = await asked(query, { id: own.id })
    const found = result.organization.integrations.nodes.flatMap(
      (node: { resources: { nodes: { owner: object | null }[] } }) => node.resources.nodes,
    )
    expect(found.length).toBeGreaterThan(many * many)
    expect(found.filter(({ owner }: { owner: object | null }) => owner).length).toBeGreaterThan(many)
    // Who asks and their organization, its integrations, their resources, and the integrations that say whose they are.
    expect(statements).toHaveLength(4)
  })

  it('there and back again', async () => {
    const query = `query ($id: ID!) { organization(id: $id) { awsAccounts { nodes { organization { slug } components { nodes { awsAccount { accountId }
      integration { name organization { name } } setup { roleName terraform } transitions(first: 2) { nodes { actor { apiKey { name } } } } } } } } } }`
    const { statements } = await asked(query, { id: own.id })
    // Who asks and their organization, accounts, components, integrations, accounts by id, setups, transitions, keys.
    expect(statements).toHaveLength(8)
  })

  it('what is asked for twice is read once', async () => {
    const page = 'components(first: 3) { nodes { id organization { id } awsAccount { id } } }'
    const once = await asked(`query ($id: ID!) { organization(id: $id) { ${page} } }`, { id: own.id })
    const twice = await asked(
      `query ($id: ID!) { a: organization(id: $id) { a: ${page} b: ${page} } b: organization(id: $id) { ${page} } }`,
      { id: own.id },
    )
    expect(twice.statements).toHaveLength(once.statements.length)
  })
})

describe('a list counts its items only when it is asked how many there are', () => {
  const counted = readFields.filter(({ field, coordinate }) => isConnection(field.type) && !inMemory.includes(coordinate))
  const lists = counted.map((list) => ({ name: list.coordinate, list }))
  it.each(lists)('$name', async ({ list }) => {
    const way = reachOf(list)
    const ids = way ? await idsOfType(app, own, way.from, 2) : []
    const cost = async (selected: string) => {
      const query = queryOf(list, way?.steps ?? null, selected)
      return (await asked(query, way ? { ids } : undefined, app.adminKey)).statements
    }
    const uncounted = await cost('{ nodes { __typename } edges { cursor } pageInfo { hasNextPage } }')
    const counted = await cost('{ nodes { __typename } totalCount }')
    expect(uncounted.filter((text) => /count\(/i.test(text))).toEqual([])
    expect(counted.filter((text) => /count\(/i.test(text))).toHaveLength(1)
    expect(counted).toHaveLength(uncounted.length + 1)
  })
})

function reachOf({ type }: FieldOfType): { from: string; steps: string[] } | null {
  const { from, steps } = reach(type.name)
  return from ? { from, steps } : null
}

/** Selects the field on many nodes at once; `steps` null: from the query's root. */
function queryOf({ type, field }: FieldOfType, steps: string[] | null, selected?: string): string {
  const args = Object.entries(argumentsOf(type.name, field, own)).map(([name, value]) => `${name}: ${literal(field, name, value)}`)
  const target = getNamedType(field.type)
  const leaf = isObjectType(target)
    ? Object.values(target.getFields()).find((inner) => isLeafType(getNamedType(inner.type)) && inner.args.length === 0)?.name
    : null
  const below = selected ?? (isConnection(field.type) ? '{ nodes { __typename } }' : `{ __typename ${leaf ?? ''} }`)
  const call = `asked: ${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''} ${below}`
  if (steps === null) {
    const { steps: way } = reach(type.name)
    return `{ ${along(way, call)} }`
  }
  const { from } = reach(type.name)
  return `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on ${from} { ${along(steps, call)} } } }`
}

const literal = (field: FieldOfType['field'], name: string, value: unknown) =>
  String(field.args.find((arg) => arg.name === name)?.type).includes('Kind') ? String(value) : JSON.stringify(value)
