import { hash, randomBytes } from 'node:crypto'

/** `gh_<key id>_<secret>`: the id finds the row, the secret (256 bits, hexadecimal) is compared by its hash. */
const form = /^gh_(key_[0-9a-z]{26})_([0-9a-f]{64})$/

/** A fresh secret for a key id: the token to hand out once, and what is kept of it. */
export function issueToken(keyId: string): { token: string; secretHash: Uint8Array<ArrayBuffer>; prefix: string } {
  const secret = randomBytes(32).toString('hex')
  return { token: `gh_${keyId}_${secret}`, secretHash: hashSecret(secret), prefix: `gh_${keyId}_${secret.slice(0, 4)}` }
}

/** The parts of a token, or null for anything that is not one. */
export function parseToken(token: string): { keyId: string; secretHash: Buffer } | null {
  const [, keyId, secret] = form.exec(token) ?? []
  return keyId && secret ? { keyId, secretHash: Buffer.from(hashSecret(secret)) } : null
}

/** One SHA-256 is enough: the secret is random, so there is nothing to guess slowly. */
function hashSecret(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash('sha256', secret, 'buffer'))
}
