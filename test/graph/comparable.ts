import type { ExecutionResult, GraphQLError } from 'graphql'
import { expect } from 'vitest'

/**
 * Holds a compiled answer against that of graphql-js: the same data, and the same errors by message and path. The text of a fault is
 * nobody's to read, so it may differ. Below what has become null the compiler may tell of more than the first error, as the
 * specification leaves open.
 */
export function expectSameAnswer(compiled: ExecutionResult, reference: ExecutionResult): void {
  const data = JSON.parse(JSON.stringify(compiled.data ?? null)) as unknown
  expect(data).toEqual(JSON.parse(JSON.stringify(reference.data ?? null)))
  const expected = (reference.errors ?? []).map(seen)
  const told = (compiled.errors ?? []).filter((error) => expected.includes(seen(error)) || !isBelowNull(data, error))
  expect(told.map(seen).sort()).toEqual(expected.sort())
}

function seen({ message, path, extensions }: GraphQLError): string {
  const isFault = path !== undefined && extensions?.code === undefined
  return `${path?.join('.') ?? ''}: ${isFault ? 'a fault' : message}`
}

function isBelowNull(data: unknown, { path = [] }: GraphQLError): boolean {
  let value = data
  for (const step of path.slice(0, -1)) {
    if (value === null) return true
    value = (value as Record<string | number, unknown>)[step]
  }
  return value === null
}
