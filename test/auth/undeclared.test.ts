import { GraphQLID, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { describe, expect, it } from 'vitest'
import { buildSubgraph } from '../../src/platform/federation.ts'

type Kind = 'query' | 'mutation' | 'subscription'

/** A little subgraph, one of whose fields declares nothing. */
function build(open: { on: Kind | 'Thing'; type?: string } | null) {
  const connection = new GraphQLObjectType({ name: 'ThingConnection', fields: { totalCount: { type: GraphQLString } } })
  const field = (isOpen: boolean, type = GraphQLString) => ({ type, extensions: isOpen ? {} : { requires: 'something' } })
  const thing: GraphQLObjectType = new GraphQLObjectType({
    name: 'Thing',
    extensions: { directives: { key: [{ fields: 'id' }] } },
    fields: () => ({
      id: { type: new GraphQLNonNull(GraphQLID) },
      name: { type: GraphQLString },
      parts: { type: connection, extensions: open?.on === 'Thing' ? {} : { requires: 'something' } },
    }),
  })
  const root = (kind: Kind) =>
    new GraphQLObjectType({
      name: kind.charAt(0).toUpperCase() + kind.slice(1),
      fields: { thing: { type: thing, extensions: { requires: 'something' } }, asked: field(open?.on === kind) },
    })
  const base = new GraphQLSchema({ query: root('query'), mutation: root('mutation'), subscription: root('subscription') })
  return buildSubgraph<object, string>(base, {
    directivesOf: () => [{ name: 'authenticated' }],
    assertMeets: () => undefined,
    typeNameOf: () => 'Thing',
    loadEntities: async () => [],
  })
}

describe('the process does not start', () => {
  it.each([
    { on: 'query' as const, named: 'Query.asked' },
    { on: 'mutation' as const, named: 'Mutation.asked' },
    { on: 'subscription' as const, named: 'Subscription.asked' },
    { on: 'Thing' as const, named: 'Thing.parts' },
  ])('while $named declares no scope', ({ on, named }) => {
    expect(() => build({ on })).toThrow(`${named} declares no scope: give it @Requires, @RequiresSignIn or @RequiresPlatformAdministrator`)
  })

  it('unless every root field and list does, and then its SDL says what each asks', () => {
    const { sdl } = build(null)
    for (const asked of ['asked: String @authenticated', 'parts: ThingConnection @authenticated']) expect(sdl).toContain(asked)
    expect(sdl).toMatch(/name: String\n/)
  })
})
