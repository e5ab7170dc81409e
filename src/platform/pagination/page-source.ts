import type { QueryResultRow } from 'pg'
import { type Queryable, rows, shapedStatement } from '../statement.ts'
import { type Asked, pickColumns, splitColumns } from './asked-columns.ts'
import type { CursorValues } from './cursor.ts'

/** One column of an order. `key` reads from a row what a cursor keeps of it; the SQL compares it cast to `type`. */
export interface OrderColumn<Row> {
  sql: string
  type: 'text' | 'timestamptz' | 'int'
  key: (row: Row) => string
}

/** A list of children that can be read for many parents at once, in every order it offers. The last column of an order is unique. */
export interface PageSource<Row extends QueryResultRow> {
  /** Stands in the cursors, e.g. `organization.integrations`. */
  name: string
  columns: string
  /** A list that is costly to make whole is told of what the page takes of it; null: of all, as when it is counted or filtered. */
  from: string | ((cut: Cut | null) => string)
  /** Of what each row has at most one of. Left out where none of its columns is asked for: it would keep an index from being enough. */
  leftJoin?: { column: RegExp; sql: string }
  /** Columns that equal the parent's key, the organization's id first: the tenant is part of every statement. Empty for a list of the root. */
  parentColumns: string[]
  orders: Record<string, OrderColumn<Row>[]>
}

/** What a page takes of its list. A list that is put together from others need take no more than that of each. */
export interface Cut {
  /**
   * The conditions, the order and the limit, in SQL that ends a statement, for columns that stand for those of the order:
   * ` and … order by … limit …`.
   */
  rows(columns: string[]): string
  /** What the conditions mean for the first column by itself: a bound where it lies in another table than the others. */
  first(column: string): string
}

/** Predicates of one request's filter. Their shape makes the statement's text, their values its parameters. */
export class Where {
  readonly predicates: { sql: string; value: unknown }[] = []
  /** What is looked for decides which index is the way: the statement is planned each time, never prepared. */
  isPlannedAnew = false
  /** What few fit is found by an index other than the order's. */
  hasIndex = false

  /** `sql` holds `?` where the value goes; an absent (null or undefined) value adds nothing. */
  add(sql: string, value: unknown): this {
    if (value !== undefined && value !== null) this.predicates.push({ sql, value })
    return this
  }

  /** A predicate that may leave next to nothing or nearly everything, by its value: a pattern, a state. */
  addSelective(sql: string, value: unknown, hasIndex = true): this {
    if (value !== undefined && value !== null) {
      this.isPlannedAnew = true
      this.hasIndex ||= hasIndex
    }
    return this.add(sql, value)
  }

  /** What a cursor is bound to. */
  fingerprint(): string {
    if (this.predicates.length === 0) return ''
    return JSON.stringify(this.predicates.map(({ sql, value }) => [sql, value]))
  }
}

export interface PageRequest {
  order: string
  descending: boolean
  limit: number
  backward: boolean
  after: CursorValues | null
  before: CursorValues | null
  /** Which columns are read. */
  asked: Asked
}

export interface Slice<Row> {
  rows: Row[]
  hasNextPage: boolean
  hasPreviousPage: boolean
}

/** One page for each parent key, in one statement (LATERAL), whatever the number of parents. */
export async function readPages<Row extends QueryResultRow>(
  db: Queryable,
  source: PageSource<Row>,
  parents: readonly (readonly string[])[],
  where: Where,
  page: PageRequest,
): Promise<Slice<Row>[]> {
  const { from, parameters } = parentRows(source, parents, where)
  const picked = pickColumns(
    source.columns,
    page.asked,
    orderOf(source, page.order).map(({ sql }) => sql),
  )
  const [owner] = source.parentColumns
  // The parent's key tells it already, and a page is read faster without one column of the same in each row.
  const columns = splitColumns(source.columns).get('organizationId') === owner ? picked.replace(`${owner}, `, '') : picked
  // A LATERAL join with a LIMIT inside can only be run parent by parent, so the rows of each come in their order and nothing need sort them anew.
  const text = `select p."_parent"::int, r.* from ${from}
cross join lateral (${pageOfOne(source, columns, where, page, page.limit + 1, parameters)}) r`
  const found = await rows<Row & { _parent: number; organizationId?: string | undefined }>(db, statementOf(text, where), parameters.values)
  const slices = parents.map((): Row[] => [])
  for (const row of found) {
    const parent = row._parent - 1
    if (columns !== picked) row.organizationId = parents[parent]?.[0]
    slices[parent]?.push(row)
  }
  return slices.map((all) => slice(all, page))
}

