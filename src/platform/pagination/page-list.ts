import DataLoader from 'dataloader'
import type { GraphQLResolveInfo } from 'graphql'
import type { QueryResultRow } from 'pg'
import { topLevelError } from '../errors.ts'
import type { LoaderCache } from '../loader.ts'
import type { Queryable } from '../statement.ts'
import { type Asked, askedOfNodes } from './asked-columns.ts'
import type { CursorSigner, CursorValues } from './cursor.ts'
import { type PageArgs, windowOf } from './page-args.ts'
import { countRows, type PageRequest, type PageSource, readIds, readPages, type Slice, Where } from './page-source.ts'

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

/** The refusal of a cursor that was not made by this list in this order under this filter. */
export const notACursor = (argument: 'after' | 'before') =>
  topLevelError.badInput(`${argument} is not a cursor of this list, order and filter. Use one that this list returned.`, argument)

/** What a connection tells of its list besides the rows. */
export interface Told<Row> {
  cursorsOf(parentKey: readonly string[]): (row: Row) => string
  count(parentKey: readonly string[]): Promise<number>
}

const noFilter = new Where()

/**
 * One list of one request, with its page, order and filter, under any number of parents. A request makes it once, however many parents ask.
 * The first part of a parent's key is the organization's id: cursors are bound to it.
 */
export class PageList<Row extends QueryResultRow> implements Told<Row> {
  readonly #context: PageContext
  readonly #source: PageSource<Row>
  readonly #args: PageArgs
  readonly #order: string
  readonly #descending: boolean
  readonly #where: Where
  readonly #filter: string
  readonly #asked: Asked
  readonly #organizationId: string | undefined
  readonly #page: PageRequest
  readonly #pages: DataLoader<readonly string[], Slice<Row>, string>

  constructor(context: PageContext, source: PageSource<Row>, parentKey: readonly string[], args: PageArgs, options: PageOptions) {
    const { order, descending = false, where = noFilter } = options
    this.#context = context
    this.#source = source
    this.#args = args
    this.#order = order
    this.#descending = descending
    this.#where = where
    this.#filter = where.fingerprint()
    this.#asked = askedIn(options)
    this.#organizationId = parentKey[0]
    const { limit, backward, after, before } = windowOf(args)
    const cursors = { after: this.#readCursor('after', after), before: this.#readCursor('before', before) }
    const page = { order, descending, limit, backward, ...cursors, asked: this.#asked }
    this.#page = page
    this.#pages = new DataLoader((keys) => readPages(context.db.pool, source, keys, where, page), keyed)
  }

  /** Whether it is also the list that these would make. */
  is(parentKey: readonly string[], args: PageArgs, options: PageOptions): boolean {
    const isCut = args.after != null || args.before != null
    return (
      (!isCut || this.#organizationId === parentKey[0]) &&
      this.#order === options.order &&
      this.#descending === (options.descending ?? false) &&
      this.#args.first === args.first &&
      this.#args.last === args.last &&
      this.#args.after === args.after &&
      this.#args.before === args.before &&
      this.#asked === askedIn(options) &&
      this.#filter === (options.where ?? noFilter).fingerprint()
    )
  }

  read(parentKey: readonly string[]): Promise<Slice<Row>> {
    return this.#pages.load(parentKey)
  }

  /** Of each row of these parents' pages nothing but an id. */
  readIds(parentKeys: readonly (readonly string[])[], column: keyof Row & string): Promise<string[][]> {
    return readIds(this.#context.db.pool, this.#source, parentKeys, this.#where, this.#page, column)
  }

  /** How many there are in all. Whatever pages of a list are asked for, they share the count. */
  count(parentKey: readonly string[]): Promise<number> {
    const { loaders, db } = this.#context
    const counts = loaders.get(
      `${this.#source.name}|${this.#filter}|count`,
      () => new DataLoader<readonly string[], number, string>((keys) => countRows(db.pool, this.#source, keys, this.#where), keyed),
    )
    return counts.load(parentKey)
  }

  cursorsOf(parentKey: readonly string[]): (row: Row) => string {
    const binding = this.#binding(parentKey[0])
    const columns = this.#source.orders[this.#order] ?? []
    return (row) =>
      this.#context.cursors.sign(
        binding,
        columns.map(({ key }) => key(row)),
      )
  }

  #binding(organizationId: string | undefined): string {
    return JSON.stringify([this.#source.name, organizationId, this.#order, this.#descending, this.#filter])
  }

  #readCursor(name: 'after' | 'before', cursor: string | null): CursorValues | null {
    if (cursor === null) return null
    const values = this.#context.cursors.read(this.#binding(this.#organizationId), cursor)
    // An earlier version may have ordered by other columns.
    if (values?.length !== this.#source.orders[this.#order]?.length) throw notACursor(name)
    return values
  }
}

/** The list of this request, made when it is first asked for. */
export function pageList<Row extends QueryResultRow>(
  context: PageContext,
  source: PageSource<Row>,
  parentKey: readonly string[],
  args: PageArgs,
  options: PageOptions,
): PageList<Row> {
  const lists = context.loaders.get('lists', () => new Map<string, PageList<Row>[]>())
  const known = lists.get(source.name)
  const found = known?.find((list) => list.is(parentKey, args, options))
  if (found) return found
  const made = new PageList(context, source, parentKey, args, options)
  if (known) known.push(made)
  else lists.set(source.name, [made])
  return made
}

const askedIn = ({ info, asked = null }: PageOptions): Asked => (info ? askedOfNodes(info) : asked)
/** Keys of parents: equal where their parts are, and no more of them in a statement than it bears. */
export const keyed = { cacheKeyFn: (key: readonly string[]) => (key.length === 1 ? (key[0] ?? '') : key.join(' ')), maxBatchSize: 2000 }
