import { resolve } from 'node:path'
import { z } from 'zod'
import type { AwsService } from './aws/clients.ts'
import { type DnsServer, parseDnsServers } from './dns/dns-server.ts'
import { type GoogleAccount, parseGoogleAccounts } from './identity/google/google-account.ts'
import { type AddressRange, parseRanges } from './outbound/address.ts'
import type { VaultSettings } from './vault/vault.ts'

/** What a process is set to. Only this file reads the environment. */
export interface Config {
  host: string
  port: number
  /** null: an embedded PostgreSQL in `dataDir`. */
  databaseUrl: string | null
  dataDir: string
  /** Without trailing slash; the issuer of tokens. */
  publicUrl: string
  /** null: made in the data directory. */
  adminKeys: string[] | null
  /** `id:base64,…`; null: made in the data directory. */
  encryptionKeys: string | null
  worker: 'inline' | 'off'
  /** GATEHOUSE_IDENTITY google: who new organizations are to AWS; null: this server is the issuer. */
  google: GoogleConfig | null
  awsEndpointUrl: string | null
  /** AWS_ENDPOINT_URL_<SERVICE>, by service. */
  awsServiceEndpointUrls: Partial<Record<AwsService, string>>
  awsUseFips: boolean
  awsRegion: string | null
  logLevel: string
  /** Who is asked for TXT records; null: the system's resolvers. */
  dnsServers: DnsServer[] | null
  /** Between the first two look-ups of an SSO connector's record; doubled from there to at most an hour. */
  ssoPollSeconds: number
  /** How long a record of an SSO connector is waited for. */
  ssoExpiresSeconds: number
  /** How often an installed component is looked at again. */
  reverifySeconds: number
  /** What tenants' targets may lie in besides public addresses. */
  outboundAllow: AddressRange[]
  /** Where tenants' secrets of HashiCorp Vault are read; null: they are not. */
  vault: VaultSettings | null
  quotas: Quotas
}

export interface GoogleConfig {
  /** One for each organization, in the order in which they are given out. */
  accounts: GoogleAccount[]
  decoy: GoogleAccount
  /** Of IAM Credentials, without trailing slash. */
  iamCredentialsUrl: string
  /** The key file of this server's own service account; null: it asks the metadata server. */
  keyPath: string | null
  metadataHost: string
}

/** How many of each an organization may have. */
export interface Quotas {
  awsAccounts: number
  components: number
  awsCredentials: number
  apiKeys: number
  runningOperations: number
  members: number
  userGroups: number
  resourceGroups: number
  policiesPerGroup: number
  ssoConnectors: number
  integrations: number
  connectors: number
  resources: number
}

const defaultQuotas: Quotas = {
  awsAccounts: 5_000,
  components: 50_000,
  awsCredentials: 5_000,
  apiKeys: 200,
  runningOperations: 4,
  members: 50_000,
  userGroups: 5_000,
  resourceGroups: 5_000,
  policiesPerGroup: 100,
  ssoConnectors: 50,
  integrations: 2_000,
  connectors: 100,
  resources: 1_000_000,
}

/** All that is wrong with the settings, in one message. */
export class ConfigError extends Error {}

const blank = (value: unknown) => (typeof value === 'string' && value.trim() === '' ? undefined : value)
const optional = <T extends z.ZodType>(type: T) => z.preprocess(blank, type.optional())

