import { Connection } from './connection.ts'
import { type PageArgs, windowOf } from './page-args.ts'
import { notACursor, type PageContext } from './page-list.ts'

/** A list that is held in memory: what ships with the product. */
export interface ListSource<Row> {
  /** Stands in the cursors, e.g. `organization.permissionGroups`. */
  name: string
  /** In the list's order, after its filter. */
  rows: readonly Row[]
  /** Unique in the list, and smaller for what comes before. */
  keyOf: (row: Row) => string
  /** The filter as asked for: a cursor is good for the same list under the same filter only. */
  filter: unknown
}

/** A page of such a list, under the same rules as one out of the database. */
export function pageOfList<Row>({ cursors }: Pick<PageContext, 'cursors'>, source: ListSource<Row>, args: PageArgs): Connection<Row> {
  const { name, rows, keyOf, filter } = source
  const { limit, backward, after, before } = windowOf(args)
  const binding = JSON.stringify([name, filter ?? null])
  const keyAt = (argument: 'after' | 'before', cursor: string | null): string | null => {
    if (cursor === null) return null
    const key = cursors.read(binding, cursor)?.[0]
    if (key == null) throw notACursor(argument)
    return key
  }
  const [first, last] = [keyAt('after', after), keyAt('before', before)]
  const within = rows.filter((row) => (first === null || keyOf(row) > first) && (last === null || keyOf(row) < last))
  const more = within.length > limit
  const page = backward ? within.slice(Math.max(within.length - limit, 0)) : within.slice(0, limit)
  return new Connection(
    { rows: page, hasNextPage: backward ? before !== null : more, hasPreviousPage: backward ? more : after !== null },
    { cursorsOf: () => (row) => cursors.sign(binding, [keyOf(row)]), count: async () => rows.length },
    [],
  )
}
