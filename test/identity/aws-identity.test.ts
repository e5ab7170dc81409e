import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import {
  buryAwsIdentity,
  ensureAwsIdentity,
  findAwsIdentity,
  moveAwsIdentity,
  organizationsWithOtherIssuer,
  serviceAccountEmail,
} from '../../src/identity/aws-identity.ts'
import { openDatabase } from '../../src/platform/database/database.ts'
import { transaction } from '../../src/platform/database/transaction.ts'
import { createLog } from '../../src/platform/log.ts'
import { cloneDatabase } from '../support/database.ts'

const clone = await cloneDatabase()
const database = openDatabase({ url: clone.url, poolSize: 20, applicationName: 'gatehouse-test', log: createLog('silent') })
const { pool } = database
afterAll(async () => {
  await database.close()
  await clone.drop()
})

const issuer = 'https://gatehouse.example.com/eu'
let organizationId: string
let made = 0

beforeEach(async () => {
  organizationId = await newOrganization()
})

async function newOrganization(): Promise<string> {
  const id = `org_${++made}`
  await pool.query('insert into "Organization" ("id", "slug", "name") values ($1, $1, $1)', [id])
  return id
}

const ensure = (id = organizationId, newAudience?: () => string) =>
  transaction(pool, (tx) => ensureAwsIdentity(tx, { organizationId: id, issuer }, newAudience))

async function tombstones(id: string) {
  const text = 'select "organizationId", "subject", "audience" from "AwsIdentityTombstone" where "organizationId" = $1'
  return (await pool.query(text, [id])).rows
}

/** Deletes the organization as its use case does. */
async function deleteOrganization(id: string): Promise<void> {
  await transaction(pool, async (tx) => {
    await buryAwsIdentity(tx, id)
    await tx.query('delete from "Organization" where "id" = $1', [id])
  })
}

describe("an organization's identity", () => {
  test('has its own subject, and an audience of 21 digits', async () => {
    expect(await ensure()).toEqual({
      mode: 'issuer',
      googleServiceAccount: null,
      organizationId,
      issuer,
      subject: `organization:${organizationId}`,
      audience: expect.stringMatching(/^[1-9]\d{20}$/),
      createdAt: expect.any(Date),
    })
  })

  test('is made once: later calls return the same, another issuer notwithstanding', async () => {
    const first = await ensure()
    const again = await transaction(pool, (tx) => ensureAwsIdentity(tx, { organizationId, issuer: 'https://elsewhere.example.com' }))
    expect(again).toEqual(first)
    expect(await findAwsIdentity(pool, organizationId)).toEqual(first)
  })

  test('is the same for 20 calls at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => ensure()))
    expect(new Set(all.map(({ audience }) => audience)).size).toBe(1)
  })

  test('is never shared: 50 organizations have 50 audiences', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, newOrganization))
    const all = await Promise.all(ids.map((id) => ensure(id)))
    expect(new Set(all.map(({ audience }) => audience)).size).toBe(50)
  })

  test('does not exist before it is made', async () => {
    expect(await findAwsIdentity(pool, organizationId)).toBeNull()
  })

  test('goes with a transaction that fails', async () => {
    const failing = transaction(pool, async (tx) => {
      await ensureAwsIdentity(tx, { organizationId, issuer })
      throw new Error('the rest failed')
    })
    await expect(failing).rejects.toThrow('the rest failed')
    expect(await findAwsIdentity(pool, organizationId)).toBeNull()
  })

  test('draws again where the audience drawn is in use', async () => {
    const taken = await ensure(await newOrganization())
    const draws = [taken.audience, taken.audience.replace(/^./, '1').replace(/.$/, '7')]
    expect((await ensure(organizationId, () => draws.shift() ?? '')).audience).toMatch(/^1\d{19}7$/)
  })

  test('moves to the present issuer when its components are staged again, and nothing else of it changes', async () => {
    const before = await ensure()
    await transaction(pool, (tx) => moveAwsIdentity(tx, { organizationId, issuer: 'https://new.example.com' }))
    expect(await findAwsIdentity(pool, organizationId)).toEqual({ ...before, issuer: 'https://new.example.com' })
  })

  test.each([
    ['https://gatehouse.example.com', 'gatehouse.example.com'],
    ['https://gatehouse.example.com/eu', 'gatehouse.example.com'],
    ['http://127.0.0.1:4000', '127.0.0.1'],
  ])('under the issuer %s has an address at %s', (url, host) => {
    expect(serviceAccountEmail({ organizationId: 'org_1', issuer: url, googleServiceAccount: null })).toBe(`org_1@${host}`)
  })
})

test('organizations of another issuer are counted, compared byte for byte', async () => {
  await pool.query('delete from "Organization"')
  for (const url of [issuer, issuer, `${issuer}/`, 'https://gatehouse.example.com']) {
    const id = await newOrganization()
    await transaction(pool, (tx) => ensureAwsIdentity(tx, { organizationId: id, issuer: url }))
  }
  expect(await organizationsWithOtherIssuer(pool, issuer)).toBe(2)
  expect(await organizationsWithOtherIssuer(pool, 'https://other.example.com')).toBe(4)
})

