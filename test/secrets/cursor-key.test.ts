import { randomBytes } from 'node:crypto'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../src/platform/database/database.ts'
import { createLog } from '../../src/platform/log.ts'
import type { Queryable } from '../../src/platform/statement.ts'
import { cursorKey } from '../../src/secrets/cursor-key.ts'
import { createKeyring } from '../../src/secrets/keyring.ts'
import { TamperedError, UnknownKeyIdError } from '../../src/secrets/sealed-error.ts'
import { cloneDatabase } from '../support/database.ts'

const clone = await cloneDatabase()
const database = openDatabase({ url: clone.url, poolSize: 20, applicationName: 'gatehouse-test', log: createLog('silent') })
const { pool } = database
afterAll(async () => {
  await database.close()
  await clone.drop()
})

beforeEach(async () => {
  await pool.query('delete from "PlatformSecret"')
})

const key = { id: 'k1', key: randomBytes(32) }

/** Lets nobody write before all 20 have found nothing. */
let reads = 0
let openGate: () => void
const gate = new Promise<void>((resolve) => {
  openGate = resolve
})
const allReadFirst: Queryable = {
  query: async (config) => {
    const result = await pool.query(config)
    if (config.text.startsWith('select') && ++reads <= 20) {
      if (reads === 20) openGate()
      await gate
    }
    return result
  },
}

test('20 processes that start at once agree on one key of 32 bytes', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, () => cursorKey(allReadFirst, createKeyring([key]))))
  expect(new Set(keys.map((each) => each.toString('hex'))).size).toBe(1)
  expect(keys[0]).toHaveLength(32)
  expect(await cursorKey(pool, createKeyring([key]))).toEqual(keys[0])
})

test('the key lies in the database sealed, never as it is', async () => {
  const cursor = await cursorKey(pool, createKeyring([key]))
  const { rows } = await pool.query<{ row: string }>('select row_to_json(s)::text as "row" from "PlatformSecret" s')
  expect(rows).toHaveLength(1)
  for (const encoding of ['hex', 'base64', 'base64url'] as const) expect(rows[0]?.row).not.toContain(cursor.toString(encoding))
})

test('without its encryption key it fails closed: it is not replaced', async () => {
  const cursor = await cursorKey(pool, createKeyring([key]))
  await expect(cursorKey(pool, createKeyring([{ id: 'k2', key: randomBytes(32) }]))).rejects.toBeInstanceOf(UnknownKeyIdError)
  await expect(cursorKey(pool, createKeyring([{ id: 'k1', key: randomBytes(32) }]))).rejects.toBeInstanceOf(TamperedError)
  expect(await cursorKey(pool, createKeyring([key]))).toEqual(cursor)
})