/** Of the same pages one column alone, which holds ids: a row a parent instead of one a child. */
export async function readIds<Row extends QueryResultRow>(
  db: Queryable,
  source: PageSource<Row>,
  parents: readonly (readonly string[])[],
  where: Where,
  page: PageRequest,
  column: keyof Row & string,
): Promise<string[][]> {
  const { from, parameters } = parentRows(source, parents, where)
  const sql = splitColumns(source.columns).get(column)
  if (!sql) throw new Error(`${source.name} has no column ${column}`)
  const text = `select array_to_string(array(${pageOfOne(source, sql, where, page, page.limit, parameters)}), ' ') as "ids"
from ${from} order by p."_parent"`
  const found = await rows<{ ids: string }>(db, statementOf(text, where), parameters.values)
  return found.map(({ ids }) => {
    const all = ids === '' ? [] : ids.split(' ')
    return page.backward ? all.reverse() : all
  })
}

/** How many rows the filter leaves for each parent, in one statement. */
export async function countRows<Row extends QueryResultRow>(
  db: Queryable,
  source: PageSource<Row>,
  parents: readonly (readonly string[])[],
  where: Where,
): Promise<number[]> {
  const { from, parameters } = parentRows(source, parents, where)
  const conditions = [...parentConditions(source), ...filterConditions(where, parameters)].join(' and ') || 'true'
  const text = `select (select count(*)::int from ${fromOf(source, null, conditions)} where ${conditions}) as count from ${from} order by p."_parent"`
  return (await rows<{ count: number }>(db, statementOf(text, where), parameters.values)).map(({ count }) => count)
}

function pageOfOne<Row extends QueryResultRow>(
  source: PageSource<Row>,
  picked: string,
  where: Where,
  page: PageRequest,
  limit: number,
  parameters: Parameters,
): string {
  const columns = orderOf(source, page.order)
  // Backward pages are read from the end and turned around.
  const descending = page.descending !== page.backward
  const filters = filterConditions(where, parameters)
  const ends = [
    ...(page.after ? [keyset(columns, page.after, page.descending ? '<' : '>', parameters)] : []),
    ...(page.before ? [keyset(columns, page.before, page.descending ? '>' : '<', parameters)] : []),
  ]
  const atMost = parameters.add(limit, 'int')
  const order = (sqls: string[]) => `order by ${sqls.map((sql) => `${sql} ${descending ? 'desc' : 'asc'}`).join(', ')}`
  const cut: Cut = {
    rows: (sqls) => `${ends.map((end) => ` and ${end.rows(sqls)}`).join('')}
  ${order(sqls)} limit ${atMost}`,
    first: (sql) => ends.map((end) => ` and ${end.first(sql)}`).join(''),
  }
  const sqls = columns.map(({ sql }) => sql)
  const conditions = [...parentConditions(source), ...filters, ...ends.map((end) => end.rows(sqls))].join(' and ') || 'true'
  const selected = `select ${picked} from ${fromOf(source, filters.length === 0 ? cut : null, `${picked} ${conditions} ${order(sqls)}`)}
  where ${conditions}
  ${order(sqls)}`
  if (!where.hasIndex) return `\n  ${selected} limit ${atMost}\n`
  const planned = parameters.add(limit * caution, 'int')
  return `\n  with page as materialized (${selected} limit ${planned}) select * from page limit ${atMost}\n`
}

