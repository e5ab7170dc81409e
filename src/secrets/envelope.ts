import { TamperedError } from './sealed-error.ts'

/** The parts of a sealed record. Both boxes are nonce (12 bytes), ciphertext and tag (16 bytes). */
export interface Envelope {
  keyId: string
  wrappedKey: Buffer
  body: Buffer
}

/** Ids of encryption keys. Shorter than a key in any encoding, so that a key given in place of its id is never taken for one and printed. */
export const keyIdPattern = /^[A-Za-z0-9_-]{1,32}$/

const version = 'v1'

/** `v1.<key id>.<wrapped data key>.<body>`, the last two in base64url. */
export function encodeEnvelope({ keyId, wrappedKey, body }: Envelope): string {
  return [version, keyId, wrappedKey.toString('base64url'), body.toString('base64url')].join('.')
}

/** Throws TamperedError naming `what` for anything that encodeEnvelope does not write, down to unused bits of the base64. */
export function decodeEnvelope(sealed: string, what: string): Envelope {
  const [readVersion, keyId, wrappedKey, body, ...rest] = sealed.split('.')
  if (readVersion !== version || !keyId || !keyIdPattern.test(keyId) || !wrappedKey || !body || rest.length > 0)
    throw new TamperedError(what)
  const envelope = { keyId, wrappedKey: Buffer.from(wrappedKey, 'base64url'), body: Buffer.from(body, 'base64url') }
  // Node decodes leniently: without this, one record could be written in several ways.
  if (encodeEnvelope(envelope) !== sealed) throw new TamperedError(what)
  return envelope
}

/** The id of the key that a sealed record needs. Throws TamperedError for what is no sealed record. */
export function sealedKeyId(sealed: string): string {
  return decodeEnvelope(sealed, 'A record').keyId
}

/** SQL for the key id of a sealed column, null where the column holds none. */
export function keyIdSql(column: string): string {
  return `nullif(split_part("${column}", '.', 2), '')`
}
