import { AwsProblem } from '../aws/account-reader/problem.ts'
import { parseSecretArn } from '../aws/arn.ts'
import { installedRole } from '../component/assumable-role.ts'
import type { Context } from '../context.ts'
import { DiscoveryError } from '../discovery/discovery-error.ts'
import { awsIdentityLoader } from '../identity/aws-identity.loader.ts'
import { VaultError, type VaultReason } from '../vault/vault-error.ts'
import { vaultReferenceProblems } from '../vault/vault-reference.ts'
import { type CatalogueEntry, catalogueEntry } from './catalogue.ts'
import { paramValue } from './check-config.ts'
import { secretValueProblem } from './check-secret-store.ts'
import type { IntegrationRow } from './integration.loader.ts'
import { openSecret, type StoredSecretStore } from './secret-store.ts'

export type SealedIntegration = IntegrationRow & { sealedSecret: string | null }
type Stored<Kind extends StoredSecretStore['kind']> = Extract<StoredSecretStore, { kind: Kind }>

/** Of assuming a role and one call through it. */
const awsMs = 30_000

/**
 * The values of the integration's secret, read anew each time and kept nowhere. Throws a DiscoveryError where they cannot be had or are
 * not what the type needs, and the signal's reason when that ends it.
 */
export async function resolveSecret(
  context: Context,
  integration: SealedIntegration,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const { organizationId, id, type, config, secretStore, sealedSecret } = integration
  if (secretStore === null) return {}
  if (secretStore.kind === 'BUILT_IN') {
    if (sealedSecret === null) throw new Error(`the integration ${id} has no sealed secret`)
    return openSecret(context.keyring, { organizationId, id, sealedSecret })
  }
  const found = await readStore(context, organizationId, secretStore, signal)
  const entry = catalogueEntry(type)
  assertTarget(entry, config, found)
  return valuesOf(entry, found)
}

function readStore(context: Context, organizationId: string, store: StoredSecretStore, signal: AbortSignal): Promise<object> {
  if (store.kind === 'HASHICORP_VAULT') return fromVault(context, organizationId, store, signal)
  if (store.kind === 'AWS') return fromAws(context, organizationId, store, signal)
  throw new DiscoveryError('This server cannot read the store of the secret. Give another one: updateIntegration with secretStore.')
}

async function fromVault(
  { vault }: Context,
  organizationId: string,
  { secretEngine, path }: Stored<'HASHICORP_VAULT'>,
  signal: AbortSignal,
): Promise<object> {
  if (!vault) {
    throw new DiscoveryError(
      'This server has no HashiCorp Vault. Its operator has to set GATEHOUSE_VAULT_ADDR and GATEHOUSE_VAULT_TOKEN; or keep the secret in another store: updateIntegration with secretStore.',
    )
  }
  const [problem] = vaultReferenceProblems(organizationId, { secretEngine, path })
  if (problem) throw new DiscoveryError(`The secret is not read. ${problem.message}`)
  try {
    return await vault.read({ secretEngine, path }, signal)
  } catch (error) {
    throw error instanceof VaultError ? new DiscoveryError(vaultWords[error.reason](`${secretEngine}/${path}`, organizationId)) : error
  }
}

const vaultWords: Record<VaultReason, (place: string, organizationId: string) => string> = {
  denied: (place, organizationId) =>
    `Vault does not let this server read ${place}. Its operator has to see to it that the token of GATEHOUSE_VAULT_TOKEN has not expired and may read <secretEngine>/data/${organizationId}/*.`,
  missing: (place) =>
    `Vault has no secret at ${place}, or its newest version is deleted, or no KV engine is mounted there. Check secretEngine and path, and write the secret.`,
  redirect: () =>
    'Vault answered with a redirect, which is not followed. The operator of this server has to set GATEHOUSE_VAULT_ADDR to the node that answers itself.',
  sealed: () => 'Vault is sealed or not active. Refresh again when its operator has unsealed it.',
  failing: () => 'Vault answered with an error. Refresh again later; the log of Vault says why.',
  silent: () =>
    'Vault did not answer in time, or could not be reached. The operator of this server has to check GATEHOUSE_VAULT_ADDR, the network and the certificate of Vault.',
  tooLarge: (place) => `The secret at ${place} is far larger than a secret is. Check secretEngine and path.`,
  notVersion2: (place) => `What Vault has at ${place} is no secret of a KV engine of version 2. Check secretEngine.`,
}

async function fromAws(
  context: Context,
  organizationId: string,
  { region, secretId }: Stored<'AWS'>,
  signal: AbortSignal,
): Promise<object> {
  const arn = parseSecretArn(secretId)
  if ('problem' in arn) throw new DiscoveryError(`The secret is not read. ${arn.problem.message}.`)
  if (arn.region !== region) throw new DiscoveryError(`The secret is not read. Its ARN is of ${arn.region}, its region is ${region}.`)
  const { accountId, partition } = arn
  const [role, identity] = await Promise.all([
    installedRole(context, { organizationId }, 'INVENTORY', accountId),
    awsIdentityLoader(context).load(organizationId),
  ])
  if (!role || !identity || role.partition !== partition) {
    throw new DiscoveryError(
      `The secret lies in AWS account ${accountId} and is read through the INVENTORY component of that account, which is not installed. Stage, verify and configure it, then refresh again.`,
    )
  }
  const ends = AbortSignal.any([signal, AbortSignal.timeout(awsMs)])
  try {
    const session = await context.accountReader.assume(role, identity, ends)
    return objectOf(await context.accountReader.secret(session, arn, ends))
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (!(error instanceof AwsProblem)) throw error
    const remedy = error.isDenial
      ? ` See to it that ${secretId} is there, has the tag GatehouseAccess=true and is encrypted with the key aws/secretsmanager, and that INVENTORY of account ${accountId} is healthy.`
      : ''
    throw new DiscoveryError(`The secret could not be read. ${error.message}${remedy}`)
  }
}

function objectOf(text: string | null): object {
  try {
    const value: unknown = text === null ? null : JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Told below, without what stands in it.
  }
  throw new DiscoveryError('The secret is no JSON object in AWS Secrets Manager. Write it with its values by name, as key/value pairs.')
}

/** What the type needs of it, and nothing else. */
function valuesOf({ secretParameters = [] }: CatalogueEntry, found: object): Record<string, string> {
  const values = secretParameters.map((name) => [name, Object.hasOwn(found, name) ? Reflect.get(found, name) : undefined] as const)
  const problems = values.flatMap(([name, value]) => {
    if (value === undefined) return [`it has no ${name}.`]
    const problem = secretValueProblem(name, value)
    return problem ? [problem] : []
  })
  if (problems.length > 0)
    throw new DiscoveryError(`The secret is not what it has to be: ${problems.join(' ')} Write it anew in its store.`)
  return Object.fromEntries(values)
}

/**
 * Whoever may edit integrations may name any secret of the organization's. One that says itself where it belongs (host, port …) is sent
 * nowhere else.
 */
function assertTarget(entry: CatalogueEntry, config: object, found: object): void {
  const others = entry.params.filter(
    ({ key, target }) => target && Object.hasOwn(found, key) && String(Reflect.get(found, key)) !== paramValue(entry, config, key),
  )
  if (others.length === 0) return
  const keys = others.map(({ key }) => key).join(', ')
  throw new DiscoveryError(
    `The secret says that it is for another ${keys} than the integration has, and is not sent there. Check which of the two is right.`,
  )
}
