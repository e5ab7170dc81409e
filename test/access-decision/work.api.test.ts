import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillOrganization, idAt } from '../../bench/organization-data.ts'
import { readFacts } from '../../src/access-decision/access-facts.loader.ts'
import { factsOf } from '../../src/access-decision/access-facts.ts'
import { shippedPermissionGroups } from '../../src/permission-group/permission-groups.ts'
import type { Queryable } from '../../src/platform/statement.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { rowsLookedAt } from '../support/plans.ts'

const shape = { members: 400, groups: 400, policiesPerGroup: 10, groupsPerMember: 5, resourceGroups: 400, accounts: 200 }
const base = 3_000_000
const organizationId = idAt('org', base, 0)

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
  const { pool } = app.booted.services.db
  await pool.query('insert into "Organization" ("id", "slug", "name") values ($1, $2, $2)', [organizationId, 'large'])
  const client = new pg.Client(pool.options.connectionString)
  await client.connect()
  await fillOrganization(client, organizationId, base, shape)
  await client.query('analyze')
  await client.end()
}, 60_000)
afterAll(() => app?.close())

const asked = Array.from({ length: 200 }, (_, i) => ({
  organizationId,
  memberId: idAt('mem', base, i),
  key: `awsAccount.${String(i).padStart(12, '0')}`,
}))
const request = { asked, permissionGroupIds: shippedPermissionGroups.map(({ id }) => id) }

test.each(['force_custom_plan', 'force_generic_plan'] as const)(
  'what decides 200 questions is found by looking at what concerns them, however large the organization (%s)',
  async (planning) => {
    const client = await app.booted.services.db.pool.connect()
    let looked = 0
    const explaining: Queryable = {
      async query({ text, values }) {
        looked = await rowsLookedAt(client, { text, values }, planning)
        return client.query({ text, values })
      },
    }
    try {
      const found = await readFacts(explaining, { ...request, limit: 10_000 })
      expect(found.length).toBeGreaterThan(10)
    } finally {
      client.release()
    }
    // Each step looks at a few rows for each group of each question; to compare them all with one another would be millions.
    expect(looked).toBeLessThan(asked.length * shape.groupsPerMember * 20)
  },
)

test('questions that rest on more than fits into an answer are refused, not decided on a half of it', async () => {
  const { pool } = app.booted.services.db
  const { length } = await readFacts(pool, { ...request, limit: 10_000 })
  const policies = [...(await factsOf(pool, request, { limit: length })).values()].flatMap((facts) => facts.policies)
  expect(policies.length).toBeGreaterThan(10)
  await expect(factsOf(pool, request, { limit: length - 1 })).rejects.toMatchObject({ extensions: { code: 'COST_LIMIT_EXCEEDED' } })
})
