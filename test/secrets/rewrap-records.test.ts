import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../src/platform/database/database.ts'
import { createLog } from '../../src/platform/log.ts'
import type { Queryable } from '../../src/platform/statement.ts'
import { checkKeyring } from '../../src/secrets/check-keyring.ts'
import { sealedKeyId } from '../../src/secrets/envelope.ts'
import { createKeyring } from '../../src/secrets/keyring.ts'
import { rewrapRecords } from '../../src/secrets/rewrap-records.ts'
import { type SealedColumn, sealContext, sealedColumns } from '../../src/secrets/sealed-columns.ts'
import { cloneDatabase } from '../support/database.ts'

const clone = await cloneDatabase()
const database = openDatabase({ url: clone.url, poolSize: 20, applicationName: 'gatehouse-test', log: createLog('silent') })
const { pool } = database
afterAll(async () => {
  await database.close()
  await clone.drop()
})

// A tenant's table, as later ones will be.
const tenantColumn: SealedColumn = { table: 'TenantSecret', column: 'sealed', idColumn: 'id', organizationColumn: 'organizationId' }
const columns = [...Object.values(sealedColumns), tenantColumn]

const k1 = { id: 'k1', key: randomBytes(32) }
const k2 = { id: 'k2', key: randomBytes(32) }
const old = createKeyring([k1])
const both = createKeyring([k2, k1])
const count = 450

beforeEach(async () => {
  await pool.query('drop table if exists "TenantSecret"')
  await pool.query('create table "TenantSecret" ("id" text primary key, "organizationId" text not null, "sealed" text)')
  await pool.query('delete from "PlatformSecret"')
  const cursor = old.seal('cursor key', sealContext(sealedColumns.platformSecret, 'cursor'))
  await pool.query('insert into "PlatformSecret" ("name", "sealed") values ($1, $2)', ['cursor', cursor])
  const ids = Array.from({ length: count }, (_, index) => `cred_${String(index).padStart(4, '0')}`)
  const sealed = ids.map((id, index) => old.seal(`secret of ${id}`, sealContext(tenantColumn, id, `org_${index % 3}`)))
  const organizations = ids.map((_, index) => `org_${index % 3}`)
  await pool.query('insert into "TenantSecret" select * from unnest($1::text[], $2::text[], $3::text[])', [ids, organizations, sealed])
  await pool.query('insert into "TenantSecret" values ($1, $2, null)', ['cred_none', 'org_0'])
})

async function tenantSecrets() {
  const text = 'select "id", "organizationId", "sealed" from "TenantSecret" where "sealed" is not null order by "id"'
  return (await pool.query<{ id: string; organizationId: string; sealed: string }>(text)).rows
}

test('rotation brings every record under the first key, after which the old key can go', async () => {
  expect(await rewrapRecords(pool, both, columns)).toEqual({ rewrapped: count + 1, failed: [] })
  const alone = createKeyring([k2])
  for (const { id, organizationId, sealed } of await tenantSecrets()) {
    expect(alone.open(sealed, sealContext(tenantColumn, id, organizationId)).toString()).toBe(`secret of ${id}`)
  }
  await checkKeyring(pool, alone, columns)
  expect(await rewrapRecords(pool, both, columns)).toEqual({ rewrapped: 0, failed: [] })
})

test('rotation that was cut off can be resumed: it does the rest and nothing twice', async () => {
  let updates = 0
  const cutOff: Queryable = {
    query: (config) => {
      if (config.text.startsWith('update') && ++updates > 300) throw new Error('the connection is gone')
      return pool.query(config)
    },
  }
  await expect(rewrapRecords(cutOff, both, columns)).rejects.toThrow('the connection is gone')
  const done = (await tenantSecrets()).filter(({ sealed }) => sealedKeyId(sealed) === 'k2')
  expect(done.length).toBe(299)
  expect(await rewrapRecords(pool, both, columns)).toEqual({ rewrapped: count - 299, failed: [] })
  expect((await tenantSecrets()).slice(0, 299)).toEqual(done)
})

test('a record that does not open stays as it is, is named, and stops no other', async () => {
  const [first] = await tenantSecrets()
  await pool.query('update "TenantSecret" set "organizationId" = $1 where "id" = $2', ['org_stranger', first?.id])
  const result = await rewrapRecords(pool, both, columns)
  expect(result.rewrapped).toBe(count)
  expect(result.failed).toMatchObject([{ field: 'TenantSecret.sealed', recordId: first?.id }])
  expect(inspect(result)).not.toContain('secret of')
  expect((await tenantSecrets())[0]?.sealed).toBe(first?.sealed)
})

test('a record written anew while rotation runs keeps what was written', async () => {
  const [first] = await tenantSecrets()
  const written = both.seal('a new secret', sealContext(tenantColumn, first!.id, first!.organizationId))
  const raced: Queryable = {
    query: async (config) => {
      if (config.text.startsWith('update') && config.values[0] === first?.id) {
        await pool.query('update "TenantSecret" set "sealed" = $1 where "id" = $2', [written, first?.id])
      }
      return pool.query(config)
    },
  }
  expect((await rewrapRecords(raced, both, columns)).rewrapped).toBe(count)
  expect((await tenantSecrets())[0]?.sealed).toBe(written)
})
