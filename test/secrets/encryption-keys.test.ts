import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { parseEncryptionKeys } from '../../src/secrets/encryption-keys.ts'
import { EncryptionKeysError } from '../../src/secrets/sealed-error.ts'

// A key whose base64 ends in "=", holds "/" and "+", and has unused bits in its last character.
const bytes = Buffer.from([0xfb, 0xff, ...randomBytes(30)])
const key = bytes.toString('base64')

test('the keys stand in the order they were given', () => {
  const other = randomBytes(32)
  expect(parseEncryptionKeys(`new:${other.toString('base64')}, old-1:${key}`)).toEqual([
    { id: 'new', key: other },
    { id: 'old-1', key: bytes },
  ])
})

const nextInAlphabet = (text: string) => String.fromCharCode(text.charCodeAt(0) + 1)

test.each<[string, string, string[]]>([
  ['nothing', '', ['it is empty']],
  ['white space', '  \n', ['it is empty']],
  ['a comma at the end', `k1:${key},`, ['entry 2 is empty']],
  ['a key without an id', key, ['entry 1 is not written as id:base64']],
  ['an empty id', `:${key}`, ['the id of entry 1 is not 1 to 32 letters, digits, "_" or "-"']],
  ['id and key the wrong way round', `${key}:k1`, ['the id of entry 1 is not 1 to 32 letters, digits, "_" or "-"']],
  ['a key in place of an id, unpadded', `${key.replace('=', '')}:k1`, ['the id of entry 1 is not 1 to 32 letters, digits, "_" or "-"']],
  ['no key', 'k1:', ['the key "k1" is 0 bytes long, not 32 (make one with: openssl rand -base64 32)']],
  [
    'a key of 31 bytes',
    `k1:${bytes.subarray(1).toString('base64')}`,
    ['the key "k1" is 31 bytes long, not 32 (make one with: openssl rand -base64 32)'],
  ],
  [
    'a key of 33 bytes',
    `k1:${Buffer.concat([bytes, bytes]).subarray(0, 33).toString('base64')}`,
    ['the key "k1" is 33 bytes long, not 32 (make one with: openssl rand -base64 32)'],
  ],
  ['a key in hex', `k1:${bytes.toString('hex')}`, ['the key "k1" is 48 bytes long, not 32 (make one with: openssl rand -base64 32)']],
  ['a key without its padding', `k1:${key.replace('=', '')}`, ['the key "k1" is not base64']],
  ['a key with a typing error', `k1:${key.replace(/./, '!')}`, ['the key "k1" is not base64']],
  ['a key with unused bits set', `k1:${key.replace(/.(?==)/, nextInAlphabet)}`, ['the key "k1" is not base64']],
  ['an id given twice', `k1:${key},k1:${randomBytes(32).toString('base64')}`, ['the key id "k1" is given twice']],
  [
    'several problems',
    `k1:!,${key},,k2:`,
    [
      'the key "k1" is not base64',
      'entry 2 is not written as id:base64',
      'entry 3 is empty',
      'the key "k2" is 0 bytes long, not 32 (make one with: openssl rand -base64 32)',
    ],
  ],
])('%s is refused with every problem named and no key repeated', (_what, text, problems) => {
  let error: unknown
  try {
    parseEncryptionKeys(text)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(EncryptionKeysError)
  expect(error).toHaveProperty('problems', problems)
  const printed = inspect(error, { depth: 20, showHidden: true })
  expect(printed).toContain('GATEHOUSE_ENCRYPTION_KEYS')
  for (const secret of [key, key.replace('=', ''), key.slice(2, 40), bytes.toString('hex')]) expect(printed).not.toContain(secret)
})
