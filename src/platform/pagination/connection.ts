import type { QueryResultRow } from 'pg'
import { type ClassType, Directive, Field, Int, ObjectType } from 'type-graphql'
import type { PageArgs } from './page-args.ts'
import { type PageContext, type PageOptions, pageList, type Told } from './page-list.ts'
import type { PageSource, Slice } from './page-source.ts'

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
  readonly #list: Told<Row>
  readonly #parentKey: readonly string[]

  constructor(slice: Slice<Row>, list: Told<Row>, parentKey: readonly string[]) {
    this.nodes = slice.rows
    this.#slice = slice
    this.#list = list
    this.#parentKey = parentKey
  }

  get edges(): Edge<Row>[] {
    const cursorOf = this.#list.cursorsOf(this.#parentKey)
    return this.nodes.map((node) => new Edge(node, cursorOf))
  }

  get pageInfo(): PageInfo {
    const [first, last] = [this.nodes[0], this.nodes.at(-1)]
    const cursorOf = this.#list.cursorsOf(this.#parentKey)
    return {
      hasNextPage: this.#slice.hasNextPage,
      hasPreviousPage: this.#slice.hasPreviousPage,
      startCursor: first ? cursorOf(first) : null,
      endCursor: last ? cursorOf(last) : null,
    }
  }

  totalCount(): Promise<number> {
    return this.#list.count(this.#parentKey)
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

/** A page of `source` under one parent. Pages asked for under several parents in one tick are one statement, and so are their counts. */
export async function loadPage<Row extends QueryResultRow>(
  context: PageContext,
  source: PageSource<Row>,
  parentKey: readonly string[],
  args: PageArgs,
  options: PageOptions,
): Promise<Connection<Row>> {
  const list = pageList(context, source, parentKey, args, options)
  return new Connection(await list.read(parentKey), list, parentKey)
}
