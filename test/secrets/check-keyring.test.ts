import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../src/platform/database/database.ts'
import { createLog } from '../../src/platform/log.ts'
import { checkKeyring } from '../../src/secrets/check-keyring.ts'
import { createKeyring, type EncryptionKey } from '../../src/secrets/keyring.ts'
import { sealContext, sealedColumns } from '../../src/secrets/sealed-columns.ts'
import { EncryptionKeysError } from '../../src/secrets/sealed-error.ts'
import { cloneDatabase } from '../support/database.ts'

const clone = await cloneDatabase()
const database = openDatabase({ url: clone.url, poolSize: 20, applicationName: 'gatehouse-test', log: createLog('silent') })
const { pool } = database
afterAll(async () => {
  await database.close()
  await clone.drop()
})

beforeEach(async () => {
  for (const table of ['EncryptionKey', 'PlatformSecret', 'SigningKey']) await pool.query(`delete from "${table}"`)
})

const k1 = { id: 'k1', key: randomBytes(32) }
const k2 = { id: 'k2', key: randomBytes(32) }
const otherK1 = { id: 'k1', key: randomBytes(32) }

async function recordedIds(): Promise<string[]> {
  return (await pool.query<{ id: string }>('select "id" from "EncryptionKey" order by "id"')).rows.map(({ id }) => id)
}

async function storeSecret(name: string, sealed: string): Promise<void> {
  await pool.query('insert into "PlatformSecret" ("name", "sealed") values ($1, $2)', [name, sealed])
}

async function storeSealed(key: EncryptionKey, name: string): Promise<void> {
  await storeSecret(name, createKeyring([key]).seal('x', sealContext(sealedColumns.platformSecret, name)))
}

async function storeSigningKey(key: EncryptionKey, kid: string): Promise<void> {
  const sealed = createKeyring([key]).seal('x', sealContext(sealedColumns.signingKey, kid))
  await pool.query('insert into "SigningKey" ("kid", "publicJwk", "sealedPrivate", "signsFrom") values ($1, $2, $3, now())', [
    kid,
    '{}',
    sealed,
  ])
}

test.each<[string, () => Promise<unknown>, EncryptionKey[], string[]]>([
  ['an empty database', async () => {}, [k2, k1], ['k1', 'k2']],
  ['the same keys as before', () => checkKeyring(pool, createKeyring([k1])), [k1], ['k1']],
  [
    'a new first key beside the one in use',
    () => checkKeyring(pool, createKeyring([k1])).then(() => storeSealed(k1, 'a')),
    [k2, k1],
    ['k1', 'k2'],
  ],
  ['the keys in another order', () => checkKeyring(pool, createKeyring([k1, k2])).then(() => storeSealed(k1, 'a')), [k2, k1], ['k1', 'k2']],
  [
    'a key gone that no record uses',
    () => checkKeyring(pool, createKeyring([k1, k2])).then(() => storeSealed(k2, 'a')),
    [k2],
    ['k1', 'k2'],
  ],
])('%s: the start goes on, and every key id is recorded', async (_when, before, keys, recorded) => {
  await before()
  await checkKeyring(pool, createKeyring(keys))
  expect(await recordedIds()).toEqual(recorded)
})

test.each<[string, () => Promise<unknown>, EncryptionKey[], string[]]>([
  [
    'a record of PlatformSecret needs a key that is missing',
    () => storeSealed(k1, 'a'),
    [k2],
    ['the key "k1" is missing, but 1 of the PlatformSecret records need it'],
  ],
  [
    'a record of SigningKey needs a key that is missing',
    () => storeSigningKey(k1, 'a'),
    [k2],
    ['the key "k1" is missing, but 1 of the SigningKey records need it'],
  ],
  [
    'only some records need a key that is missing',
    async () => {
      for (const name of ['a', 'b']) await storeSealed(k1, name)
      await storeSealed(k2, 'c')
    },
    [k2],
    ['the key "k1" is missing, but 2 of the PlatformSecret records need it'],
  ],
  [
    'the id in use stands for another key',
    () => checkKeyring(pool, createKeyring([k1])).then(() => storeSealed(k1, 'a')),
    [otherK1],
    ['the key "k1" is another key than the one recorded under this id'],
  ],
  [
    'an id that no record uses yet stands for another key',
    () => checkKeyring(pool, createKeyring([k1])),
    [k2, otherK1],
    ['the key "k1" is another key than the one recorded under this id'],
  ],
  [
    'a record is no sealed record',
    () => storeSecret('a', 'the plaintext by mistake'),
    [k1],
    ['no key id can be read, but 1 of the PlatformSecret records are not readable'],
  ],
  [
    'several things are wrong at once',
    () =>
      checkKeyring(pool, createKeyring([k1]))
        .then(() => storeSealed(k2, 'a'))
        .then(() => storeSigningKey(k2, 'b')),
    [otherK1],
    [
      'the key "k1" is another key than the one recorded under this id',
      'the key "k2" is missing, but 1 of the SigningKey records need it',
      'the key "k2" is missing, but 1 of the PlatformSecret records need it',
    ],
  ],
])('%s: the start is refused with one message, and nothing is recorded', async (_when, before, keys, problems) => {
  await before()
  const recorded = await recordedIds()
  const error = await checkKeyring(pool, createKeyring(keys)).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(EncryptionKeysError)
  expect(error).toHaveProperty('problems', problems)
  const printed = inspect(error, { depth: 20, showHidden: true })
  expect(printed).not.toContain('the plaintext by mistake')
  for (const { key } of keys) expect(printed).not.toContain(key.toString('base64'))
  expect(await recordedIds()).toEqual(recorded)
})

test('20 processes that start at once with the same keys all go on', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, index) => checkKeyring(pool, createKeyring(index % 2 === 0 ? [k1, k2] : [k2, k1]))))
  expect(await recordedIds()).toEqual(['k1', 'k2'])
})

test('of processes that start at once with different keys under one id, those with one of the keys go on', async () => {
  const keys = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? k1 : otherK1))
  const outcomes = await Promise.allSettled(keys.map((key) => checkKeyring(pool, createKeyring([key]))))
  const wentOn = new Set(keys.filter((_, index) => outcomes[index]?.status === 'fulfilled'))
  expect(wentOn.size).toBe(1)
})
