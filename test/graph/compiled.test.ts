import { GraphQLInterfaceType, GraphQLList, GraphQLObjectType, GraphQLSchema, GraphQLString, getOperationAST, parse } from 'graphql'
import { compileQuery } from 'graphql-jit'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { compiledSize } from '../../src/platform/compiled-size.ts'
import { type Compile, createExecutor } from '../../src/platform/executor.ts'

const compilations = vi.fn(compileQuery as Compile)
beforeEach(() => {
  compilations.mockClear()
})

const being: GraphQLInterfaceType = new GraphQLInterfaceType({
  name: 'Being',
  fields: () => ({ name: { type: GraphQLString }, friends: { type: new GraphQLList(being) } }),
  resolveType: () => 'Cat',
})
const kinds = ['Cat', 'Dog', 'Bird'].map(
  (name) =>
    new GraphQLObjectType({
      name,
      interfaces: [being],
      fields: () => ({ name: { type: GraphQLString }, friends: { type: new GraphQLList(being) } }),
    }),
)
const query = new GraphQLObjectType({
  name: 'Query',
  fields: { name: { type: GraphQLString, resolve: () => 'Tom' }, being: { type: being, resolve: () => ({ name: 'Tom', friends: [] }) } },
})
const schema = new GraphQLSchema({ query, types: kinds })

const ask = (run: ReturnType<typeof createExecutor>, text: string, operationName?: string) =>
  run({ document: parse(text), operationName, variables: {}, context: {}, documentHash: text })
const sizeOf = (text: string) => {
  const document = parse(text)
  const operation = getOperationAST(document)
  if (!operation) throw new Error('no operation')
  return compiledSize(schema, document, operation, 10_000)
}

describe('compiled queries', () => {
  it('are kept: the same document is compiled once, each of its operations by itself', async () => {
    const run = createExecutor(schema, { compile: compilations })
    for (let i = 0; i < 3; i += 1) expect((await ask(run, '{ name }')).data).toEqual({ name: 'Tom' })
    expect(compilations).toHaveBeenCalledTimes(1)
    const two = 'query A { name } query B { a: name }'
    expect([(await ask(run, two, 'A')).data, (await ask(run, two, 'B')).data, (await ask(run, two, 'A')).data]).toEqual([
      { name: 'Tom' },
      { a: 'Tom' },
      { name: 'Tom' },
    ])
    expect(compilations).toHaveBeenCalledTimes(3)
  })

  it('of 600 documents the last 500 are kept', async () => {
    const run = createExecutor(schema, { compile: compilations })
    const documents = Array.from({ length: 600 }, (_, i) => `{ n${i}: name }`)
    for (const text of documents) await ask(run, text)
    expect(compilations).toHaveBeenCalledTimes(600)
    for (const text of documents.slice(100)) await ask(run, text)
    expect(compilations).toHaveBeenCalledTimes(600)
    await ask(run, documents[0] as string)
    expect(compilations).toHaveBeenCalledTimes(601)
  })

  it('take no more than 50,000 fields together', async () => {
    const run = createExecutor(schema, { compile: compilations })
    const large = (i: number) => `{ ${Array.from({ length: 1_400 }, (_, j) => `n${i}x${j}: name`).join(' ')} }`
    for (let i = 0; i < 36; i += 1) await ask(run, large(i))
    await ask(run, large(35))
    expect(compilations).toHaveBeenCalledTimes(36)
    await ask(run, large(0))
    expect(compilations).toHaveBeenCalledTimes(37)
  }, 60_000)

  it('a document that is nested deeply is interpreted, since the work grows with the square of the levels', async () => {
    const run = createExecutor(schema, { compile: compilations })
    const nested = (levels: number) =>
      `{ being { ... on Cat { ${'friends { ... on Cat { name '.repeat(levels)} ${'} }'.repeat(levels)} } } }`
    expect((await ask(run, nested(20))).data).toEqual({ being: { friends: [] } })
    expect(compilations).toHaveBeenCalledTimes(1)
    expect((await ask(run, nested(200))).data).toEqual({ being: { friends: [] } })
    expect(compilations).toHaveBeenCalledTimes(1)
  })

  it('a document that would grow without bounds is interpreted instead, and answered all the same', async () => {
    const run = createExecutor(schema, { compile: compilations })
    // Each fragment spreads the next one twice below a list of an interface with three types: six to the power of 30 fields.
    const fragments = Array.from(
      { length: 30 },
      (_, i) => `fragment F${i} on Being { a: friends { ...F${i + 1} } b: friends { ...F${i + 1} } }`,
    )
    const text = `{ being { name ...F0 } } ${fragments.join(' ')} fragment F30 on Being { name }`
    expect(sizeOf(text)).toBe(Number.POSITIVE_INFINITY)
    expect((await ask(run, text)).data).toEqual({ being: { name: 'Tom', a: [], b: [] } })
    expect(compilations).not.toHaveBeenCalled()
  })

  it.each([
    { text: '{ name }', size: 1 },
    { text: '{ a: name b: name ... { c: name } }', size: 3 },
    { text: '{ ...F ...F } fragment F on Query { name }', size: 2 },
    { text: '{ being { name } }', size: 1 + 3 * 1.1 },
    { text: '{ being { name ... on Cat { a: name b: name } ... on Being { c: name } } }', size: 1 + 8 * 1.1 },
    { text: '{ being { friends { name } } }', size: 1 + 3 * 1.1 + 9 * 1.2 },
    { text: '{ nothing { name } ...Nowhere __typename }', size: 2 },
  ])('the size of $text is $size', ({ text, size }) => {
    expect(sizeOf(text)).toBeCloseTo(size)
  })
})
