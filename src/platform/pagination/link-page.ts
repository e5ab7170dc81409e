import DataLoader from 'dataloader'
import type { GraphQLResolveInfo } from 'graphql'
import type { QueryResultRow } from 'pg'
import { type Asked, askedOfNodes, asksForNodesOnly } from './asked-columns.ts'
import { Connection, type PageInfo } from './connection.ts'
import type { PageArgs } from './page-args.ts'
import { type PageContext, type PageOptions, pageList } from './page-list.ts'
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

/** Where links lead: the column of the link that holds the id, and who reads what has it. */
export interface LinkTarget<Context, Link, Row> {
  column: keyof Link & string
  loader(context: Context, asked: Asked): DataLoader<string, Row | null>
  /** What an edge tells of its link besides the node. */
  fieldsOf?(link: Link): object
}

export interface LinkPageOptions extends Pick<PageOptions, 'order' | 'where'> {
  info: GraphQLResolveInfo
}

/** A page of links and what they lead to: two statements, whatever the number of parents. */
export async function loadLinkPage<Context extends PageContext, Link extends QueryResultRow, Row>(
  context: Context,
  source: PageSource<Link>,
  parentKey: readonly string[],
  args: PageArgs,
  { order, where, info }: LinkPageOptions,
  { column, loader, fieldsOf = noFields }: LinkTarget<Context, Link, Row>,
): Promise<LinkConnection<Link, Row>> {
  const list = pageList(context, source, parentKey, args, where ? { order, where } : { order })
  const follower = followerOf(loader(context, askedOfNodes(info)))
  if (asksForNodesOnly(info)) {
    const rows = await follower.load(await list.readIds(parentKey, column))
    return new LinkConnection(new Connection(noLinks, list, parentKey), rows, noFields)
  }
  const links = await list.read(parentKey)
  const rows = await follower.load(links.rows.map((link) => link[column] as string))
  return new LinkConnection(new Connection(links, list, parentKey), rows, fieldsOf)
}

const noLinks = { rows: [], hasNextPage: false, hasPreviousPage: false }
const noFields = () => ({})

// By the loader, with which it dies.
const followers = new WeakMap<object, unknown>()

/** Loads what the links of many pages lead to, each thing once: a load and a promise a thing and not a link. */
function followerOf<Row>(rows: DataLoader<string, Row | null>): DataLoader<readonly string[], (Row | null)[]> {
  const known = followers.get(rows) as DataLoader<readonly string[], (Row | null)[]> | undefined
  if (known) return known
  const follower = new DataLoader<readonly string[], (Row | null)[]>(
    async (pages) => {
      const ids = [...new Set(pages.flat())]
      const found = new Map((await Promise.all(ids.map((id) => rows.load(id)))).map((row, index) => [ids[index], row]))
      return pages.map((page) => page.map((id) => found.get(id) ?? null))
    },
    { cache: false },
  )
  followers.set(rows, follower)
  return follower
}
