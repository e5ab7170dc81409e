import type { QueryResultRow } from 'pg'
import { type LoaderCache, RowLoader } from './loader.ts'
import { type Queryable, rows, type Statement } from './statement.ts'

interface Reading {
  db: { pool: Queryable }
  /** Whose rows the caller may see; null: everybody's. */
  viewer: { organizationIds: readonly string[] | null }
  loaders: LoaderCache
}

type Source = Omit<Statement, 'name'> & Partial<Statement>

/**
 * This request's loader over rows of the tenants its caller may see. A key is the values of `columns` with a space between, of which only
 * the last may hold spaces; the statement takes an array of each, then the organizations. One that has to be put together is asked for once.
 */
export function tenantLoader<Row extends QueryResultRow>(
  { db, viewer, loaders }: Reading,
  name: string,
  source: Source | (() => Source),
  columns: readonly [keyof Row & string, ...(keyof Row & string)[]],
): RowLoader<Row> {
  return loaders.get(name, () => {
    const statement = typeof source === 'function' ? source() : source
    const [only, ...more] = columns
    const valuesOf = (keys: readonly string[]) => {
      if (more.length === 0) return [keys]
      const parts = keys.map((key) => partsOf(key, columns.length))
      return columns.map((_, index) => parts.map((part) => part[index]))
    }
    return new RowLoader<Row>(
      (keys) => rows(db.pool, statement, [...valuesOf(keys), viewer.organizationIds]),
      (row) => (more.length === 0 ? (row[only] as string) : columns.map((column) => row[column]).join(' ')),
      loaders.kept<Row>(name),
    )
  })
}

function partsOf(key: string, count: number): string[] {
  if (count === 1) return [key]
  const [first = '', ...others] = key.split(' ')
  return [first, ...partsOf(others.join(' '), count - 1)]
}
