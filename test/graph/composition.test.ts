import { composeServices as composeByApollo } from '@apollo/composition'
import { composeServices as composeByGuild } from '@theguild/federation-composition'
import { buildSchema, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { gatehouseSchema } from '../../src/schema.ts'

/** A neighbour that says something of what Gatehouse owns. */
const neighbour = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires", "@interfaceObject"])
type Query { bills: [Bill!]! }
type Bill { organization: Organization! account: AwsAccount! component: Component! cents: Int! pages: PageInfo! }
type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Organization @key(fields: "slug") { slug: String! bills: [Bill!]! }
type AwsAccount @key(fields: "organization { id } accountId") { organization: Tenant! @external accountId: AwsAccountId! @external cents: Int! @requires(fields: "partition") partition: AwsPartition! @external }
type Tenant @key(fields: "id") { id: ID! }
type Component @key(fields: "id") @interfaceObject { id: ID! cents: Int! }
enum AwsPartition { AWS AWS_US_GOV }
scalar AwsAccountId
`
const withOwner = neighbour
  .replace('type Tenant @key(fields: "id") { id: ID! }\n', '')
  .replace('organization: Tenant! @external', 'organization: Organization! @external')
  .replace('type Organization @key(fields: "slug") {', 'type Organization @key(fields: "slug") @key(fields: "id") { id: ID!')

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
    const { supergraphSdl, problems } = compose(withOwner)
    expect(problems).toEqual([])
    const supergraph = buildSchema(supergraphSdl ?? '', { assumeValid: true })
    const fields = (type: string) => Object.keys((supergraph.getType(type) as { getFields?(): object } | undefined)?.getFields?.() ?? {})
    expect(fields('Organization')).toEqual(expect.arrayContaining(['slug', 'name', 'bills', 'integrations']))
    expect(fields('AwsAccount')).toEqual(expect.arrayContaining(['alias', 'cents']))
    expect(fields('InventoryComponent')).toEqual(expect.arrayContaining(['setup', 'cents']))
    expect(fields('Mutation')).toContain('stageComponent')
    // What each field asks of its caller reaches the router.
    expect(supergraphSdl).toMatch(
      /apiKeys\([^)]*\): ApiKeyConnection [^\n]*@requiresScopes\(scopes: \[\["API_KEYS_READ"\], \["ADMIN"\]\]\)/,
    )
    expect(supergraphSdl).toMatch(/viewer: Viewer! [^\n]*@authenticated/)
  })

  it('a neighbour that contradicts it does not compose', () => {
    expect(compose(withOwner.replace('slug: String!', 'slug: Int!')).problems.length).toBeGreaterThan(0)
    expect(compose(withOwner.replace('cents: Int! }\nenum', 'label: String! }\nenum')).problems.length).toBeGreaterThan(0)
  })
})
