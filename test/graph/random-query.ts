import {
  type GraphQLCompositeType,
  type GraphQLObjectType,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isLeafType,
  isRequiredArgument,
} from 'graphql'
import { argumentsOf, type Things } from './fillers.ts'
import { type Field, fieldsOf, schema } from './schema-walk.ts'

export interface RandomQuery {
  text: string
  variables: Record<string, unknown>
}

/** A valid query made at random, the same for the same seed: aliases, fragments of every kind, directives, variables, pages. */
export function randomQuery(seed: number, things: Things): RandomQuery {
  const random = mulberry32(seed)
  const below = (count: number) => Math.floor(random() * count)
  const oneIn = (count: number) => below(count) === 0
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T
  const variables: Record<string, unknown> = { yes: true, no: false }
  const declared = ['$yes: Boolean!', '$no: Boolean! = true']
  const fragments: string[] = []
  let names = 0

  const directive = () => (oneIn(8) ? ` @${pick(['include', 'skip'])}(if: ${pick(['$yes', '$no', 'true', 'false'])})` : '')

  const argument = (type: string, name: string, value: unknown): string => {
    names += 1
    declared.push(`$v${names}: ${type}`)
    variables[`v${names}`] = value
    return `${name}: $v${names}`
  }
  const argumentsText = (typeName: string, field: Field): string => {
    const given = Object.entries(argumentsOf(typeName, field, things)).map(([name, value]) =>
      argument(String(field.args.find((arg) => arg.name === name)?.type), name, value),
    )
    if (field.args.some(({ name }) => name === 'first') && oneIn(2)) given.push(argument('Int', pick(['first', 'last']), below(4)))
    return given.length > 0 ? `(${given.join(', ')})` : ''
  }

  const field = (typeName: string, chosen: Field, depth: number): string => {
    names += 1
    const type = getNamedType(chosen.type)
    // An alias of its own for every field: what is asked for twice would have to be asked for alike.
    const head = `f${names}: ${chosen.name}${argumentsText(typeName, chosen)}${directive()}`
    return isCompositeType(type) ? `${head} ${selection(type, depth - 1)}` : head
  }

  const fieldsText = (type: GraphQLCompositeType, depth: number): string[] => {
    if (!('getFields' in type)) return ['__typename']
    const all = isInterfaceType(type) ? (Object.values(type.getFields()) as Field[]) : fieldsOf(type as GraphQLObjectType)
    const fit = all.filter((one) => (depth > 0 || isLeafType(getNamedType(one.type))) && (depth > 1 || !one.args.some(isRequiredArgument)))
    return fit.length === 0 ? ['__typename'] : Array.from({ length: 1 + below(4) }, () => field(type.name, pick(fit), depth))
  }

  const selection = (type: GraphQLCompositeType, depth: number): string => {
    const parts = fieldsText(type, depth)
    if (oneIn(3)) parts.push('__typename')
    const members = isAbstractType(type) ? schema.getPossibleTypes(type) : [type as GraphQLObjectType]
    while (oneIn(isAbstractType(type) ? 2 : 5)) {
      const member = pick(members)
      const condition = pick([
        member,
        ...member.getInterfaces().filter((parent) => !isAbstractType(type) || parent === type || type.name === 'Node'),
      ])
      const body = `{ ${fieldsText(condition, depth).join(' ')} }`
      if (oneIn(2)) parts.push(`... on ${condition.name}${directive()} ${body}`)
      else {
        names += 1
        fragments.push(`fragment F${names} on ${condition.name} ${body}`)
        parts.push(`...F${names}${directive()}`)
      }
    }
    return `{ ${parts.join(' ')} }`
  }

  const body = selection(schema.getQueryType() as GraphQLObjectType, 5)
  return {
    text: `query Random(${declared.join(', ')}) ${body.replace(/}$/, ' used: __typename @include(if: $yes) @skip(if: $no) }')}\n${fragments.join('\n')}`,
    variables,
  }
}

/** A small generator of numbers in [0, 1), the same everywhere for one seed. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
