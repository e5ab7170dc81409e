import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sealedKeyId } from '../../src/secrets/envelope.ts'
import { createKeyring, type SealContext } from '../../src/secrets/keyring.ts'
import { EncryptionKeysError, TamperedError, UnknownKeyIdError } from '../../src/secrets/sealed-error.ts'

const oldKey = { id: 'k1', key: randomBytes(32) }
const newKey = { id: 'k2', key: randomBytes(32) }
const keyring = createKeyring([oldKey])
const context: SealContext = { organizationId: 'org_a', recordId: 'cred_1', field: 'AwsCredential.secret' }
const plaintext = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return expect.fail('nothing was thrown')
}

describe('a sealed record', () => {
  test('opens to any bytes it was sealed with, under any context', () => {
    const anyContext = fc.record({ organizationId: fc.option(fc.string()), recordId: fc.string(), field: fc.string() })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), anyContext, (bytes, somewhere) => {
        expect(keyring.open(keyring.seal(Buffer.from(bytes), somewhere), somewhere)).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 200 },
    )
  })

  test('opens to the text it was sealed with', () => {
    expect(keyring.open(keyring.seal('schlüssel 🗝', context), context).toString('utf8')).toBe('schlüssel 🗝')
  })

  test('names its key id and holds nothing of the plaintext', () => {
    const sealed = keyring.seal(plaintext, context)
    expect(sealedKeyId(sealed)).toBe('k1')
    expect(sealed).toMatch(/^v1\.k1\.[A-Za-z0-9_-]{80}\.[A-Za-z0-9_-]+$/)
    expect(sealed).not.toContain(plaintext)
    expect(Buffer.from(sealed.split('.')[3] ?? '', 'base64url').includes(plaintext)).toBe(false)
  })

  test('has a data key and nonces of its own: the same plaintext never seals to the same parts', () => {
    const parts = Array.from({ length: 50 }, () => keyring.seal(plaintext, context).split('.').slice(2)).flat()
    const nonces = parts.map((part) => part.slice(0, 16))
    expect(new Set(parts).size).toBe(100)
    expect(new Set(nonces).size).toBe(100)
  })

  test.each<[string, SealContext, SealContext]>([
    ['another organization', context, { ...context, organizationId: 'org_b' }],
    ['no organization', context, { ...context, organizationId: null }],
    ['an organization, from none', { ...context, organizationId: null }, context],
    ['an organization named like the lack of one', { ...context, organizationId: null }, { ...context, organizationId: 'null' }],
    ['an organization without a name, from none', { ...context, organizationId: null }, { ...context, organizationId: '' }],
    ['another record', context, { ...context, recordId: 'cred_2' }],
    ['another field', context, { ...context, field: 'AwsCredential.accountName' }],
    ['the same characters split otherwise', context, { ...context, organizationId: 'org_', recordId: 'acred_1' }],
    ['the same characters split otherwise again', context, { ...context, recordId: 'cred_', field: '1AwsCredential.secret' }],
    ['parts that hold separators', { ...context, recordId: 'a', field: 'b","c' }, { ...context, recordId: 'a","b', field: 'c' }],
  ])('moved to %s does not open, nor is it rewrapped', (_where, home, elsewhere) => {
    const sealed = keyring.seal(plaintext, home)
    expect(keyring.open(sealed, home).toString()).toBe(plaintext)
    expect(thrownBy(() => keyring.open(sealed, elsewhere))).toBeInstanceOf(TamperedError)
    expect(thrownBy(() => createKeyring([newKey, oldKey]).rewrap(sealed, elsewhere))).toBeInstanceOf(TamperedError)
  })

  test('with any one bit of its text flipped does not open', () => {
    const sealed = Buffer.from(keyring.seal(plaintext, context), 'latin1')
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = Buffer.from(sealed)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      const error = thrownBy(() => keyring.open(flipped.toString('latin1'), context))
      expect(error instanceof TamperedError || error instanceof UnknownKeyIdError, `bit ${bit}: ${error}`).toBe(true)
    }
  })

  test.each([2, 3])('with any one bit of its bytes flipped does not open (part %i)', (part) => {
    const parts = keyring.seal(plaintext, context).split('.')
    const bytes = Buffer.from(parts[part] ?? '', 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      const changed = parts.with(part, flipped.toString('base64url')).join('.')
      expect(
        thrownBy(() => keyring.open(changed, context)),
        `bit ${bit}`,
      ).toBeInstanceOf(TamperedError)
    }
  })

  test('with the body of another record of the same field does not open', () => {
    const [version, id, wrapped] = keyring.seal('one', context).split('.')
    const body = keyring.seal('two', context).split('.')[3]
    expect(thrownBy(() => keyring.open([version, id, wrapped, body].join('.'), context))).toBeInstanceOf(TamperedError)
  })

  test('under a key id that is not given fails closed and says which', () => {
    const sealed = createKeyring([newKey]).seal(plaintext, context)
    const error = thrownBy(() => keyring.open(sealed, context))
    expect(error).toBeInstanceOf(UnknownKeyIdError)
    expect(error).toHaveProperty('keyId', 'k2')
    expect(thrownBy(() => keyring.rewrap(sealed, context))).toBeInstanceOf(UnknownKeyIdError)
  })

  test('under the right id but another key does not open', () => {
    const impostor = createKeyring([{ id: 'k1', key: randomBytes(32) }])
    expect(thrownBy(() => impostor.open(keyring.seal(plaintext, context), context))).toBeInstanceOf(TamperedError)
  })

  const sealed = keyring.seal(plaintext, context)
  test.each([
    ['nothing', ''],
    ['the plaintext itself', plaintext],
    ['another version', sealed.replace('v1.', 'v2.')],
    ['a part too many', `${sealed}.`],
    ['a part too few', sealed.slice(0, sealed.lastIndexOf('.'))],
    ['no body', sealed.slice(0, sealed.lastIndexOf('.') + 1)],
    ['a body shorter than nonce and tag', sealed.slice(0, sealed.lastIndexOf('.') + 9)],
    ['padding', `${sealed}=`],
    ['white space', `${sealed}\n`],
    ['the other base64 alphabet', sealed.replace(/[^.]+$/, (body) => Buffer.from(body, 'base64url').toString('base64'))],
    ['a key id that is none', sealed.replace('.k1.', '.k 1.')],
  ])('written with %s does not open', (_how, text) => {
    expect(thrownBy(() => keyring.open(text, context))).toBeInstanceOf(TamperedError)
  })
})