describe('the identity of a deleted organization', () => {
  test('has a tombstone', async () => {
    const { subject, audience } = await ensure()
    await deleteOrganization(organizationId)
    expect(await findAwsIdentity(pool, organizationId)).toBeNull()
    expect(await tombstones(organizationId)).toEqual([{ organizationId, subject, audience }])
  })

  test('has a tombstone also where nobody thought of it', async () => {
    const { subject, audience } = await ensure()
    await pool.query('delete from "Organization" where "id" = $1', [organizationId])
    expect(await tombstones(organizationId)).toEqual([{ organizationId, subject, audience }])
  })

  test('is not buried where the deletion fails', async () => {
    await ensure()
    const failing = transaction(pool, async (tx) => {
      await buryAwsIdentity(tx, organizationId)
      throw new Error('the rest failed')
    })
    await expect(failing).rejects.toThrow('the rest failed')
    expect(await tombstones(organizationId)).toEqual([])
  })

  test('leaves no tombstone where there was none', async () => {
    await deleteOrganization(organizationId)
    expect(await tombstones(organizationId)).toEqual([])
  })

  test('never gives its audience to another: it is drawn again', async () => {
    const { audience } = await ensure()
    await deleteOrganization(organizationId)
    const draws = [audience, '987654321098765432109']
    expect((await ensure(await newOrganization(), () => draws.shift() ?? '')).audience).toBe('987654321098765432109')
  })

  test('never comes back, not even for an organization of the same id', async () => {
    await ensure()
    await deleteOrganization(organizationId)
    await pool.query('insert into "Organization" ("id", "slug", "name") values ($1, $1, $1)', [organizationId])
    await expect(ensure()).rejects.toThrow('was given out before')
  })
})

describe('the database itself', () => {
  const insert = 'insert into "AwsIdentity" ("organizationId", "mode", "issuer", "subject", "audience") values ($1, $2, $3, $4, $5)'
  const fresh = '111111111111111111111'

  test.each<[string, (buried: { audience: string; subject: string }) => unknown[], string]>([
    ['the audience of a tombstone', ({ audience }) => ['issuer', issuer, 'own', audience], 'given out before'],
    ['the subject of a tombstone', ({ subject }) => ['google', 'accounts.google.com', subject, fresh], 'given out before'],
    ["another organization's subject", () => ['issuer', issuer, 'organization:org_x', fresh], 'AwsIdentity_issuer_mode_check'],
    ["the decoy's subject", () => ['google', 'accounts.google.com', 'organization:decoy', fresh], 'AwsIdentity_decoy_check'],
    ['an audience of 20 digits', () => ['issuer', issuer, 'own', '1'.repeat(20)], 'AwsIdentity_issuer_mode_check'],
    ['an audience that begins with 0', () => ['issuer', issuer, 'own', `0${'1'.repeat(20)}`], 'AwsIdentity_issuer_mode_check'],
  ])('refuses an identity with %s', async (_what, columns, problem) => {
    const deleted = await newOrganization()
    const buried = await ensure(deleted)
    await deleteOrganization(deleted)
    const values = columns(buried).map((value) => (value === 'own' ? `organization:${organizationId}` : value))
    await expect(pool.query(insert, [organizationId, ...values])).rejects.toThrow(problem)
  })

  test('refuses an audience whose owner is being deleted at that moment', async () => {
    const deleted = await newOrganization()
    const { audience } = await ensure(deleted)
    let racing: Promise<unknown> = Promise.resolve()
    await transaction(pool, async (tx) => {
      await tx.query('delete from "Organization" where "id" = $1', [deleted])
      racing = pool
        .query(insert, [organizationId, 'issuer', issuer, `organization:${organizationId}`, audience])
        .catch((error: unknown) => error)
      // The insert must be waiting for this transaction before it commits.
      const waiting = `select count(*)::int as "count" from pg_stat_activity where "datname" = current_database() and "wait_event" = 'transactionid'`
      while ((await pool.query<{ count: number }>(waiting)).rows[0]?.count === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    })
    expect(String(await racing)).toContain('given out before')
  })

  test.each(['"subject" = \'organization:other\'', '"audience" = \'222222222222222222222\'', '"googleServiceAccount" = \'a\''])(
    'refuses to change an identity: %s',
    async (change) => {
      await ensure()
      await expect(pool.query(`update "AwsIdentity" set ${change} where "organizationId" = $1`, [organizationId])).rejects.toThrow(
        /keeps its|_check/,
      )
    },
  )

  test.each(['update "AwsIdentityTombstone" set "audience" = \'1\'', 'delete from "AwsIdentityTombstone"'])(
    'refuses: %s',
    async (change) => {
      await ensure()
      await deleteOrganization(organizationId)
      await expect(pool.query(change)).rejects.toThrow('a tombstone is never changed or removed')
    },
  )
})