/**
 * What fits a filter often lies together: names begin alike, the newest are in one state. PostgreSQL takes it to be spread evenly over the
 * order, and would look through that for what it thinks to come soon. It is told of so many times the limit, and stops at the limit all the
 * same: it looks through the order where very many fit, and else goes by the filter's index.
 */
const caution = 20

const statementOf = (text: string, { isPlannedAnew }: Where) => (isPlannedAnew ? { text } : shapedStatement(text))

class Parameters {
  readonly values: unknown[]

  constructor(values: unknown[]) {
    this.values = values
  }

  add(value: unknown, type?: string): string {
    this.values.push(value)
    return `$${this.values.length}${type ? `::${type}` : ''}`
  }
}

/**
 * The parents' keys, numbered, and the parameters that they begin. Each array comes out of a subquery: PostgreSQL would count the elements
 * of a bare parameter, take a plan for just so many to be worth it, and plan the statement each time. Where it is to, a single parent is
 * given by itself, so that it counts how much there is of that one.
 */
function parentRows<Row extends QueryResultRow>(
  { parentColumns }: PageSource<Row>,
  parents: readonly (readonly string[])[],
  { isPlannedAnew }: Where,
): { from: string; parameters: Parameters } {
  const [only, ...others] = parents
  if (parentColumns.length === 0 || (isPlannedAnew && only && others.length === 0)) {
    const keys = parentColumns.map((_, i) => `$${i + 1}::text as k${i}, `)
    return { from: `(select ${keys.join('')}1 as "_parent") p`, parameters: new Parameters(parentColumns.map((_, i) => only?.[i])) }
  }
  const arrays = parentColumns.map((_, i) => `(select $${i + 1}::text[])`)
  const keys = parentColumns.map((_, i) => `k${i}, `)
  return {
    from: `unnest(${arrays.join(', ')}) with ordinality as p(${keys.join('')}"_parent")`,
    parameters: new Parameters(parentColumns.map((_, i) => parents.map((key) => key[i]))),
  }
}

/** `used`: the rest of the statement. */
function fromOf<Row extends QueryResultRow>({ from, leftJoin }: PageSource<Row>, cut: Cut | null, used: string): string {
  const rows = typeof from === 'string' ? from : from(cut)
  return leftJoin?.column.test(used) ? `${rows} ${leftJoin.sql}` : rows
}

const parentConditions = <Row extends QueryResultRow>(source: PageSource<Row>) =>
  source.parentColumns.map((column, i) => `${column} = p.k${i}`)

const filterConditions = (where: Where, parameters: Parameters) =>
  where.predicates.map(({ sql, value }) => {
    const parameter = parameters.add(value)
    return sql.replaceAll('?', parameter)
  })

function orderOf<Row extends QueryResultRow>(source: PageSource<Row>, order: string): OrderColumn<Row>[] {
  const columns = source.orders[order]
  if (!columns) throw new Error(`${source.name} has no order ${order}`)
  return columns
}

function keyset<Row>(columns: OrderColumn<Row>[], values: CursorValues, operator: '<' | '>', parameters: Parameters): Cut {
  const right = columns.map(({ type }, i) => parameters.add(values[i] ?? null, type))
  return {
    rows: (sqls) => `(${sqls.join(', ')}) ${operator} (${right.join(', ')})`,
    first: (sql) => `${sql} ${operator}= ${right[0]}`,
  }
}

/** A row beyond the limit shows that there is more; a given cursor shows that there is something on its other side. */
function slice<Row>(all: Row[], { limit, backward, after, before }: PageRequest): Slice<Row> {
  const more = all.length > limit
  const kept = more ? all.slice(0, limit) : all
  if (backward) kept.reverse()
  return { rows: kept, hasNextPage: backward ? before !== null : more, hasPreviousPage: backward ? more : after !== null }
}
