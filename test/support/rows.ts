import type { TestApp } from './app.ts'

type Rows = Record<string, string[]>

const owned = `select "table_name" as "name", "column_name" as "column" from information_schema.columns
  where "table_schema" = 'public' and ("column_name" = 'organizationId' or ("table_name" = 'Organization' and "column_name" = 'id')) order by 1`
const jobs = `select 'jobs' as "name", t."identifier" || ' ' || j."payload"::text as "row" from graphile_worker._private_jobs j
  join graphile_worker._private_tasks t on t."id" = j."task_id" where j."payload" ->> 'organizationId' = $1`

/** The tables that say whose a row is, as the database has them, so that a new one counts by itself. */
export async function ownedTables(app: TestApp): Promise<{ name: string; column: string }[]> {
  return (await app.booted.services.db.pool.query<{ name: string; column: string }>(owned)).rows
}

/**
 * Every row that belongs to the organization, by table, waiting jobs included: two of these are equal exactly if nothing changed in
 * between. When a key was last used does not count: every call notes it.
 */
export async function rowsOf(app: TestApp, organizationId: string, { except = [] }: { except?: string[] } = {}): Promise<Rows> {
  const tables = (await ownedTables(app)).filter(({ name }) => !except.includes(name))
  const parts = tables.map(
    ({ name, column }) =>
      `select '${name}' as "name", (to_jsonb(t) - 'lastUsedAt')::text as "row" from "${name}" t where t."${column}" = $1`,
  )
  const { rows } = await app.booted.services.db.pool.query<{ name: string; row: string }>(
    `${[...parts, jobs].join(' union all ')} order by 1, 2`,
    [organizationId],
  )
  const found: Rows = Object.fromEntries(['jobs', ...tables.map(({ name }) => name)].map((name) => [name, []]))
  for (const { name, row } of rows) found[name]?.push(row)
  return found
}
