import type { Keyring } from '../secrets/keyring.ts'
import { sealContext, sealedColumns } from '../secrets/sealed-columns.ts'

/** Where a secret lies, as it is kept. A BUILT_IN one lies sealed in a column of its own. */
export type StoredSecretStore =
  | { kind: 'AWS'; region: string; secretId: string }
  | { kind: 'GCP'; project: string; secretId: string }
  | { kind: 'KUBERNETES'; namespace: string; name: string }
  | { kind: 'AZURE'; vaultUrl: string; name: string }
  | { kind: 'HASHICORP_VAULT'; secretEngine: string; path: string }
  | { kind: 'BUILT_IN'; parameterNames: string[]; updatedAt: string }

/** As a caller gives it: exactly one member. */
export interface GivenSecretStore {
  aws?: { region: string; secretId: string } | null
  gcp?: { project: string; secretId: string } | null
  kubernetes?: { namespace: string; name: string } | null
  azure?: { vaultUrl: string; name: string } | null
  hashicorpVault?: { secretEngine: string; path: string } | null
  builtIn?: { parameters: object } | null
}

const kinds = {
  aws: 'AWS',
  gcp: 'GCP',
  kubernetes: 'KUBERNETES',
  azure: 'AZURE',
  hashicorpVault: 'HASHICORP_VAULT',
  builtIn: 'BUILT_IN',
} as const

/** The one member that was given, with the name it was given under. */
export function givenMember(given: GivenSecretStore): { member: keyof typeof kinds; kind: StoredSecretStore['kind']; fields: object } {
  for (const [member, fields] of Object.entries(given) as [keyof typeof kinds, object | null | undefined][]) {
    if (fields) return { member, kind: kinds[member], fields }
  }
  throw new Error('a secret store without a member passed the schema')
}

/** What is kept of a store, and its secret sealed where that is to lie here. Only for what passed the checks. */
export function storeSecret(
  keyring: Keyring,
  record: { organizationId: string; id: string },
  given: GivenSecretStore,
): { secretStore: StoredSecretStore; sealedSecret: string | null } {
  const { kind, fields } = givenMember(given)
  if (kind !== 'BUILT_IN') return { secretStore: { kind, ...fields } as StoredSecretStore, sealedSecret: null }
  const { parameters } = fields as { parameters: object }
  const sealedSecret = keyring.seal(
    JSON.stringify(parameters),
    sealContext(sealedColumns.integrationSecret, record.id, record.organizationId),
  )
  return { secretStore: { kind, parameterNames: Object.keys(parameters).sort(), updatedAt: new Date().toISOString() }, sealedSecret }
}

/** The values of a BUILT_IN secret: for a connection, and for nothing else. */
export function openSecret(
  keyring: Keyring,
  { organizationId, id, sealedSecret }: { organizationId: string; id: string; sealedSecret: string },
): Record<string, string> {
  const opened = keyring.open(sealedSecret, sealContext(sealedColumns.integrationSecret, id, organizationId))
  return JSON.parse(opened.toString('utf8')) as Record<string, string>
}
