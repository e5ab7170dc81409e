import { afterAll, beforeAll, expect, test } from 'vitest'
import { forgetChanges } from '../../src/changes/forget-changes.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

test('changes older than ten minutes are deleted, younger ones are not', async () => {
  const { pool } = app.booted.services.db
  await app.fill(
    `insert into "Change" ("organizationId", "noun", "subjectId", "change", "at")
     select 'org_1', 'Component', n::text, 'UPDATED', now() - case when n <= 25000 then interval '11 minutes' else interval '9 minutes' end from generate_series(1, 25010) n`,
  )
  await Promise.all([forgetChanges(app.booted.services), forgetChanges(app.booted.services)])
  const { rows } = await pool.query(`select "subjectId"::int as "n" from "Change" where "organizationId" = 'org_1' order by 1`)
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 10 }, (_, i) => 25_001 + i))
})
