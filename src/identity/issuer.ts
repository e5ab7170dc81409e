import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Pool } from 'pg'
import type { AwsIdentity, TokenSource } from '../aws/aws.type.ts'
import type { Log } from '../platform/log.ts'
import type { Keyring } from '../secrets/keyring.ts'
import { decoySubject, subjectOf } from './aws-identity.ts'
import { publicUrlProblem } from './public-url.ts'
import { isRotationDue, type PublicJwk, publishedKeys, type SigningKey, signingKey } from './signing-key.ts'
import { loadSigningKeys, type RotationResult, rotateSigningKeys } from './signing-key-store.ts'

export interface IssuerOptions {
  pool: Pool
  keyring: Keyring
  /** GATEHOUSE_PUBLIC_URL without trailing slash: the `iss` of every token. */
  publicUrl: string
  /** Whether AWS_ENDPOINT_URL is set: what stands there may reach any address. */
  awsEndpointGiven: boolean
  log: Log
  clock: () => Date
}

export interface DiscoveryDocument {
  issuer: string
  jwks_uri: string
  authorization_endpoint: string
  response_types_supported: ['id_token']
  subject_types_supported: ['public']
  id_token_signing_alg_values_supported: ['RS256']
}

/** Gatehouse as its own OIDC issuer. Tokens and both documents come from memory; the database is asked once a minute. */
export interface Issuer extends TokenSource {
  readonly url: string
  /** Makes the first key if there is none, loads all and keeps them fresh. Throws if the keys cannot be loaded. */
  start(): Promise<void>
  /** Ends the refreshing, one under way included. */
  stop(): Promise<void>
  /** Reads the keys again, and makes a new one if the signing key is 90 days old. On failure those in memory stay. */
  refresh(): Promise<void>
  /**
   * A new key: published at once, signing 24 hours later, the old one published for 24 hours more. With `now` (a leak) it signs at
   * once and every other key leaves the JWKS at once; other processes follow within a minute.
   */
  rotate(options?: { now?: boolean }): Promise<RotationResult>
  identityProblem(issuer: string): ReturnType<TokenSource['identityProblem']>
  discoveryDocument(): DiscoveryDocument
  jwks(): { keys: PublicJwk[] }
}

const refreshIntervalMs = 60_000
const tokenLifetimeSeconds = 300

export function createIssuer({ pool, keyring, publicUrl, awsEndpointGiven, log, clock }: IssuerOptions): Issuer {
  let keys: SigningKey[] = []
  let timer: NodeJS.Timeout | undefined
  let lastRead: Promise<void> = Promise.resolve()

  const load = async () => {
    keys = await loadSigningKeys(pool, keyring, clock(), keys)
  }
  const loadAndRotate = async () => {
    await load()
    if (!isRotationDue(keys, clock())) return
    const { rotated, kid, signsFrom } = await rotateSigningKeys(pool, keyring, clock, 'due')
    if (rotated) log.info({ kid, signsFrom }, 'The signing key is 90 days old: a new one is published and takes over')
    await load()
  }
  // One after the other: an older answer must not replace a newer one.
  const afterOthers = (read: () => Promise<void>) => {
    lastRead = lastRead.catch(() => undefined).then(read)
    return lastRead
  }
  const loaded = () => {
    if (keys.length === 0) throw new Error('The issuer has no keys: it has not been started.')
    return keys
  }

  return {
    url: publicUrl,
    async start() {
      try {
        await rotateSigningKeys(pool, keyring, clock, 'first')
        await afterOthers(loadAndRotate)
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        throw new Error(`The issuer's signing keys could not be loaded: ${reason}`, { cause: error })
      }
      clearInterval(timer)
      timer = setInterval(() => {
        afterOthers(loadAndRotate).catch((err) =>
          log.error({ err }, 'The signing keys could not be read again; those in memory keep serving'),
        )
      }, refreshIntervalMs).unref()
    },
    async stop() {
      clearInterval(timer)
      await lastRead.catch(() => undefined)
    },
    refresh: () => afterOthers(loadAndRotate),
    async rotate({ now = false } = {}) {
      const result = await rotateSigningKeys(pool, keyring, clock, now ? 'leak' : 'scheduled')
      await afterOthers(load)
      return result
    },
    discoveryDocument: () => ({
      issuer: publicUrl,
      jwks_uri: `${publicUrl}/.well-known/jwks.json`,
      // OpenID Connect Discovery requires the member; nobody signs in here, and nothing answers there.
      authorization_endpoint: `${publicUrl}/authorize`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }),
    jwks: () => ({ keys: publishedKeys(loaded(), clock()).map(({ publicJwk }) => ({ ...publicJwk })) }),
    async token(identity, { decoy = false } = {}) {
      const subject = ownSubject(identity)
      const at = clock()
      const key = signingKey(loaded(), at)
      if (!key) throw new Error('The issuer has no key that signs at this time.')
      const issuedAt = Math.floor(at.getTime() / 1000)
      return new SignJWT()
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.kid })
        .setIssuer(publicUrl)
        .setSubject(decoy ? decoySubject : subject)
        .setAudience(identity.audience)
        .setIssuedAt(issuedAt)
        .setNotBefore(issuedAt)
        .setExpirationTime(issuedAt + tokenLifetimeSeconds)
        .setJti(randomUUID())
        .sign(key.privateKey)
    },
    identityProblem: (setupIssuer) => unusable(publicUrl, awsEndpointGiven) ?? changed(publicUrl, setupIssuer),
  }
}

/** The confused deputy's last gate: whatever row comes in, a token names the organization it was asked for. */
function ownSubject({ mode, organizationId, subject }: AwsIdentity): string {
  if (mode !== 'issuer' || subject !== subjectOf(organizationId)) {
    throw new Error(`The identity of ${organizationId} is not one that this issuer signs for.`)
  }
  return subject
}

function unusable(publicUrl: string, awsEndpointGiven: boolean): ReturnType<TokenSource['identityProblem']> {
  const problem = awsEndpointGiven ? null : publicUrlProblem(publicUrl)
  return problem === null
    ? null
    : {
        expected: 'GATEHOUSE_PUBLIC_URL is an https URL that AWS can reach, without port, query, fragment or trailing slash',
        actual: `${publicUrl} ${problem}`,
        remediation: 'Set GATEHOUSE_PUBLIC_URL to the public https address of this server, restart it and stage the component again.',
      }
}

function changed(publicUrl: string, setupIssuer: string): ReturnType<TokenSource['identityProblem']> {
  return publicUrl === setupIssuer
    ? null
    : {
        expected: `This server's issuer is the one the component was staged for: ${setupIssuer}`,
        actual: publicUrl,
        remediation: `Set GATEHOUSE_PUBLIC_URL back to ${setupIssuer}, or stage the component again and apply its new setup in AWS.`,
      }
}
