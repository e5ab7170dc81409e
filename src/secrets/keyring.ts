import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { decodeEnvelope, encodeEnvelope, keyIdPattern } from './envelope.ts'
import { EncryptionKeysError, TamperedError, UnknownKeyIdError } from './sealed-error.ts'

export interface EncryptionKey {
  id: string
  /** 32 bytes. */
  key: Buffer
}

/** What a record is bound to: it opens with exactly these and nothing else. */
export interface SealContext {
  /** null for a secret of the installation itself. */
  organizationId: string | null
  recordId: string
  field: string
}

/** The encryption keys of this process. Holds them out of reach: printing or logging it shows none. */
export interface Keyring {
  /** The first one seals, all open. */
  readonly keyIds: readonly [string, ...string[]]
  /** A versioned text that names its key id. A data key of its own (AES-256-GCM), wrapped by the first key. */
  seal(plaintext: string | Buffer, context: SealContext): string
  /** Throws UnknownKeyIdError or TamperedError, both without anything of the plaintext. */
  open(sealed: string, context: SealContext): Buffer
  /** The same record under the first key; the text itself where it is so already. Throws as open does. */
  rewrap(sealed: string, context: SealContext): string
  /** What only this key reproduces, and what tells nothing about it. Throws for an id that is not in keyIds. */
  checkValue(keyId: string): string
}

/** Throws EncryptionKeysError for no key at all, keys that are not 32 bytes, ids that are malformed or given twice. */
export function createKeyring(keys: readonly EncryptionKey[]): Keyring {
  const problems = keyProblems(keys)
  const [first, ...others] = keys.map(({ id }) => id)
  if (first === undefined || problems.length > 0) throw new EncryptionKeysError(problems)
  const byId = new Map(keys.map(({ id, key }) => [id, createSecretKey(key)]))

  const wrappingKey = (keyId: string, context: SealContext): KeyObject => {
    const key = byId.get(keyId)
    if (!key) throw new UnknownKeyIdError(keyId, describe(context))
    return key
  }
  const wrap = (dataKey: Buffer, context: SealContext) =>
    encrypt(wrappingKey(first, context), dataKey, associatedData('key', context, first))
  const unwrap = (keyId: string, wrappedKey: Buffer, context: SealContext) =>
    decrypt(wrappingKey(keyId, context), wrappedKey, associatedData('key', context, keyId), context)

  return {
    keyIds: [first, ...others],
    seal(plaintext, context) {
      const dataKey = randomBytes(32)
      const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext
      const body = encrypt(createSecretKey(dataKey), bytes, associatedData('record', context))
      return encodeEnvelope({ keyId: first, wrappedKey: wrap(dataKey, context), body })
    },
    open(sealed, context) {
      const { keyId, wrappedKey, body } = decodeEnvelope(sealed, describe(context))
      const dataKey = unwrap(keyId, wrappedKey, context)
      return decrypt(createSecretKey(dataKey), body, associatedData('record', context), context)
    },
    rewrap(sealed, context) {
      const { keyId, wrappedKey, body } = decodeEnvelope(sealed, describe(context))
      if (keyId === first) return sealed
      return encodeEnvelope({ keyId: first, wrappedKey: wrap(unwrap(keyId, wrappedKey, context), context), body })
    },
    checkValue(keyId) {
      const key = byId.get(keyId)
      if (!key) throw new UnknownKeyIdError(keyId, 'The check value')
      return createHmac('sha256', key).update(`gatehouse.encryption-key-check.v1:${keyId}`).digest('base64url')
    },
  }
}

function keyProblems(keys: readonly EncryptionKey[]): string[] {
  const ids = keys.map(({ id }) => id)
  return [
    ...(keys.length === 0 ? ['there is none'] : []),
    ...keys.flatMap(({ id, key }, index) => {
      if (!keyIdPattern.test(id)) return [`the id of key ${index + 1} is not 1 to 32 letters, digits, "_" or "-"`]
      if (ids.indexOf(id) !== index) return [`the key id "${id}" is given twice`]
      return key.length === 32 ? [] : [`the key "${id}" is ${key.length} bytes long, not 32`]
    }),
  ]
}

/** JSON of an array: no two contexts have the same bytes, whatever characters an id holds. */
function associatedData(part: 'key' | 'record', { organizationId, recordId, field }: SealContext, keyId?: string): Buffer {
  return Buffer.from(JSON.stringify(['gatehouse.v1', part, organizationId, recordId, field, ...(keyId === undefined ? [] : [keyId])]))
}

function describe({ recordId, field }: SealContext): string {
  return `The sealed ${field} of ${recordId}`
}

const nonceBytes = 12
const tagBytes = 16

function encrypt(key: KeyObject, plaintext: Buffer, aad: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(aad)
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

function decrypt(key: KeyObject, box: Buffer, aad: Buffer, context: SealContext): Buffer {
  if (box.length < nonceBytes + tagBytes) throw new TamperedError(describe(context))
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(aad).setAuthTag(box.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(box.subarray(nonceBytes, -tagBytes)), decipher.final()])
  } catch {
    throw new TamperedError(describe(context))
  }
}
