import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { schema } from './schema-walk.ts'

/** What the federation library and its specification bring along. */
const isForeign = ({ name }: GraphQLNamedType) => name.startsWith('_') || name.includes('__')
const roots = ['Query', 'Mutation', 'Subscription']

interface Described {
  place: string
  description: string | null | undefined
}

/** Everything of a type that a reader can come upon. */
function parts(type: GraphQLNamedType): Described[] {
  const own = roots.includes(type.name) ? [] : [{ place: type.name, description: type.description }]
  if (isEnumType(type))
    return [...own, ...type.getValues().map(({ name, description }) => ({ place: `${type.name}.${name}`, description }))]
  if (isInputObjectType(type)) {
    return [...own, ...Object.values(type.getFields()).map(({ name, description }) => ({ place: `${type.name}.${name}`, description }))]
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return own
  const fields = Object.values(type.getFields()).filter(({ name }) => !name.startsWith('_'))
  return [
    ...own,
    ...fields.flatMap(({ name, description, args }) => [
      { place: `${type.name}.${name}`, description },
      ...args.map((arg) => ({ place: `${type.name}.${name}(${arg.name})`, description: arg.description })),
    ]),
  ]
}

const types = Object.values(schema.getTypeMap()).filter((type) => !isForeign(type) && !(isScalarType(type) && isSpecifiedScalarType(type)))
const all = types.flatMap(parts)

describe('the manual is the schema', () => {
  it('every type, field, argument, input field and enum value is described, in a sentence', () => {
    expect(all.length).toBeGreaterThan(400)
    expect(all.filter(({ description }) => !description?.trim()).map(({ place }) => place)).toEqual([])
    const odd = all.filter(
      ({ description }) => !/^[\p{Lu}\d"%*].*[.…)]$/su.test(description ?? '') && !/^noun\.verb/.test(description ?? ''),
    )
    expect(odd.map(({ place, description }) => `${place}: ${description}`)).toEqual([])
  })

  it('nothing is deprecated without saying what to use instead', () => {
    const fields = types.flatMap((type) => (isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []))
    const vague = fields.filter(
      ({ deprecationReason }) => deprecationReason !== undefined && deprecationReason !== null && !/[Uu]se /.test(deprecationReason),
    )
    expect(vague.map(({ name }) => name)).toEqual([])
  })
})
