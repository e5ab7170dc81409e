import type { CryptoKey } from 'jose'

/** The public part of a signing key, with exactly the members a JWKS shows. */
export interface PublicJwk {
  kty: 'RSA'
  n: string
  e: string
  alg: 'RS256'
  use: 'sig'
  kid: string
}

/** When a key is seen and used: published from createdAt, signing from signsFrom until retiredAt, out of the JWKS at publishedUntil. */
export interface KeyTimes {
  kid: string
  createdAt: Date
  signsFrom: Date
  /** null: until another key takes over. */
  retiredAt: Date | null
  publishedUntil: Date | null
}

export interface SigningKey extends KeyTimes {
  publicJwk: PublicJwk
  privateKey: CryptoKey
}

const hourMs = 3_600_000

/** How long a key is published before it signs, and after it stopped: longer than anyone caches a JWKS. */
export const publishedAroundMs = 24 * hourMs
/** The age at which the signing key is replaced without being asked. */
export const rotatedAfterMs = 90 * 24 * hourMs

/** The keys that stand in the JWKS at that time. */
export function publishedKeys<Key extends KeyTimes>(keys: readonly Key[], at: Date): Key[] {
  return keys.filter(({ publishedUntil }) => publishedUntil === null || publishedUntil > at)
}

/** The key that signs at that time: the newest whose turn has come. Undefined only where there is none at all. */
export function signingKey<Key extends KeyTimes>(keys: readonly Key[], at: Date): Key | undefined {
  const notRetired = keys
    .filter(({ retiredAt }) => retiredAt === null || retiredAt > at)
    .sort((a, b) => a.signsFrom.getTime() - b.signsFrom.getTime())
  // The first key signs at once, also in a process whose clock is behind that of the one which made it.
  return notRetired.findLast(({ signsFrom }) => signsFrom <= at) ?? notRetired[0]
}

/** The key that is published and waits for its turn. */
export function waitingKey<Key extends KeyTimes>(keys: readonly Key[], at: Date): Key | undefined {
  return keys.find(({ signsFrom, retiredAt }) => signsFrom > at && (retiredAt === null || retiredAt > at))
}

/** Whether the signing key is old enough to be replaced and no other waits. */
export function isRotationDue(keys: readonly KeyTimes[], at: Date): boolean {
  const signing = signingKey(keys, at)
  return signing !== undefined && !waitingKey(keys, at) && at.getTime() - signing.signsFrom.getTime() >= rotatedAfterMs
}
