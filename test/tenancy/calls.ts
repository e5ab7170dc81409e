import { randomInt } from 'node:crypto'
import { print } from 'graphql'
import { newId, prefixOf } from '../../src/platform/typeid.ts'
import { argumentsOf, type Position, positionsOf } from '../graph/fillers.ts'
import { type Field, fieldsOf, objectTypes, queryAlong, type Reach, reach, Selections, schema, valuesAlong } from '../graph/schema-walk.ts'
import type { Answer, TestApp } from '../support/app.ts'
import type { Everything } from './everything.ts'

/** Something that a caller can name by an id or by a text. */
export interface Target {
  name: string
  typeName: string
  field: Field
  /** 'all': every id and text of the field at once. */
  position: Position | 'all'
}

/** Every place of the schema where a caller can name something. */
export function targets(): Target[] {
  return objectTypes.flatMap((type) =>
    fieldsOf(type).flatMap((field) => {
      const positions = positionsOf(type.name, field)
      const name = `${type.name}.${field.name}`
      const each = positions.map((position) => ({ name: `${name}(${position.path.join('.')})`, typeName: type.name, field, position }))
      return positions.length > 1
        ? [...each, { name: `${name}, in every place at once`, typeName: type.name, field, position: 'all' as const }]
        : each
    }),
  )
}

export type Arguments = Record<string, unknown>

/** What one field answered, with the errors below it. */
export interface FieldAnswer {
  given: Arguments
  data: unknown
  errors: { message: string; path: string; code: unknown }[]
}

/**
 * Asks the field once for each of the given arguments, all in one request, on the caller's own things.
 * `depth`: levels of objects to look at below the field.
 */
export async function askAll(app: TestApp, caller: Everything, target: Target, given: Arguments[], depth = 3): Promise<FieldAnswer[]> {
  const { typeName, field } = target
  const way: Reach = isMutation(target) ? { from: null, steps: [] } : reach(typeName)
  const selections = new Selections()
  const declared: string[] = []
  const variables: Arguments = way.from ? { from: caller.idOf(way.from) } : {}
  const fields = given.map((args, i) => {
    const passed = Object.entries(args).map(([name, value]) => {
      const type = field.args.find((arg) => arg.name === name)?.type
      declared.push(`$c${i}_${name}: ${String(type)}`)
      variables[`c${i}_${name}`] = value
      return `${name}: $c${i}_${name}`
    })
    return `c${i}: ${field.name}${passed.length > 0 ? `(${passed.join(', ')})` : ''} ${selections.of(field.type, depth)}`
  })
  const query = queryAlong(way, fields.join('\n'), declared.join(', '))
  const answer = await app.send(
    isForAgents(target) ? caller.connectorKey : caller.key,
    `${isMutation(target) ? query.replace(/^query/, 'mutation') : query}\n${selections.fragments}`,
    variables,
  )
  // A refusal of a field that cannot be null takes the whole answer with it.
  if (!answer.data && given.length > 1) {
    return (await Promise.all(given.map((args) => askAll(app, caller, target, [args], depth)))).flat()
  }
  const values = answer.data ? valuesAlong(way, answer.data) : []
  if (answer.data && values.length === 0)
    throw new Error(`Nothing stands at ${JSON.stringify(way)}: make it in test/tenancy/everything.ts.`)
  return given.map((args, i) => ({ given: args, data: values.map((value) => value[`c${i}`]), errors: errorsOf(answer, `c${i}`) }))
}

/** Whether the field takes the key of a connector's agent, which can do nothing else. */
const isForAgents = ({ field }: Target): boolean =>
  (field.astNode?.directives ?? []).some((directive) => directive.name.value === 'requiresScopes' && print(directive).includes('CONNECTOR'))

export const isMutation = ({ typeName }: Target): boolean => typeName === schema.getMutationType()?.name

const errorsOf = ({ errors = [] }: Answer, alias: string) =>
  errors
    .filter(({ path = [] }) => path.includes(alias))
    .map(({ message, path = [], extensions }) => ({
      message,
      path: path.filter((step) => step !== alias).join('.'),
      code: extensions.code,
    }))