describe('rotation', () => {
  test('a rewrapped record opens with the first key alone, to the same plaintext', () => {
    const rewrapped = createKeyring([newKey, oldKey]).rewrap(keyring.seal(plaintext, context), context)
    expect(sealedKeyId(rewrapped)).toBe('k2')
    expect(createKeyring([newKey]).open(rewrapped, context).toString()).toBe(plaintext)
  })

  test('a record under the first key stays as it is', () => {
    const sealed = keyring.seal(plaintext, context)
    expect(createKeyring([oldKey, newKey]).rewrap(sealed, context)).toBe(sealed)
  })

  test('records sealed before a new first key still open', () => {
    expect(createKeyring([newKey, oldKey]).open(keyring.seal(plaintext, context), context).toString()).toBe(plaintext)
  })
})

describe('nothing secret is shown', () => {
  test('by what an error prints', () => {
    const sealed = keyring.seal(plaintext, context)
    const errors = [
      thrownBy(() => keyring.open(plaintext, context)),
      thrownBy(() => keyring.open(`v1.k1.${plaintext}.x`, context)),
      thrownBy(() => sealedKeyId(plaintext)),
      thrownBy(() => keyring.open(sealed, { ...context, recordId: 'cred_2' })),
      thrownBy(() => createKeyring([newKey]).open(sealed, context)),
      thrownBy(() => createKeyring([oldKey, { id: plaintext, key: newKey.key }])),
      thrownBy(() => createKeyring([oldKey, { id: 'k2', key: newKey.key.subarray(1) }])),
    ]
    for (const error of errors) {
      const printed = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error) + String(error)
      for (const secret of [plaintext, ...[oldKey.key, newKey.key].flatMap((key) => [key.toString('base64'), key.toString('hex')])]) {
        expect(printed).not.toContain(secret)
      }
    }
  })

  test('by a keyring that is printed', () => {
    const printed = inspect(keyring, { depth: 20, showHidden: true }) + JSON.stringify(keyring)
    for (const encoding of ['base64', 'hex'] as const) expect(printed).not.toContain(oldKey.key.toString(encoding))
    expect(printed).not.toContain(inspect(oldKey.key).slice(8, 30))
  })

  test('by the check value, which no other key and no other id reproduces', () => {
    const values = [
      keyring.checkValue('k1'),
      createKeyring([{ ...oldKey, id: 'k2' }]).checkValue('k2'),
      createKeyring([{ ...newKey, id: 'k1' }]).checkValue('k1'),
    ]
    expect(new Set(values).size).toBe(3)
    expect(createKeyring([newKey, { id: 'k1', key: Buffer.from(oldKey.key) }]).checkValue('k1')).toBe(values[0])
    expect(values[0]).not.toBe(oldKey.key.toString('base64url'))
  })
})

test.each([
  ['there is no key', [], 'there is none'],
  ['a key is short', [{ id: 'k1', key: randomBytes(16) }], 'the key "k1" is 16 bytes long, not 32'],
  ['an id is given twice', [oldKey, { id: 'k1', key: newKey.key }], 'the key id "k1" is given twice'],
  ['an id holds a separator', [{ id: 'k.1', key: oldKey.key }], 'the id of key 1 is not 1 to 32 letters, digits, "_" or "-"'],
])('a keyring is refused where %s', (_why, keys, problem) => {
  const error = thrownBy(() => createKeyring(keys))
  expect(error).toBeInstanceOf(EncryptionKeysError)
  expect(error).toHaveProperty('problems', [problem])
})
