import DataLoader from 'dataloader'
import type { GraphQLResolveInfo } from 'graphql'
import type { QueryResultRow } from 'pg'
import { type ClassType, Directive, Field, Int, ObjectType } from 'type-graphql'
import { topLevelError } from '../errors.ts'
import type { LoaderCache } from '../loader.ts'
import type { Queryable } from '../statement.ts'
import { type Asked, askedOfNodes } from './asked-columns.ts'
import type { CursorSigner, CursorValues } from './cursor.ts'
import { type PageArgs, windowOf } from './page-args.ts'
import { countRows, type PageRequest, type PageSource, readPages, type Slice, Where } from './page-source.ts'

@ObjectType({ description: 'Where a page lies in its list.', simpleResolvers: true })
@Directive('@shareable')
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether there is more after this page.' })
  hasNextPage!: boolean

  @Field(() => Boolean, { description: 'Whether there is more before this page.' })
  hasPreviousPage!: boolean

  @Field(() => String, { nullable: true, description: 'The cursor of the first edge; null on an empty page.' })
  startCursor!: string | null

  @Field(() => String, { nullable: true, description: 'The cursor of the last edge; null on an empty page.' })
  endCursor!: string | null
}

/** The GraphQL types XConnection and XEdge of a node type. */
export function connectionTypes(name: string, node: () => ClassType<object> | object, plural: string) {
  @ObjectType(`${name}Edge`, { description: `One of ${plural} with its place in the list.`, simpleResolvers: true })
  class Edge {
    @Field(() => node() as ClassType<object>, { description: 'The item.' })
    node!: object

    @Field(() => String, { description: 'The place of the item: opaque, good for after and before of the same list only.' })
    cursor!: string
  }

  @ObjectType(`${name}Connection`, { description: `A page of ${plural}.`, simpleResolvers: true })
  class Connection {
    @Field(() => [Edge], { description: 'The items with their cursors.' })
    edges!: Edge[]

    @Field(() => [node() as ClassType<object>], { description: 'The items alone.' })
    nodes!: object[]

    @Field(() => PageInfo, { description: 'Where the page lies.' })
    pageInfo!: PageInfo

    @Field(() => Int, { description: 'How many the whole list has under its filter; counted only when selected.' })
    totalCount!: number
  }
  return { Connection, Edge }
}

/** What a list field hands to GraphQL. Cursors and the count cost nothing until they are selected. */
export class Connection<Row> {
  readonly nodes: Row[]
  readonly #slice: Slice<Row>
  readonly #cursorOf: (row: Row) => string
  readonly #count: () => Promise<number>

  constructor(slice: Slice<Row>, cursorOf: (row: Row) => string, count: () => Promise<number>) {
    this.nodes = slice.rows
    this.#slice = slice
    this.#cursorOf = cursorOf
    this.#count = count
  }

  get edges(): Edge<Row>[] {
    return this.nodes.map((node) => new Edge(node, this.#cursorOf))
  }

  get pageInfo(): PageInfo {
    const [first, last] = [this.nodes[0], this.nodes.at(-1)]
    return {
      hasNextPage: this.#slice.hasNextPage,
      hasPreviousPage: this.#slice.hasPreviousPage,
      startCursor: first ? this.#cursorOf(first) : null,
      endCursor: last ? this.#cursorOf(last) : null,
    }
  }

  totalCount(): Promise<number> {
    return this.#count()
  }
}

class Edge<Row> {
  readonly node: Row
  readonly #cursorOf: (row: Row) => string

  constructor(node: Row, cursorOf: (row: Row) => string) {
    this.node = node
    this.#cursorOf = cursorOf
  }

  get cursor(): string {
    return this.#cursorOf(this.node)
  }
}

/** The refusal of a cursor that was not made by this list in this order under this filter. */
export const notACursor = (argument: 'after' | 'before') =>
  topLevelError.badInput(`${argument} is not a cursor of this list, order and filter. Use one that this list returned.`, argument)

export interface PageContext {
  db: { pool: Queryable }
  loaders: LoaderCache
  cursors: CursorSigner
}

export interface PageOptions {
  order: string
  descending?: boolean
  where?: Where
  /** Of the list's field: rows of which only columns are asked are then read without the others. */
  info?: GraphQLResolveInfo
  /** The same, where it is known. */
  asked?: Asked
}

/** A page of `source` under one parent. Pages asked for under several parents in one tick are one statement, and so are their counts. */
export async function loadPage<Row extends QueryResultRow>(
  context: PageContext,
  source: PageSource<Row>,
  parentKey: readonly string[],
  args: PageArgs,
  options: PageOptions,
): Promise<Connection<Row>> {
  const where = options.where ?? new Where()
  const { limit, backward, after, before } = windowOf(args)
  const descending = options.descending ?? false
  const filter = where.fingerprint()
  const binding = () => JSON.stringify([source.name, parentKey[0], options.order, descending, filter])
  const read = (name: 'after' | 'before', cursor: string | null): CursorValues | null => {
    if (cursor === null) return null
    const values = context.cursors.read(binding(), cursor)
    if (!values) throw notACursor(name)
    return values
  }
  const page: PageRequest = {
    order: options.order,
    descending,
    limit,
    backward,
    after: read('after', after),
    before: read('before', before),
    asked: options.info ? askedOfNodes(options.info) : (options.asked ?? null),
  }
  const shape = `${source.name}|${filter}`
  const cut = after === null && before === null ? '' : JSON.stringify([page.after, page.before])
  const pages = context.loaders.get(
    `${shape}|${options.order}|${descending}|${limit}|${backward}|${cut}|${page.asked ?? '*'}`,
    () =>
      new DataLoader<readonly string[], Slice<Row>, string>((keys) => readPages(context.db.pool, source, keys, where, page), {
        cacheKeyFn: (key) => key.join(' '),
        maxBatchSize: 2000,
      }),
  )
  const counts = () =>
    context.loaders.get(
      `${shape}|count`,
      () =>
        new DataLoader<readonly string[], number, string>((keys) => countRows(context.db.pool, source, keys, where), {
          cacheKeyFn: (key) => key.join(' '),
          maxBatchSize: 2000,
        }),
    )
  const columns = source.orders[options.order] ?? []
  const cursorOf = (row: Row) =>
    context.cursors.sign(
      binding(),
      columns.map(({ key }) => key(row)),
    )
  return new Connection(await pages.load(parentKey), cursorOf, () => counts().load(parentKey))
}
