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

test.each(['force_custom_plan', 'force_generic_plan'])(
  'what decides 200 questions is found by looking at what concerns them, however large the organization (%s)',
  async (mode) => {
    const client = await app.booted.services.db.pool.connect()
    let looked = 0
    const explaining: Queryable = {
      async query({ text, values }) {
        await client.query(`set local plan_cache_mode = ${mode}`)
        await client.query(`prepare "decision_under_test" as ${text}`)
        const literal = (value: unknown) =>
          Array.isArray(value)
            ? client.escapeLiteral(`{${value.map((item) => `"${item}"`).join()}}`)
            : typeof value === 'string'
              ? client.escapeLiteral(value)
              : String(value)
        const given = values.map(literal)
        const { rows } = await client.query(`explain (analyze, format json) execute "decision_under_test" (${given.join()})`)
        await client.query('deallocate "decision_under_test"')
        looked = rowsLookedAt(rows[0]['QUERY PLAN'][0].Plan)
        return client.query({ text, values })
      },
    }
    try {
      await client.query('begin')
      const found = await readFacts(explaining, { ...request, limit: 10_000 })
      expect(found.length).toBeGreaterThan(10)
    } finally {
      await client.query('rollback')
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
