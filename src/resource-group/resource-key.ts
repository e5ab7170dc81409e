import { type IdPrefix, isId } from '../platform/typeid.ts'

/** Everything in the organization, kinds to come included. */
export const everything = '*'

/** What a key can name: by the prefix of its global id, an AWS account by its number. */
const kinds = {
  awsAccount: { prefix: null, noun: 'AWS account' },
  awsRole: { prefix: 'role', noun: 'AWS role' },
  integration: { prefix: 'int', noun: 'integration' },
  component: { prefix: 'cmp', noun: 'component' },
  resource: { prefix: 'res', noun: 'resource' },
  userGroup: { prefix: 'ug', noun: 'user group' },
} as const satisfies Record<string, { prefix: IdPrefix | null; noun: string }>

export type ResourceKind = keyof typeof kinds
export const resourceKinds = Object.keys(kinds) as ResourceKind[]
export const nounOf = (kind: ResourceKind) => kinds[kind].noun

/** A well-formed key `kind.name`. Says nothing about whether what it names exists. */
export interface ResourceKey {
  kind: ResourceKind
  name: string
}

/** The parts of a key; null for `*` and for what is not a key of a known kind. Case counts. */
export function parseResourceKey(key: string): ResourceKey | null {
  const dot = key.indexOf('.')
  const [kind, name] = [key.slice(0, dot) as ResourceKind, key.slice(dot + 1)]
  if (dot < 1 || !Object.hasOwn(kinds, kind)) return null
  const { prefix } = kinds[kind]
  return (prefix === null ? /^\d{12}$/.test(name) : isId(prefix, name)) ? { kind, name } : null
}

/** Something that exists, and what it lies in. */
export interface ResourcePlace {
  key: string
  /** The number of the AWS account it lies in. */
  accountId: string | null
  /** The integration it lies in. */
  integrationId: string | null
}

/** Every key that covers it: itself, what it lies in, and everything. */
export function coveringKeys({ key, accountId, integrationId }: ResourcePlace): string[] {
  const within = [accountId && `awsAccount.${accountId}`, integrationId && `integration.${integrationId}`].filter(
    (container) => container !== null,
  )
  return [...new Set([everything, key, ...within])]
}
