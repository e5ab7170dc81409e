import { createHash } from 'node:crypto'
import type { QueryResultRow } from 'pg'

/** The narrow view of a pg pool or client that reads need. */
export interface Queryable {
  query<Row extends QueryResultRow>(config: {
    name?: string
    text: string
    values: unknown[]
  }): Promise<{ rows: Row[]; rowCount: number | null }>
}

/** A SQL text under the name PostgreSQL prepares it by, once a connection. Made only in `*.loader.ts` and by the page builder. */
export interface Statement {
  name: string
  text: string
}

const named = new Map<string, string>()

/** Declares a named statement. Two texts under one name are a programming error, found at start. */
export function statement(name: string, text: string): Statement {
  if (named.has(name) && named.get(name) !== text) throw new Error(`statement ${name} is declared twice`)
  named.set(name, text)
  return { name, text }
}

/** Every statement declared so far. */
export function declaredStatements(): Statement[] {
  return [...named].map(([name, text]) => ({ name, text }))
}

// A prepared statement lives as long as its connection: shapes beyond this many run unprepared instead of filling the server's memory.
const maxPreparedShapes = 400
const shapes = new Map<string, string>()

/** A statement built from the shape of a request (its filters and order). Equal texts share a name. */
export function shapedStatement(text: string): { name?: string; text: string } {
  const known = shapes.get(text)
  if (known) return { name: known, text }
  if (shapes.size >= maxPreparedShapes) return { text }
  const name = `page_${createHash('sha256').update(text).digest('base64url').slice(0, 20)}`
  shapes.set(text, name)
  return { name, text }
}

export async function rows<Row extends QueryResultRow>(
  db: Queryable,
  statement: { name?: string; text: string },
  values: unknown[],
): Promise<Row[]> {
  return (await db.query<Row>({ ...statement, values: values.map(asLiteral) })).rows
}

const typeId = /^[a-z]+_[0-9a-z]+$/

/** Ids need none of the care that pg takes of each element of an array. */
const asLiteral = (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every((element) => typeof element === 'string' && typeId.test(element))
    ? `{${value.join()}}`
    : value
