import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { AwsError } from '../errors.ts'

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() })
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) })
const maxBytes = 1_000_000

export interface IssuerKeys {
  /**
   * The keys an issuer publishes, fetched anew when older than the cache time, or when `isStale` says a token names a key that is not
   * among them. Throws IDPCommunicationError when the issuer does not answer in time or answers 5xx, else InvalidIdentityToken.
   */
  of(issuer: string, options?: { jwksUrl?: string; isStale?: boolean }): Promise<JWTVerifyGetKey>
}

interface Fetched {
  keys: Promise<JWTVerifyGetKey>
  atMs: number
}

// Real clocks here, not the emulator's: a test that jumps ahead in time still talks to a real issuer. A token with an unknown kid may
// cause a fetch a second, no more.
const refetchAfterMs = 1000

/** Remembers keys for `cacheMs`; `timeoutMs` bounds discovery and key set together; `closing` ends what is under way. */
export function createIssuerKeys({
  cacheMs,
  timeoutMs,
  closing,
}: {
  cacheMs: number
  timeoutMs: number
  closing: AbortSignal
}): IssuerKeys {
  const known = new Map<string, Fetched>()
  return {
    of(issuer, { jwksUrl, isStale = false } = {}) {
      const cached = known.get(issuer)
      const ageMs = cached ? Date.now() - cached.atMs : Number.POSITIVE_INFINITY
      if (cached && ageMs < (isStale ? Math.min(refetchAfterMs, cacheMs) : cacheMs)) return cached.keys
      const keys = fetchKeys(issuer, jwksUrl, AbortSignal.any([AbortSignal.timeout(timeoutMs), closing]))
      known.set(issuer, { keys, atMs: Date.now() })
      keys.catch(() => known.delete(issuer))
      return keys
    },
  }
}

export function noVerificationKey(): AwsError {
  // Two spaces after the comma, as AWS writes it.
  const message =
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
  return new AwsError('InvalidIdentityToken', message, 400)
}

async function fetchKeys(issuer: string, jwksUrl: string | undefined, signal: AbortSignal): Promise<JWTVerifyGetKey> {
  const url = jwksUrl ?? (await discoverKeySet(issuer, signal))
  const keys = keySet.safeParse(await fetchJson(url, signal))
  if (!keys.success) throw noVerificationKey()
  return createLocalJWKSet(keys.data)
}

async function discoverKeySet(issuer: string, signal: AbortSignal): Promise<string> {
  const found = discovery.safeParse(await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal))
  if (!found.success || found.data.issuer !== issuer) throw noVerificationKey()
  return found.data.jwks_uri
}

async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  let status: number
  let text: string
  try {
    const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } })
    status = response.status
    text = await readBounded(response)
  } catch (error) {
    if (signal.aborted) throw unreachable()
    throw error instanceof AwsError ? error : noVerificationKey()
  }
  if (status >= 500) throw unreachable()
  if (status !== 200) throw noVerificationKey()
  try {
    return JSON.parse(text)
  } catch {
    throw noVerificationKey()
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > maxBytes) throw noVerificationKey()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function unreachable(): AwsError {
  return new AwsError('IDPCommunicationError', 'Identity provider could not be reached, or did not respond in time.', 400)
}