/** The arguments of a call by `caller` that names something of `other`, or something that is nowhere. */
export interface Pair {
  foreign: Arguments
  missing: Arguments
}

/** For each of `values`: alone, and in a list also behind one that is nowhere. */
export function pairs({ typeName, field, position }: Target, caller: Everything, other: Everything, values: string[]): Pair[] {
  if (position === 'all') {
    const foreign = argumentsOf(typeName, field, other, 'all')
    return [{ foreign, missing: replaced(foreign, (text) => missingLike(other, text)) as Arguments }]
  }
  const of = (value: unknown) => argumentsOf(typeName, field, caller, position, value)
  return values.flatMap((value) => {
    const nowhere = missingLike(other, value)
    if (!position.isList) return [{ foreign: of(value), missing: of(nowhere) }]
    const first = missingLike(other, value)
    return [
      { foreign: of([value]), missing: of([nowhere]) },
      { foreign: of([first, value]), missing: of([first, nowhere]) },
    ]
  })
}

/** A text of the same form that names nothing anywhere. */
export function missingLike({ tag, accountId }: Everything, text: string): string {
  const prefix = prefixOf(text)
  if (prefix) return newId(prefix)
  const number = String(randomInt(10 ** 11, 10 ** 12))
  const known = text.replaceAll(accountId, number).replaceAll(tag, randomWord(tag.length))
  return known === text && !isFiller(text) ? text.replaceAll(/[a-z]/g, randomLetter).replaceAll(/\d/g, () => String(randomInt(10))) : known
}

/** What the fillers give whoever asks. */
const isFiller = (text: string) => text === 'example' || text === '0oabcdef' || /^(?=.*[A-Z])[A-Z0-9_:.TZ-]+$/.test(text)
const randomLetter = () => String.fromCharCode(97 + randomInt(26))
const randomWord = (length: number) => Array.from({ length }, randomLetter).join('')

/** The texts of a call's arguments. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

/** What was answered, with whatever the caller gave replaced by its place: two calls that differ in their arguments alone are equal. */
export function withoutArguments({ given, data, errors }: FieldAnswer): unknown {
  const texts = [...new Set(textsOf(given))].map((text, i) => ({ text, place: `<${i}>` })).sort((a, b) => b.text.length - a.text.length)
  return replaced({ data, errors }, (text) => texts.reduce((left, { text: given, place }) => left.replaceAll(given, place), text))
}

/** Ids and times by their kind alone: those of what a call made differ by nature. */
export const withoutNovelties = (value: unknown): unknown =>
  replaced(value, (text) => text.replaceAll(/\b([a-z]+)_[0-9a-z]{26}\b/g, '<$1>').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>'))

/** What was answered by type and refusal alone: for calls that make things called by the given texts. */
export function shapeOf({ data, errors }: FieldAnswer): unknown {
  const shape = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) return value.map((item) => shape(item))
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, shape(v, k)]))
    if (typeof value === 'string' && !['__typename', 'code'].includes(key)) return 'text'
    return typeof value === 'number' ? 'number' : value
  }
  return shape({ data, errors })
}

function replaced(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value)
  if (Array.isArray(value)) return value.map((item) => replaced(item, replace))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner, replace)]))
}

/** All refusals in an answer, wherever they stand. */
export function refusalsIn(value: unknown): { __typename: string; path: string[] }[] {
  if (typeof value !== 'object' || value === null) return []
  const { __typename, path } = value as { __typename?: unknown; path?: unknown }
  const own = typeof __typename === 'string' && __typename.endsWith('Error') && Array.isArray(path) ? [{ __typename, path }] : []
  return [...own, ...Object.values(value).flatMap(refusalsIn)]
}

/** Whether the answer says of something that there is none. */
export function saysAbsent(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, inner]) => (key.endsWith('alreadyAbsent') && inner === true) || saysAbsent(inner))
}
