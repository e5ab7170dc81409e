import type { VaultReference } from './vault.ts'

export interface ReferenceProblem {
  field: keyof VaultReference
  message: string
}

/** One segment: a mount with slashes would let `data` and the organization's id stand in the middle of another engine's path. */
const engineForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/
/** Mounted in every Vault, and no engine of secrets that tenants share. */
const reserved = ['sys', 'auth', 'identity', 'cubbyhole', 'audit', 'ui']
/** No percent sign, so that nothing is decoded on the way; no backslash, question mark or number sign, which end a path to some. */
const segmentForm = /^[A-Za-z0-9_.@+=-]{1,255}$/

/** What keeps a reference from being read for the organization. Asked when it is given, and again when it is read. */
export function vaultReferenceProblems(organizationId: string, { secretEngine, path }: VaultReference): ReferenceProblem[] {
  return [
    ...(engineForm.test(secretEngine) && !reserved.includes(secretEngine.toLowerCase())
      ? []
      : [
          {
            field: 'secretEngine' as const,
            message: `secretEngine must be where a KV engine is mounted: letters, digits, _ and -, without slashes, and none of ${reserved.join(', ')}.`,
          },
        ]),
    ...(isBelow(organizationId, path)
      ? []
      : [
          {
            field: 'path' as const,
            message: `path must begin with ${organizationId}/ and go on with one or more segments of letters, digits and _ . @ + = -, none of them empty, . or ..`,
          },
        ]),
  ]
}

function isBelow(organizationId: string, path: string): boolean {
  const [first, ...rest] = path.split('/')
  return first === organizationId && rest.length > 0 && rest.every((segment) => segmentForm.test(segment) && !/^\.+$/.test(segment))
}
