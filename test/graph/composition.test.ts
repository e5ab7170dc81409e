import { composeServices as composeByApollo } from '@apollo/composition'
import { composeServices as composeByGuild } from '@theguild/federation-composition'
import { buildSchema, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { gatehouseSchema } from '../../src/schema.ts'

/** A neighbour that says something of what Gatehouse owns, by each of its keys. */
const neighbour = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@interfaceObject"])
type Query { bills: [Bill!]! }
type Bill { organization: Organization! account: AwsAccount! component: Component! integration: Integration! pageInfo: PageInfo! }
type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Organization @key(fields: "id") @key(fields: "slug") { id: ID! slug: String! cents: Int! }
type AwsAccount @key(fields: "organization { id } accountId") { organization: Organization! accountId: AwsAccountId! cents: Int! }
type Integration @key(fields: "id") { id: ID! cents: Int! }
type Component @key(fields: "id") @interfaceObject { id: ID! cents: Int! }
scalar AwsAccountId
`

const { sdl } = gatehouseSchema()
const services = (other: string) => [
  { name: 'gatehouse', url: 'http://127.0.0.1:4000/graphql', typeDefs: parse(sdl) },
  { name: 'bills', url: 'http://127.0.0.1:4001/graphql', typeDefs: parse(other) },
]

/** What a composer makes of the two: the supergraph, or why not. */
const composers: Record<string, (other: string) => { supergraphSdl?: string | undefined; problems: string[] }> = {
  'the reference composer': (other) => {
    const { supergraphSdl, errors } = composeByApollo(services(other))
    return { supergraphSdl, problems: errors?.map(({ message }) => message) ?? [] }
  },
  'a second composer': (other) => {
    const { supergraphSdl, errors } = composeByGuild(services(other))
    return { supergraphSdl, problems: errors?.map(({ message }) => message) ?? [] }
  },
}

describe.each(Object.entries(composers))('by %s', (_name, compose) => {
  it('the graph composes with a neighbour that refers to its entities by each of their keys', () => {
    const { supergraphSdl, problems } = compose(neighbour)
    expect(problems).toEqual([])
    const supergraph = buildSchema(supergraphSdl ?? '', { assumeValid: true })
    const fields = (type: string) => Object.keys((supergraph.getType(type) as { getFields?(): object } | undefined)?.getFields?.() ?? {})
    for (const type of ['Organization', 'AwsAccount', 'Integration', 'InventoryComponent']) expect(fields(type)).toContain('cents')
    expect(fields('Organization')).toContain('integrations')
    expect(fields('Mutation')).toContain('stageComponent')
    // What each field asks of its caller reaches the router.
    expect(supergraphSdl).toMatch(
      /apiKeys\([^)]*\): ApiKeyConnection [^\n]*@requiresScopes\(scopes: \[\["API_KEYS_READ"\], \["ADMIN"\]\]\)/,
    )
    expect(supergraphSdl).toMatch(/viewer: Viewer! [^\n]*@authenticated/)
  })

  it('a neighbour that contradicts it does not compose', () => {
    expect(compose(neighbour.replaceAll('slug: String!', 'slug: Int!')).problems.length).toBeGreaterThan(0)
    expect(
      compose(neighbour.replace('id: ID! cents: Int! }\ntype Component', 'id: ID! name: String! }\ntype Component')).problems.length,
    ).toBeGreaterThan(0)
  })
})
