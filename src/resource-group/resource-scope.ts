import { type UserErrorValue, userError } from '../platform/errors.ts'
import { isId } from '../platform/typeid.ts'
import { everything, nounOf, parseResourceKey } from './resource-key.ts'

const maxObjects = 500

export interface ScopeInput {
  key: string
  objects: { key: string }[]
}

/** The one key a scope of the organization can have. */
export const scopeKeyOf = (organizationId: string) => `organization.${organizationId}`

/** The object keys of a scope in the order given, and all that is wrong with their form. Whether what they name exists is not looked at. */
export function readScope(organizationId: string, scopes: readonly ScopeInput[]): { keys: string[]; errors: UserErrorValue[] } {
  const errors: UserErrorValue[] = []
  const seenScopes = new Set<string>()
  const keys = new Set<string>()
  if (scopes.length === 0) errors.push(outOfBounds(['input', 'scope'], 'scope must have the organization as its one item; it has none.'))
  scopes.forEach(({ key, objects }, i) => {
    const at = ['input', 'scope', i]
    if (seenScopes.has(key)) errors.push(repeated([...at, 'key'], `${key} was given before: put all objects into one scope.`))
    else errors.push(...scopeKeyErrors(organizationId, key, [...at, 'key']))
    seenScopes.add(key)
    if (objects.length === 0 || objects.length > maxObjects) {
      errors.push(outOfBounds([...at, 'objects'], `objects must have 1 to ${maxObjects} items; it has ${objects.length}.`))
      return
    }
    objects.forEach((object, j) => {
      const path = [...at, 'objects', j, 'key']
      if (object.key !== everything && !parseResourceKey(object.key))
        errors.push(userError.validation('VALUE_INCORRECT_FORMAT', path, keyRule))
      else if (keys.has(object.key)) errors.push(repeated(path, `${object.key} was given before: leave it out here.`))
      else keys.add(object.key)
    })
  })
  return { keys: [...keys], errors }
}

/** A NotFoundError for each object whose key is not among those found. */
export function missingObjects(scopes: readonly ScopeInput[], found: ReadonlySet<string>): UserErrorValue[] {
  return scopes.flatMap(({ objects }, i) =>
    objects.flatMap(({ key }, j) => {
      const parsed = parseResourceKey(key)
      return parsed && !found.has(key) ? [userError.notFound(['input', 'scope', i, 'objects', j, 'key'], nounOf(parsed.kind))] : []
    }),
  )
}

const keyRule =
  'An object key is *, awsAccount.<12 digits>, or a kind and an id as in awsRole.<id>, integration.<id>, component.<id>, resource.<id>, userGroup.<id>. Case counts.'

function scopeKeyErrors(organizationId: string, key: string, path: (string | number)[]): UserErrorValue[] {
  if (key === scopeKeyOf(organizationId)) return []
  const prefix = scopeKeyOf('')
  if (key.startsWith(prefix) && isId('org', key.slice(prefix.length))) return [userError.notFound(path, 'organization')]
  return [
    userError.validation('VALUE_INCORRECT_FORMAT', path, `The key of a scope is that of the organization: ${scopeKeyOf(organizationId)}.`),
  ]
}

const outOfBounds = (path: (string | number)[], message: string) => userError.validation('VALUE_OUT_OF_BOUNDS', path, message)
const repeated = (path: (string | number)[], message: string) => userError.validation('VALUE_DUPLICATE', path, message)
