import DataLoader from 'dataloader'
import type { GraphQLResolveInfo } from 'graphql'
import type { QueryResultRow } from 'pg'
import type { RowLoader } from '../loader.ts'
import { type Asked, askedOfNodes, asksForNodesOnly } from './asked-columns.ts'
import { Connection, type PageInfo } from './connection.ts'
import type { PageArgs } from './page-args.ts'
import { keyed, type PageContext, type PageList, type PageOptions, pageList, type Told } from './page-list.ts'
import type { PageSource } from './page-source.ts'

/**
 * A page of a many-to-many list. The page is one of links; what they lead to is read once, however many links lead there. What went
 * between the two reads is left out, like anything that was gone before.
 */
export class LinkConnection<Link, Row> {
  readonly #links: Connection<Link>
  readonly #rows: (Row | null)[]
  readonly #fieldsOf: (link: Link) => object

  constructor(links: Connection<Link>, rows: (Row | null)[], fieldsOf: (link: Link) => object) {
    this.#links = links
    this.#rows = rows
    this.#fieldsOf = fieldsOf
  }

  get nodes(): Row[] {
    return this.#rows.filter((row) => row !== null)
  }

  get edges(): { node: Row; readonly cursor: string }[] {
    return this.#links.edges.flatMap((edge, index) => {
      const node = this.#rows[index]
      if (node === null || node === undefined) return []
      // A cursor costs a signature, so it is made when it is asked for.
      const readCursor = () => edge.cursor
      return [
        {
          ...this.#fieldsOf(edge.node),
          node,
          get cursor() {
            return readCursor()
          },
        },
      ]
    })
  }

  get pageInfo(): PageInfo {
    return this.#links.pageInfo
  }

  totalCount(): Promise<number> {
    return this.#links.totalCount()
  }
}

/** As above where nothing but the nodes, and perhaps their number, is asked for. */
class NodesConnection<Row> {
  readonly nodes: Row[]
  readonly #list: Pick<Told<Row>, 'count'>
  readonly #parentKey: readonly string[]

  constructor(nodes: Row[], list: Pick<Told<Row>, 'count'>, parentKey: readonly string[]) {
    this.nodes = nodes
    this.#list = list
    this.#parentKey = parentKey
  }

  totalCount(): Promise<number> {
    return this.#list.count(this.#parentKey)
  }
}

/** Where links lead: the column of the link that holds the id, and who reads what has it. */
export interface LinkTarget<Context, Link, Row> {
  column: keyof Link & string
  loader(context: Context, asked: Asked): RowLoader<Row>
  /** What an edge tells of its link besides the node. */
  fieldsOf?(link: Link): object
}

export interface LinkPageOptions extends Pick<PageOptions, 'order' | 'where'> {
  info: GraphQLResolveInfo
}

/** A page of links and what they lead to: two statements, whatever the number of parents. */
export function loadLinkPage<Context extends PageContext, Link extends QueryResultRow, Row>(
  context: Context,
  source: PageSource<Link>,
  parentKey: readonly string[],
  args: PageArgs,
  { order, where, info }: LinkPageOptions,
  { column, loader, fieldsOf = noFields }: LinkTarget<Context, Link, Row>,
): Promise<LinkConnection<Link, Row> | NodesConnection<Row>> {
  const list = pageList(context, source, parentKey, args, where ? { order, where } : { order })
  const rows = loader(context, askedOfNodes(info))
  return asksForNodesOnly(info) ? nodesOf(list, column, rows).load(parentKey) : withLinks(list, parentKey, column, rows, fieldsOf)
}

async function withLinks<Link extends QueryResultRow, Row>(
  list: PageList<Link>,
  parentKey: readonly string[],
  column: keyof Link & string,
  rows: RowLoader<Row>,
  fieldsOf: (link: Link) => object,
): Promise<LinkConnection<Link, Row>> {
  const links = await list.read(parentKey)
  const ids = links.rows.map((link) => link[column] as string)
  const found = await rows.readAll(ids)
  return new LinkConnection(
    new Connection(links, list, parentKey),
    ids.map((id) => found.get(id) ?? null),
    fieldsOf,
  )
}

const noFields = () => ({})

type NodesLoader<Row> = DataLoader<readonly string[], NodesConnection<Row>, string>

// By the loader of the nodes, with which it dies, and the list.
const nodesLoaders = new WeakMap<object, Map<object, unknown>>()

/** The nodes alone of a list's pages under any number of parents: a promise a page, whatever the number of links. */
function nodesOf<Link extends QueryResultRow, Row>(
  list: PageList<Link>,
  column: keyof Link & string,
  rows: RowLoader<Row>,
): NodesLoader<Row> {
  const ofRows = nodesLoaders.get(rows) ?? new Map<object, unknown>()
  nodesLoaders.set(rows, ofRows)
  const known = ofRows.get(list) as NodesLoader<Row> | undefined
  if (known) return known
  const made: NodesLoader<Row> = new DataLoader(async (parentKeys) => {
    const pages = await list.readIds(parentKeys, column)
    const found = await rows.readAll(new Set(pages.flat()))
    return pages.map((ids, index) => {
      const nodes: Row[] = []
      for (const id of ids) {
        const row = found.get(id)
        if (row) nodes.push(row)
      }
      return new NodesConnection(nodes, list, parentKeys[index] ?? [])
    })
  }, keyed)
  ofRows.set(list, made)
  return made
}
