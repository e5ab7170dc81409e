import { createAccountReader } from './aws/account-reader/account-reader.ts'
import type { TokenSource } from './aws/aws.type.ts'
import { createVerifier } from './aws/verification/verify.ts'
import { createChangeFeed } from './changes/change-feed.ts'
import type { Config } from './config.ts'
import { ConfigError } from './config.ts'
import type { Services } from './context.ts'
import { createTxtLookup } from './dns/txt-lookup.ts'
import { organizationsWithOtherIssuer } from './identity/aws-identity.ts'
import { createAccessTokens, readKeyFile } from './identity/google/access-token.ts'
import { createGoogleTokens } from './identity/google/google-tokens.ts'
import { createIssuer } from './identity/issuer.ts'
import { tokenSources } from './identity/token-sources.ts'
import { migrateJobs } from './jobs/worker.ts'
import { createOutboundGuard } from './outbound/outbound-guard.ts'
import { ownDatabaseOf } from './outbound/own-database.ts'
import { openDatabase } from './platform/database/database.ts'
import { joinEmbeddedPostgres, startEmbeddedPostgres } from './platform/database/embedded-postgres.ts'
import { applyMigrations } from './platform/database/migrations.ts'
import type { Log } from './platform/log.ts'
import { CursorSigner } from './platform/pagination/cursor.ts'
import { checkKeyring } from './secrets/check-keyring.ts'
import { cursorKey } from './secrets/cursor-key.ts'
import { parseEncryptionKeys } from './secrets/encryption-keys.ts'
import { createKeyring, type Keyring } from './secrets/keyring.ts'
import { loadOrCreateLocalKeys } from './secrets/local-keys.ts'
import { EncryptionKeysError } from './secrets/sealed-error.ts'
import { createVault } from './vault/vault.ts'

/** Connections of a process for its work; the few for credentials, for listening and of the worker come on top. */
const poolSize = 10
/** A second try waits twice as long; several servers are asked in turn, and after 8 s nothing more is waited for. */
const dnsLimits = { timeoutMs: 2_000, tries: 2, deadlineMs: 8_000 }

export interface Booted {
  services: Services
  databaseUrl: string
  adminKeys: string[]
  /** Where a generated administrator's key lies; null where it was given. */
  adminKeyPath: string | null
  stop(): Promise<void>
}

export interface BootOptions {
  /** With the embedded database: run it, or join the one that a server runs. */
  embedded: 'start' | 'join'
  applicationName: string
  migrate: boolean
  /** How long a call waits for a free connection of the database, where that is not as usual. */
  connectionWaitMs?: number | undefined
}

/** Everything below HTTP and the queue: database, migrations, keys, issuer, verifier. What was opened is closed again when a step fails. */
export async function boot(config: Config, log: Log, options: BootOptions): Promise<Booted> {
  const { embedded, applicationName, migrate, connectionWaitMs } = options
  const undo: (() => unknown)[] = []
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const databaseUrl = config.databaseUrl ?? (await embeddedUrl(config, log, embedded, undo))
    if (migrate) await applyMigrations({ url: databaseUrl, log })
    const db = openDatabase({ url: databaseUrl, poolSize, applicationName, log, connectionWaitMs })
    undo.push(() => db.close())
    if (migrate) await migrateJobs(db.pool, log)
    // The first statement through Prisma loads its query compiler and blocks for up to a second: better now than in a request.
    await db.prisma.organization.findFirst({ select: { id: true } })
    const keys = await readKeys(config)
    const keyring = openKeyring(keys.encryptionKeys)
    await checkKeyring(db.pool, keyring)
    const issuer = createIssuer({
      pool: db.pool,
      keyring,
      publicUrl: config.publicUrl,
      awsEndpointGiven: config.awsEndpointUrl !== null || config.awsServiceEndpointUrls.STS !== undefined,
      log,
      clock: () => new Date(),
    })
    await issuer.start()
    undo.push(() => issuer.stop())
    const awsSettings = {
      endpointUrl: config.awsEndpointUrl,
      serviceEndpointUrls: config.awsServiceEndpointUrls,
      useFipsEndpoint: config.awsUseFips,
      awsRegion: config.awsRegion,
    }
    const tokens = tokenSources(issuer, await googleTokens(config))
    const verifier = createVerifier({ ...awsSettings, log }, tokens)
    undo.push(() => verifier.close())
    const accountReader = createAccountReader(awsSettings, tokens)
    undo.push(() => accountReader.close())
    const changes = createChangeFeed({ url: databaseUrl, log })
    undo.push(() => changes.stop())
    await reportOtherIssuers(db.pool, config.publicUrl, log)
    const txtLookup = createTxtLookup({ servers: config.dnsServers, ...dnsLimits })
    const outbound = createOutboundGuard({ allow: config.outboundAllow, ownDatabase: ownDatabaseOf(config.databaseUrl) })
    const vault = config.vault && createVault(config.vault)
    const cursors = new CursorSigner(await cursorKey(db.pool, keyring))
    return {
      services: { config, db, cursors, keyring, issuer, verifier, accountReader, changes, txtLookup, outbound, vault, log },
      databaseUrl,
      adminKeys: keys.adminKeys,
      adminKeyPath: keys.adminKeyPath,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function googleTokens({ google }: Config): Promise<TokenSource | null> {
  if (!google) return null
  const { accounts, decoy, iamCredentialsUrl, keyPath, metadataHost } = google
  const key =
    keyPath === null
      ? null
      : await readKeyFile(keyPath).catch(({ message }: Error) =>
          Promise.reject(new ConfigError(`GOOGLE_APPLICATION_CREDENTIALS: ${message}`)),
        )
  return createGoogleTokens({ accounts, decoy, endpointUrl: iamCredentialsUrl, accessTokens: createAccessTokens({ key, metadataHost }) })
}

async function embeddedUrl(config: Config, log: Log, how: 'start' | 'join', undo: (() => unknown)[]): Promise<string> {
  if (how === 'join') return (await joinEmbeddedPostgres({ dataDir: config.dataDir })).url
  const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, log })
  undo.push(() => postgres.stop())
  return postgres.url
}

async function readKeys({ databaseUrl, dataDir, adminKeys, encryptionKeys }: Config) {
  if (databaseUrl) return { adminKeys: adminKeys ?? [], encryptionKeys: encryptionKeys ?? '', adminKeyPath: null }
  const local = await loadOrCreateLocalKeys(dataDir)
  return {
    adminKeys: adminKeys ?? [local.adminKey],
    encryptionKeys: encryptionKeys ?? local.encryptionKeys,
    adminKeyPath: adminKeys ? null : local.adminKeyPath,
  }
}

function openKeyring(text: string): Keyring {
  try {
    return createKeyring(parseEncryptionKeys(text))
  } catch (error) {
    if (error instanceof EncryptionKeysError) throw new ConfigError(`GATEHOUSE_ENCRYPTION_KEYS: ${error.message}`)
    throw error
  }
}

/** A changed public URL: AWS still trusts the old issuer until the components are staged again. */
async function reportOtherIssuers(pool: Services['db']['pool'], publicUrl: string, log: Log): Promise<void> {
  const count = await organizationsWithOtherIssuer(pool, publicUrl)
  if (count > 0) {
    log.warn(
      { organizations: count, publicUrl },
      'GATEHOUSE_PUBLIC_URL is not the issuer these organizations were set up with: their components fail verification until they are staged again',
    )
  }
}
