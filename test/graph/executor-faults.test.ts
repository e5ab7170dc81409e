import { setTimeout as delay } from 'node:timers/promises'
import {
  execute,
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  parse,
  validate,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { topLevelError } from '../../src/platform/errors.ts'
import { createExecutor } from '../../src/platform/executor.ts'
import { expectSameAnswer } from './comparable.ts'

/**
 * What can go wrong below a field, each in a field of its own, nullable and not. Left out is what this graph must not have, since the
 * compiler cannot take it: lists of promises that fail, lists and properties that throw when they are read, methods as fields.
 */
const strange = new GraphQLScalarType({
  name: 'Strange',
  serialize: (value) => {
    if (value === 'throws') throw new Error('it cannot be written')
    return value === 'undefined' ? undefined : value
  },
})
const color = new GraphQLEnumType({ name: 'Color', values: { RED: {}, BLUE: {} } })
const animal = new GraphQLInterfaceType({
  name: 'Animal',
  fields: { name: { type: GraphQLString } },
  resolveType: (value: { kind: string }) => {
    if (value.kind === 'throws') throw new Error('it is of no type')
    return value.kind
  },
})
const dog = new GraphQLObjectType({
  name: 'Dog',
  interfaces: [animal],
  fields: { name: { type: GraphQLString }, age: { type: GraphQLInt } },
})
const plain = new GraphQLObjectType({ name: 'Plain', fields: { name: { type: GraphQLString } } })

const values: Record<string, { type: GraphQLOutputType; value: () => unknown }> = {
  throws: {
    type: GraphQLString,
    value: () => {
      throw new Error('thrown at once')
    },
  },
  throwsNothing: {
    type: GraphQLString,
    value: () => {
      throw undefined
    },
  },
  throwsText: {
    type: GraphQLString,
    value: () => {
      throw 'a text'
    },
  },
  refuses: {
    type: GraphQLString,
    value: () => {
      throw topLevelError.badInput('not like this', 'first')
    },
  },
  rejects: { type: GraphQLString, value: () => delay(1).then(() => Promise.reject(new Error('rejected later'))) },
  returnsError: { type: GraphQLString, value: () => new Error('returned') },
  resolvesToError: { type: plain, value: async () => topLevelError.forbidden('not for you', ['AUDIT_READ']) },
  nothing: { type: GraphQLString, value: () => undefined },
  nothingLater: { type: plain, value: async () => null },
  noInt: { type: GraphQLInt, value: () => 'many' },
  tooLarge: { type: GraphQLInt, value: () => 2 ** 40 },
  noBoolean: { type: GraphQLBoolean, value: () => 'yes' },
  noColor: { type: color, value: () => 'green' },
  blue: { type: color, value: () => 'BLUE' },
  blueLater: { type: color, value: async () => 'BLUE' },
  noColors: { type: new GraphQLList(color), value: () => ['RED', 'green', null, 'BLUE'] },
  noIntsLater: { type: new GraphQLList(new GraphQLNonNull(GraphQLInt)), value: async () => [1, 'many', 2] },
  nested: { type: new GraphQLList(new GraphQLList(GraphQLInt)), value: () => [[1], [2.5], null] },
  numberAsText: { type: GraphQLString, value: () => 7 },
  textAsNumber: { type: GraphQLInt, value: () => '7' },
  unwritable: { type: strange, value: () => 'throws' },
  writtenAsUndefined: { type: strange, value: () => 'undefined' },
  noList: { type: new GraphQLList(GraphQLString), value: () => 7 },
  listOfErrors: { type: new GraphQLList(plain), value: () => [{ name: 'a' }, new Error('an item'), null, Promise.resolve({ name: 'b' })] },
  listWithHoles: { type: new GraphQLList(new GraphQLNonNull(GraphQLString)), value: () => ['a', null, 'b'] },
  set: { type: new GraphQLList(GraphQLString), value: () => new Set(['a', 'b']) },
  dog: { type: animal, value: () => ({ kind: 'Dog', name: 'Rex', age: 3 }) },
  ofNoType: { type: animal, value: () => ({ kind: 'throws' }) },
  ofNoTypeLater: { type: animal, value: async () => ({ kind: 'throws' }) },
  ofUnknownType: { type: animal, value: async () => ({ kind: 'Cat' }) },
  ofWrongType: { type: animal, value: () => ({ kind: 'Plain' }) },
  ofUndefinedType: { type: animal, value: () => ({}) },
  noObject: { type: plain, value: () => 'text' },
}

const fields = (wrap: (type: GraphQLOutputType) => GraphQLOutputType) =>
  Object.fromEntries(Object.entries(values).map(([name, { type, value }]) => [name, { type: wrap(type), resolve: value }]))
const nonNull = (type: GraphQLOutputType) => new GraphQLNonNull(type)
const strict: GraphQLObjectType = new GraphQLObjectType({
  name: 'Strict',
  fields: () => ({
    ...fields(nonNull),
    deeper: { type: strict, resolve: () => ({}) },
    mustDeeper: { type: new GraphQLNonNull(strict), resolve: async () => ({}) },
  }),
})
const query = new GraphQLObjectType({
  name: 'Query',
  fields: {
    ...fields((type) => type),
    strict: { type: strict, resolve: () => ({}) },
    many: { type: new GraphQLList(strict), resolve: () => [{}, {}] },
    manyStrict: { type: new GraphQLList(new GraphQLNonNull(strict)), resolve: async () => [{}, {}] },
    fine: { type: GraphQLString, resolve: async () => 'fine' },
  },
})
const schema = new GraphQLSchema({ query, types: [dog] })
const run = createExecutor(schema)

const selected = (name: string) => {
  const type = String(values[name]?.type)
  return type.includes('Plain') ? `${name} { name }` : type.includes('Animal') ? `${name} { name ... on Dog { age } }` : name
}
const documents = Object.keys(values).flatMap((name) => [
  { what: name, text: `{ fine ${selected(name)} }` },
  { what: `${name}, never null`, text: `{ fine strict { ${selected(name)} } }` },
  { what: `${name}, never null, in a list`, text: `{ fine many { ${selected(name)} } manyStrict { ${selected(name)} } }` },
  { what: `${name}, never null, further down`, text: `{ fine strict { deeper { mustDeeper { ${selected(name)} } } } }` },
])

describe('compiled queries answer as graphql-js does when something breaks', () => {
  it.each(documents)('$what', async ({ text }) => {
    const document = parse(text)
    expect(validate(schema, document)).toEqual([])
    const given = { operationName: null, variables: {}, context: {}, documentHash: text }
    const compiled = await Promise.race([run({ document, ...given }), delay(2_000, 'it hangs' as const)])
    if (compiled === 'it hangs') throw new Error('the compiled query never answers')
    expectSameAnswer(compiled, await execute({ schema, document }))
  })

  it('an enum whose values are not its names is written by its names', async () => {
    const paint = new GraphQLEnumType({ name: 'Paint', values: { RED: { value: 'red' }, BLUE: { value: 'blue' } } })
    const can = new GraphQLObjectType({ name: 'Can', fields: { paint: { type: paint }, size: { type: GraphQLInt } } })
    const shop = new GraphQLSchema({
      query: new GraphQLObjectType({
        name: 'Query',
        fields: {
          best: { type: paint, resolve: () => 'blue' },
          cans: { type: new GraphQLList(can), resolve: () => [{ paint: 'red', size: 1 }, { paint: 'green' }] },
        },
      }),
    })
    const document = parse('{ best cans { paint size } }')
    const given = { operationName: null, variables: {}, context: {}, documentHash: 'paint' }
    expectSameAnswer(await createExecutor(shop)({ document, ...given }), await execute({ schema: shop, document }))
  })

  it('an error keeps its cause, its code and its place', async () => {
    const text = '{ refuses throws strict { nothing } }'
    const { errors = [] } = await run({ document: parse(text), operationName: null, variables: {}, context: {}, documentHash: text })
    const byPath = Object.fromEntries(errors.map((error) => [error.path?.join('.'), error]))
    expect(byPath.refuses?.extensions).toEqual({ code: 'BAD_USER_INPUT', argument: 'first' })
    expect(byPath.throws?.originalError?.message).toBe('thrown at once')
    expect(byPath.throws?.locations).toEqual([{ line: 1, column: 11 }])
    expect(byPath['strict.nothing']?.originalError).toBeInstanceOf(Error)
    for (const error of errors) expect(error.extensions).toBeDefined()
  })
})
