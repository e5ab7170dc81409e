import { hash as digest, timingSafeEqual } from 'node:crypto'
import type DataLoader from 'dataloader'
import { credentialConnections } from '../platform/database/database.ts'
import { topLevelError } from '../platform/errors.ts'
import { jointLoader } from '../platform/joint-loader.ts'
import type { Log } from '../platform/log.ts'
import { type Queryable, rows, statement } from '../platform/statement.ts'
import { parseToken } from './api-key-token.ts'
import type { Scope } from './scope.ts'
import { anonymous, platformAdministrator, type Viewer } from './viewer.ts'

// Expiry is judged by the database's clock: all processes agree.
const keysByIds = statement(
  'api_keys_authenticate',
  `select k."id", k."organizationId", k."name", k."secretHash", k."scopes", k."isLoopbackOnly",
     (k."revokedAt" is null and (k."expiresAt" is null or k."expiresAt" > now())) as "isValid",
     (k."lastUsedAt" is null or k."lastUsedAt" < now() - interval '1 minute') as "isUseStale",
     o."slug" as "organizationSlug", o."name" as "organizationName", o."version" as "organizationVersion",
     o."createdAt" as "organizationCreatedAt", o."updatedAt" as "organizationUpdatedAt"
   from "ApiKey" k join "Organization" o on o."id" = k."organizationId" where k."id" = any($1::text[])`,
)

const touch = statement(
  'api_key_touch',
  `update "ApiKey" set "lastUsedAt" = now() where "id" = $1 and ("lastUsedAt" is null or "lastUsedAt" < now() - interval '1 minute')`,
)

interface KeyRow {
  id: string
  organizationId: string
  name: string
  secretHash: Buffer
  scopes: Scope[]
  isLoopbackOnly: boolean
  isValid: boolean
  isUseStale: boolean
  organizationSlug: string
  organizationName: string
  organizationVersion: number
  organizationCreatedAt: Date
  organizationUpdatedAt: Date
}

export interface Caller {
  viewer: Viewer
  /** Of a key: the organization it belongs to, as it stood when the key was looked up. Most requests begin with it. */
  organization: { id: string; slug: string; name: string; version: number; createdAt: Date; updatedAt: Date } | null
}

export interface Authenticator {
  /**
   * Who sent this Authorization header. Throws UNAUTHENTICATED for a credential that is not valid; none at all is anonymous.
   * `isLocal`: the request comes from this machine, by its own name, and nothing forwarded it.
   */
  authenticate(authorization: string | undefined, isLocal: () => boolean): Promise<Caller>
}

interface AuthenticatorOptions {
  /** Connections for look-ups alone. */
  credentials: Queryable
  /** Connections for whatever may wait for a lock. */
  pool: Queryable
  adminKeys: string[]
  log: Log
}

export function createAuthenticator({ credentials, pool, adminKeys, log }: AuthenticatorOptions): Authenticator {
  const adminHashes = adminKeys.map(sha256)
  const keys = keyLoader(credentials)
  return {
    async authenticate(authorization, isLocal) {
      if (authorization === undefined) return { viewer: anonymous, organization: null }
      const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
      if (!token) throw refused()
      const hash = sha256(token)
      if (adminHashes.filter((expected) => timingSafeEqual(expected, hash)).length > 0) {
        return { viewer: platformAdministrator, organization: null }
      }
      const parsed = parseToken(token)
      const key = parsed ? await keys.load(parsed.keyId) : null
      if (!parsed || !key || !timingSafeEqual(parsed.secretHash, key.secretHash) || !key.isValid || (key.isLoopbackOnly && !isLocal())) {
        throw refused()
      }
      if (key.isUseStale)
        pool
          .query({ ...touch, values: [key.id] })
          .catch((error: unknown) => log.warn({ err: error }, 'the time of use of a key could not be noted'))
      return { viewer: viewerOf(key), organization: organizationOf(key) }
    },
  }
}

/**
 * The keys of requests that come together, or while others are looked up, are read in one statement. Nothing is kept: each request is
 * judged by what the database says after it came, so that a revoked key is of no use from then on. What finds every connection taken waits
 * until one is free, which the time-out of a statement bounds.
 */
function keyLoader(credentials: Queryable): DataLoader<string, KeyRow | null> {
  const load = async (ids: readonly string[]) => {
    const found = await rows<KeyRow>(credentials, keysByIds, [[...new Set(ids)]])
    const byId = new Map(found.map((key) => [key.id, key]))
    return ids.map((id) => byId.get(id) ?? null)
  }
  return jointLoader(load, { atOnce: credentialConnections, maxBatchSize: 2000 })
}

const viewerOf = ({ id, name, scopes, organizationId }: KeyRow): Viewer => ({
  kind: 'API_KEY',
  subject: id,
  label: name,
  scopes,
  organizationIds: [organizationId],
  apiKeyId: id,
  verifiedEmail: null,
})

const organizationOf = (key: KeyRow) => ({
  id: key.organizationId,
  slug: key.organizationSlug,
  name: key.organizationName,
  version: key.organizationVersion,
  createdAt: key.organizationCreatedAt,
  updatedAt: key.organizationUpdatedAt,
})

/** One answer for every reason, so that nothing can be learned about keys by trying. */
const refused = () =>
  topLevelError.unauthenticated('This key is unknown, expired or revoked. Send a valid one as "Authorization: Bearer gh_…".')

const sha256 = (text: string) => digest('sha256', text, 'buffer')
