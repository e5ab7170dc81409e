import type DataLoader from 'dataloader'
import type { Connection, PageInfo } from './connection.ts'

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

/** What the links of a page lead to. `fieldsOf` gives what an edge tells of its link besides the node. */
export async function followLinks<Link, Row>(
  links: Connection<Link>,
  loader: DataLoader<string, Row | null>,
  idOf: (link: Link) => string,
  fieldsOf: (link: Link) => object = () => ({}),
): Promise<LinkConnection<Link, Row>> {
  return new LinkConnection(links, await Promise.all(links.nodes.map((link) => loader.load(idOf(link)))), fieldsOf)
}
