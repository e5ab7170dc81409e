import {
  type GraphQLField,
  type GraphQLNamedOutputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql'
import { gatehouseSchema } from '../../src/schema.ts'

export const schema: GraphQLSchema = gatehouseSchema().schema
export type Field = GraphQLField<unknown, unknown>

/** What the federation library adds, and introspection. */
const isOurs = (name: string) => !name.startsWith('_')

const subscriptionType = schema.getSubscriptionType()
const subscriptions = subscriptionType ? Object.values(subscriptionType.getFields()) : []
const onlyTheyLeadTo = new Set<unknown>([subscriptionType, ...subscriptions.map(({ type }) => getNamedType(type))])

/** What subscribers can ask for: walked in test/streaming. */
export const subscriptionFields: Field[] = subscriptions as Field[]

/** The types that queries and mutations lead to. */
export const objectTypes: GraphQLObjectType[] = Object.values(schema.getTypeMap()).filter(
  (type): type is GraphQLObjectType => isObjectType(type) && isOurs(type.name) && !onlyTheyLeadTo.has(type),
)

const nodeInterface = schema.getType('Node')
if (!isInterfaceType(nodeInterface)) throw new Error('the schema has no interface Node')

/** The concrete types that `node` can answer. */
export const nodeTypes: GraphQLObjectType[] = [...schema.getPossibleTypes(nodeInterface)]

export const fieldsOf = (type: GraphQLObjectType): Field[] =>
  (Object.values(type.getFields()) as Field[]).filter(({ name }) => isOurs(name))

export const rootFields = (kind: 'query' | 'mutation'): Field[] => {
  const type = kind === 'query' ? schema.getQueryType() : schema.getMutationType()
  return type ? fieldsOf(type) : []
}

export const isConnection = (type: GraphQLOutputType): boolean => getNamedType(type).name.endsWith('Connection')

/** A field in its type, `Type.field`. */
export interface FieldOfType {
  coordinate: string
  type: GraphQLObjectType
  field: Field
}

/** Every field of every object type but the mutations. */
export const readFields: FieldOfType[] = objectTypes
  .filter((type) => type !== schema.getMutationType())
  .flatMap((type) => fieldsOf(type).map((field) => ({ coordinate: `${type.name}.${field.name}`, type, field })))

/**
 * How to come to a value of a type: from the query's root, or from a Node of type `from`, by fields that need no arguments. A step is the
 * name of a field, followed by `:Type` where only values of that type lead on.
 */
export interface Reach {
  from: string | null
  steps: string[]
}

/** The shortest way to a value of that type. */
export function reach(typeName: string): Reach {
  const queryType = schema.getQueryType() as GraphQLObjectType
  const seen = new Map<string, Reach>([[queryType.name, { from: null, steps: [] }]])
  for (const { name } of nodeTypes) seen.set(name, { from: name, steps: [] })
  for (const [name, way] of seen) {
    if (name === typeName) return way
    for (const { target, step } of stepsOf(schema.getType(name) as GraphQLObjectType)) {
      if (!seen.has(target)) seen.set(target, { from: way.from, steps: [...way.steps, step] })
    }
  }
  throw new Error(`No query leads to a ${typeName} by fields without arguments: say how in reach() of test/graph/schema-walk.ts.`)
}

function stepsOf(type: GraphQLObjectType): { target: string; step: string }[] {
  return fieldsOf(type).flatMap((field) => {
    const target = getNamedType(field.type)
    if (field.args.some(isRequiredArgument)) return []
    if (isObjectType(target)) return [{ target: target.name, step: field.name }]
    return isAbstractType(target)
      ? schema.getPossibleTypes(target).map(({ name }) => ({ target: name, step: `${field.name}:${name}` }))
      : []
  })
}

/** `inner` below the steps of a way. */
export const along = (steps: string[], inner: string): string =>
  steps.reduceRight((selected, step) => {
    const [field, type] = step.split(':')
    return type ? `${field} { ... on ${type} { ${selected} } }` : `${field} { ${selected} }`
  }, inner)

/** A query that selects `inner` on what `way` leads to; a Node to start from is named by the variable $from. */
export function queryAlong({ from, steps }: Reach, inner: string, variables = ''): string {
  const body = along(steps, inner)
  const declared = [from ? '$from: ID!' : '', variables].filter(Boolean).join(', ')
  const selected = from ? `node(id: $from) { ... on ${from} { ${body} } }` : body
  return `query${declared ? ` (${declared})` : ''} { ${selected} }`
}

/** What stands at the end of the way, lists taken apart. */
export function valuesAlong({ from, steps }: Reach, data: unknown): Record<string, unknown>[] {
  const start = from ? [(data as { node: unknown }).node] : [data]
  const next = (value: unknown, step: string) => (value as Record<string, unknown> | null)?.[step.split(':')[0] as string] ?? []
  const end = steps.reduce((values, step) => values.flatMap((value) => next(value, step)), start)
  return end.filter((value) => value !== null && value !== undefined) as Record<string, unknown>[]
}

/** Selections as deep as asked for, as fragments that several fields of one document can share. */
export class Selections {
  readonly #fragments = new Map<string, string>()

  /** The braces after a field of that type; nothing for a leaf. `depth`: levels of objects below it. */
  of(type: GraphQLOutputType, depth: number): string {
    const named = getNamedType(type)
    return isLeafType(named) ? '' : `{ __typename ${this.#spread(named, depth)} }`
  }

  get fragments(): string {
    return [...this.#fragments.values()].join('\n')
  }

  #spread(type: GraphQLNamedOutputType, depth: number): string {
    const members = isAbstractType(type) ? schema.getPossibleTypes(type) : [type as GraphQLObjectType]
    return members.map((member) => `...${this.#fragment(member, depth)}`).join(' ')
  }

  #fragment(type: GraphQLObjectType, depth: number): string {
    const name = `${type.name}_${depth}`
    if (!this.#fragments.has(name)) {
      this.#fragments.set(name, '')
      // The items of a page are there twice: as nodes alone, and as edges.
      const fields = fieldsOf(type).filter(({ args, name }) => name !== 'edges' && !args.some(isRequiredArgument))
      const selected = fields.map((field) => this.#field(type, field, depth)).join(' ')
      this.#fragments.set(name, `fragment ${name} on ${type.name} { __typename ${selected} }`)
    }
    return name
  }

  #field(type: GraphQLObjectType, field: Field, depth: number): string {
    // Fields of one name in several types of an abstract one may differ in their types: each has an alias of its own.
    const isShared = type.getInterfaces().some((parent) => field.name in parent.getFields())
    const name = isShared ? field.name : `${type.name}_${field.name}: ${field.name}`
    const target = getNamedType(field.type)
    if (isLeafType(target)) return name
    // An organization holds everything: below the top only its own columns are of interest.
    const left = target.name === 'Organization' ? 0 : depth - (isPartOfPage(type, target) || target.name === 'UserError' ? 0 : 1)
    if (left < 0 || (type.name === 'Organization' && depth === 0)) return ''
    return `${name} ${this.of(field.type, left)}`
  }
}

/** `nodes` cost no level, nor do refusals. */
const isPartOfPage = (type: GraphQLObjectType, target: GraphQLNamedOutputType) =>
  type.name.endsWith('Connection') && target.name !== 'PageInfo'