const awsServices: AwsService[] = [
  ...(['STS', 'IAM', 'ACCESSANALYZER', 'CLOUDTRAIL', 'LAMBDA', 'SSO_ADMIN', 'RESOURCE_EXPLORER_2'] as const),
  ...(['S3', 'EC2', 'RESOURCE_GROUPS_TAGGING_API', 'SECRETS_MANAGER'] as const),
]
const url = () => optional(z.string().refine((text) => URL.canParse(text), 'must be a URL'))
function isVaultAddress(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return username === '' && password === '' && !/[?#]/.test(text)
}
const seconds = (max: number) => {
  const rule = `must be a number of seconds from 1 to ${max}`
  return z.coerce.number(rule).int(rule).min(1, rule).max(max, rule)
}

const environment = z.object({
  HOST: optional(z.string()),
  PORT: optional(z.coerce.number('must be a port number').int('must be a port number').min(0).max(65535, 'must be a port number')),
  DATABASE_URL: optional(z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgresql:// URL')),
  GATEHOUSE_DATA_DIR: optional(z.string()),
  GATEHOUSE_PUBLIC_URL: optional(
    z
      .string()
      .refine((url) => /^https?:\/\//.test(url) && URL.canParse(url), 'must be an http:// or https:// URL, as others see this server'),
  ),
  GATEHOUSE_ADMIN_KEY: optional(
    z.string().refine((keys) => {
      const list = keys.split(',')
      return list.length <= 2 && list.every((key) => key.trim().length >= 32)
    }, 'must be a key of at least 32 characters, or two of them separated by a comma'),
  ),
  GATEHOUSE_ENCRYPTION_KEYS: optional(z.string()),
  GATEHOUSE_IDENTITY: optional(z.enum(['issuer', 'google'], 'must be issuer or google')),
  GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS: optional(
    z
      .string()
      .refine(
        (text) => parseGoogleAccounts(text) !== null,
        'must be a list like one@project.iam.gserviceaccount.com:<21 digits>,… of e-mail:unique id, none of them twice',
      ),
  ),
  GATEHOUSE_GOOGLE_DECOY_ACCOUNT: optional(
    z.string().refine((text) => parseGoogleAccounts(text)?.length === 1, 'must be one account, e-mail:unique id'),
  ),
  GATEHOUSE_GOOGLE_IAM_CREDENTIALS_URL: url(),
  GOOGLE_APPLICATION_CREDENTIALS: optional(z.string()),
  GCE_METADATA_HOST: optional(z.string()),
  GATEHOUSE_DNS_SERVERS: optional(
    z.string().refine((text) => parseDnsServers(text) !== null, 'must be a list like 192.0.2.53:53,[2001:db8::53]:53 of host:port'),
  ),
  GATEHOUSE_OUTBOUND_ALLOW: optional(
    z.string().refine((text) => parseRanges(text) !== null, 'must be a list like 10.0.0.0/8,fd00::/8 of address ranges'),
  ),
  GATEHOUSE_VAULT_ADDR: optional(
    z.string().refine(isVaultAddress, "must be Vault's http:// or https:// URL, without user, query and fragment"),
  ),
  // What else stands in a header would be said in an error of the request.
  GATEHOUSE_VAULT_TOKEN: optional(z.string().regex(/^[\x21-\x7e]+$/, 'must be a token of Vault: printable characters without spaces')),
  GATEHOUSE_SSO_POLL_SECONDS: optional(seconds(3_600)),
  GATEHOUSE_SSO_EXPIRES_SECONDS: optional(seconds(31_536_000)),
  GATEHOUSE_WORKER: optional(z.enum(['inline', 'off'], 'must be inline or off')),
  GATEHOUSE_LOG_LEVEL: optional(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'must be trace, debug, info, warn, error or silent'),
  ),
  GATEHOUSE_REVERIFY_SECONDS: optional(
    z.coerce
      .number('must be a number of seconds')
      .int('must be a whole number of seconds')
      .min(1, 'must be at least 1')
      .max(31_536_000, 'must be at most 31536000, a year'),
  ),
  GATEHOUSE_QUOTAS: optional(
    z
      .string()
      .refine(
        (text) => parseQuotas(text) !== null,
        `must be a list like components=50000,apiKeys=200 of ${Object.keys(defaultQuotas).join(', ')}`,
      ),
  ),
  AWS_ENDPOINT_URL: url(),
  ...(Object.fromEntries(awsServices.map((service) => [`AWS_ENDPOINT_URL_${service}`, url()])) as Record<
    `AWS_ENDPOINT_URL_${AwsService}`,
    ReturnType<typeof url>
  >),
  AWS_USE_FIPS_ENDPOINT: optional(z.enum(['true', 'false'], 'must be true or false')),
  AWS_REGION: optional(z.string()),
})

/** Reads the settings. Throws one ConfigError that names every variable at fault. */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  const parsed = environment.safeParse(env)
  const problems = parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
  if (env.DATABASE_URL?.trim()) {
    for (const name of ['GATEHOUSE_ADMIN_KEY', 'GATEHOUSE_ENCRYPTION_KEYS']) {
      if (!env[name]?.trim()) problems.push(`${name} must be set where DATABASE_URL is`)
    }
  }
  if (parsed.success) problems.push(...googleProblems(parsed.data), ...vaultProblems(parsed.data))
  if (!parsed.success || problems.length > 0)
    throw new ConfigError(`These settings need mending:\n${problems.map((p) => `  - ${p}`).join('\n')}`)
  const e = parsed.data
  const host = e.HOST ?? '127.0.0.1'
  const port = e.PORT ?? 4000
  return {
    host,
    port,
    databaseUrl: e.DATABASE_URL ?? null,
    dataDir: resolve(e.GATEHOUSE_DATA_DIR ?? '.gatehouse'),
    publicUrl: (e.GATEHOUSE_PUBLIC_URL ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`).replace(/\/+$/, ''),
    adminKeys: e.GATEHOUSE_ADMIN_KEY?.split(',').map((key) => key.trim()) ?? null,
    encryptionKeys: e.GATEHOUSE_ENCRYPTION_KEYS ?? null,
    worker: e.GATEHOUSE_WORKER ?? 'inline',
    google: e.GATEHOUSE_IDENTITY === 'google' ? googleConfig(e) : null,
    awsEndpointUrl: e.AWS_ENDPOINT_URL ?? null,
    awsServiceEndpointUrls: Object.fromEntries(
      awsServices.flatMap((service) => {
        const given = e[`AWS_ENDPOINT_URL_${service}`]
        return given ? [[service, given]] : []
      }),
    ),
    awsUseFips: e.AWS_USE_FIPS_ENDPOINT === 'true',
    awsRegion: e.AWS_REGION ?? null,
    logLevel: e.GATEHOUSE_LOG_LEVEL ?? 'info',
    dnsServers: e.GATEHOUSE_DNS_SERVERS ? parseDnsServers(e.GATEHOUSE_DNS_SERVERS) : null,
    ssoPollSeconds: e.GATEHOUSE_SSO_POLL_SECONDS ?? 60,
    ssoExpiresSeconds: e.GATEHOUSE_SSO_EXPIRES_SECONDS ?? 172_800,
    reverifySeconds: e.GATEHOUSE_REVERIFY_SECONDS ?? 21_600,
    outboundAllow: (e.GATEHOUSE_OUTBOUND_ALLOW && parseRanges(e.GATEHOUSE_OUTBOUND_ALLOW)) || [],
    vault: vaultSettings(e),
    quotas: { ...defaultQuotas, ...(e.GATEHOUSE_QUOTAS ? parseQuotas(e.GATEHOUSE_QUOTAS) : {}) },
  }
}

type Environment = z.infer<typeof environment>

function googleProblems(e: Environment): string[] {
  if (e.GATEHOUSE_IDENTITY !== 'google') return []
  const names = ['GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS', 'GATEHOUSE_GOOGLE_DECOY_ACCOUNT'] as const
  const missing = names.filter((name) => !e[name]).map((name) => `${name} must be set where GATEHOUSE_IDENTITY is google`)
  if (missing.length > 0) return missing
  return parseGoogleAccounts(`${e.GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS},${e.GATEHOUSE_GOOGLE_DECOY_ACCOUNT}`)
    ? []
    : ['GATEHOUSE_GOOGLE_DECOY_ACCOUNT must not be among GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS']
}

function vaultProblems({ GATEHOUSE_VAULT_ADDR: address, GATEHOUSE_VAULT_TOKEN: token }: Environment): string[] {
  if (address && !token) return ['GATEHOUSE_VAULT_TOKEN must be set where GATEHOUSE_VAULT_ADDR is']
  return token && !address ? ['GATEHOUSE_VAULT_ADDR must be set where GATEHOUSE_VAULT_TOKEN is'] : []
}

function vaultSettings({ GATEHOUSE_VAULT_ADDR: address, GATEHOUSE_VAULT_TOKEN: token }: Environment): VaultSettings | null {
  return address && token ? { address: address.replace(/\/+$/, ''), token } : null
}

function googleConfig(e: Environment): GoogleConfig {
  const [decoy] = parseGoogleAccounts(e.GATEHOUSE_GOOGLE_DECOY_ACCOUNT ?? '') ?? []
  return {
    accounts: parseGoogleAccounts(e.GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS ?? '') ?? [],
    decoy: decoy as GoogleAccount,
    iamCredentialsUrl: (e.GATEHOUSE_GOOGLE_IAM_CREDENTIALS_URL ?? 'https://iamcredentials.googleapis.com').replace(/\/+$/, ''),
    keyPath: e.GOOGLE_APPLICATION_CREDENTIALS ?? null,
    metadataHost: e.GCE_METADATA_HOST ?? 'metadata.google.internal',
  }
}

function parseQuotas(text: string): Partial<Quotas> | null {
  const entries = text.split(',').map((entry) => entry.trim().split('='))
  const fits = entries.every(([name, value]) => name && Object.hasOwn(defaultQuotas, name) && /^\d{1,9}$/.test(value ?? ''))
  return fits ? (Object.fromEntries(entries.map(([name, value]) => [name, Number(value)])) as Partial<Quotas>) : null
}
