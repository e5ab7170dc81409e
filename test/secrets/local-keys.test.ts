import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseEncryptionKeys } from '../../src/secrets/encryption-keys.ts'
import { createKeyring } from '../../src/secrets/keyring.ts'
import { loadOrCreateLocalKeys } from '../../src/secrets/local-keys.ts'

let parent: string
let dataDir: string

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'))
  dataDir = join(parent, 'data')
})
afterEach(() => rm(parent, { recursive: true }))

test('the first call makes usable keys, in files that only their owner reads', async () => {
  const keys = await loadOrCreateLocalKeys(dataDir)
  expect(keys.created).toBe(true)
  expect(createKeyring(parseEncryptionKeys(keys.encryptionKeys)).keyIds).toHaveLength(1)
  expect(keys.adminKey).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(keys.adminKeyPath).toBe(join(dataDir, 'admin-key'))
  expect(await readFile(keys.adminKeyPath, 'utf8')).toBe(`${keys.adminKey}\n`)
  for (const name of await readdir(dataDir)) expect((await stat(join(dataDir, name))).mode & 0o777, name).toBe(0o600)
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
})

test('later calls read the same keys and change nothing', async () => {
  const first = await loadOrCreateLocalKeys(dataDir)
  const before = await Promise.all((await readdir(dataDir)).map(async (name) => [name, (await stat(join(dataDir, name))).mtimeMs]))
  expect(await loadOrCreateLocalKeys(dataDir)).toEqual({ ...first, created: false })
  expect(await Promise.all((await readdir(dataDir)).map(async (name) => [name, (await stat(join(dataDir, name))).mtimeMs]))).toEqual(before)
})

test('20 calls at once agree, and leave nothing but the two files', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateLocalKeys(dataDir)))
  expect(new Set(all.map(({ encryptionKeys }) => encryptionKeys)).size).toBe(1)
  expect(new Set(all.map(({ adminKey }) => adminKey)).size).toBe(1)
  // One made each file.
  expect([1, 2]).toContain(all.filter(({ created }) => created).length)
  expect((await readdir(dataDir)).sort()).toEqual(['admin-key', 'encryption-keys'])
})

test('two installations have different keys and key ids', async () => {
  const [one, two] = [await loadOrCreateLocalKeys(dataDir), await loadOrCreateLocalKeys(join(parent, 'other'))]
  expect(one.adminKey).not.toBe(two.adminKey)
  expect(one.encryptionKeys.split(':')[0]).not.toBe(two.encryptionKeys.split(':')[0])
  expect(one.encryptionKeys.split(':')[1]).not.toBe(two.encryptionKeys.split(':')[1])
})

test('a file that is there is never overwritten: only the missing one is made', async () => {
  await loadOrCreateLocalKeys(dataDir)
  const own = 'an-administrator-key-of-the-operators-own-choice'
  await writeFile(join(dataDir, 'admin-key'), own)
  await rm(join(dataDir, 'encryption-keys'))
  expect(await loadOrCreateLocalKeys(dataDir)).toMatchObject({ adminKey: own, created: true })
  expect(await readFile(join(dataDir, 'admin-key'), 'utf8')).toBe(own)
})

test('a file that others could read is closed to them', async () => {
  await loadOrCreateLocalKeys(dataDir)
  await chmod(join(dataDir, 'encryption-keys'), 0o644)
  await loadOrCreateLocalKeys(dataDir)
  expect((await stat(join(dataDir, 'encryption-keys'))).mode & 0o777).toBe(0o600)
})

test.each([
  ['encryption-keys', '', 'is empty'],
  ['encryption-keys', ' \n', 'is empty'],
  ['admin-key', '', 'is empty'],
  ['admin-key', 'short-key\n', 'at least 32 characters'],
])('%s holding %j is refused by its path, not replaced', async (name, content, problem) => {
  await loadOrCreateLocalKeys(dataDir)
  const path = join(dataDir, name)
  await writeFile(path, content)
  await expect(loadOrCreateLocalKeys(dataDir)).rejects.toThrow(problem)
  await expect(loadOrCreateLocalKeys(dataDir)).rejects.toThrow(path)
  expect(await readFile(path, 'utf8')).toBe(content)
})

test('a data directory that cannot be made is an error that names it', async () => {
  await writeFile(dataDir, 'a file')
  await expect(loadOrCreateLocalKeys(dataDir)).rejects.toThrow(dataDir)
})
