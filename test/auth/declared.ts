import { type ConstDirectiveNode, type GraphQLObjectType, Kind, valueFromASTUntyped } from 'graphql'
import { Scope } from '../../src/auth/scope.ts'
import { type Field, type FieldOfType, fieldsOf, objectTypes } from '../graph/schema-walk.ts'

/** What a field says of its caller in the SDL. `signedIn` also stands where only the platform administrator may call. */
export type Declared = { allOf: Scope[] } | { anyOf: Scope[] } | { signedIn: true }

export interface Guarded extends FieldOfType {
  declared: Declared
}

/**
 * What a key needs where the SDL can only say that the caller is signed in: a person needs no scope for their own membership, a key does.
 */
export const neededByKeys: Record<string, Scope[]> = { 'Mutation.acceptMember': ['USER_GROUPS_WRITE'] }

/** Every field that asks something of its caller. */
export const guarded: Guarded[] = objectTypes.flatMap((type) =>
  fieldsOf(type).flatMap((field) => {
    const declared = declaredBy(field)
    return declared ? [{ coordinate: `${type.name}.${field.name}`, type, field, declared }] : []
  }),
)

/** What `field` declares, or null. */
export function declaredBy({ astNode }: Field): Declared | null {
  const directives = astNode?.directives ?? []
  const scopes = directives.find(({ name }) => name.value === 'requiresScopes')
  if (scopes) return ofScopes(alternatives(scopes))
  return directives.some(({ name }) => name.value === 'authenticated') ? { signedIn: true } : null
}

/** Callers that fall short of a requirement, each with what it lacks. */
export function fallingShort(declared: Declared): { scopes: Scope[]; missing: Scope[] }[] {
  if ('signedIn' in declared) return []
  const all = Object.values(Scope).filter((scope) => scope !== 'ADMIN' && scope !== 'CONNECTOR')
  const without = (missing: Scope[]) => ({ scopes: all.filter((scope) => !missing.includes(scope)), missing })
  return 'anyOf' in declared
    ? [without(declared.anyOf)]
    : [...new Set([declared.allOf, ...declared.allOf.map((one) => [one])])].map(without)
}

/** What a caller needs at the least; where any will do, what the id of an organization needs. */
export const enough = (declared: Declared): Scope[][] =>
  'signedIn' in declared ? [['ORGANIZATIONS_READ']] : 'anyOf' in declared ? declared.anyOf.map((scope) => [scope]) : [declared.allOf]

export const isRoot = (type: GraphQLObjectType) => type.name === 'Query' || type.name === 'Mutation'

function alternatives(directive: ConstDirectiveNode): Scope[][] {
  const value = directive.arguments?.find(({ name }) => name.value === 'scopes')?.value
  if (value?.kind !== Kind.LIST) throw new Error('@requiresScopes without a list')
  return valueFromASTUntyped(value) as Scope[][]
}

/** ADMIN stands for every scope, so it is always the last alternative. */
function ofScopes(given: Scope[][]): Declared {
  const [last] = given.at(-1) ?? []
  if (last !== 'ADMIN') throw new Error(`@requiresScopes does not end in ADMIN: ${JSON.stringify(given)}`)
  const rest = given.slice(0, -1)
  const [only] = rest
  return rest.length === 1 && only ? { allOf: only } : { anyOf: rest.flat() }
}
