import type { QueryResultRow } from 'pg'
import { topLevelError } from '../errors.ts'
import { Connection } from './connection.ts'
import type { CursorSigner } from './cursor.ts'
import { type PageArgs, windowOf } from './page-args.ts'

/** A list that lies in memory. `keyOf` is unique and gives its order; `name` and `filter` bind its cursors. */
export interface ListSource<Item> {
  name: string
  filter: string
  keyOf(item: Item): string
}

/** A page of a list that lies in memory and comes with the product, in ascending order of its keys. */
export function listPage<Item extends QueryResultRow>(
  { cursors }: { cursors: CursorSigner },
  { name, filter, keyOf }: ListSource<Item>,
  items: readonly Item[],
  args: PageArgs,
): Connection<Item> {
  const { limit, backward, after, before } = windowOf(args)
  const binding = JSON.stringify([name, filter])
  const read = (argument: 'after' | 'before', cursor: string | null): string | null => {
    if (cursor === null) return null
    const key = cursors.read(binding, cursor)?.[0]
    if (key === undefined || key === null)
      throw topLevelError.badInput(`${argument} is not a cursor of this list, order and filter. Use one that this list returned.`, argument)
    return key
  }
  const [afterKey, beforeKey] = [read('after', after), read('before', before)]
  const sorted = items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const between = sorted.filter((item) => (afterKey === null || keyOf(item) > afterKey) && (beforeKey === null || keyOf(item) < beforeKey))
  const more = between.length > limit
  const rows = backward ? between.slice(Math.max(0, between.length - limit)) : between.slice(0, limit)
  const slice = {
    rows,
    hasNextPage: backward ? beforeKey !== null : more,
    hasPreviousPage: backward ? more : afterKey !== null,
  }
  return new Connection(
    slice,
    (item) => cursors.sign(binding, [keyOf(item)]),
    async () => items.length,
  )
}
