import type { TestApp } from './app.ts'

type Rows = Record<string, string[]>

/** Noted with every use of a key, whatever the call does. */
const restless = 'lastUsedAt'

/**
 * Every row that belongs to the organization, by table, waiting jobs included: two of these are equal exactly if nothing changed in
 * between. The tables are those the database has, so that a new one counts by itself.
 */
export async function rowsOf(app: TestApp, organizationId: string, { except = [] }: { except?: string[] } = {}): Promise<Rows> {
  const { pool } = app.booted.services.db
  const { rows: tables } = await pool.query<{ name: string; column: string }>(
    `select "table_name" as "name", "column_name" as "column" from information_schema.columns
     where "table_schema" = 'public' and ("column_name" = 'organizationId' or ("table_name" = 'Organization' and "column_name" = 'id')) order by 1`,
  )
  const found: Rows = {}
  for (const { name, column } of tables.filter((table) => !except.includes(table.name))) {
    const { rows } = await pool.query<{ row: string }>(
      `select (to_jsonb(t) - '${restless}')::text as "row" from "${name}" t where t."${column}" = $1 order by 1`,
      [organizationId],
    )
    found[name] = rows.map(({ row }) => row)
  }
  const { rows } = await pool.query<{ row: string }>(
    `select t."identifier" || ' ' || j."payload"::text as "row" from graphile_worker._private_jobs j
     join graphile_worker._private_tasks t on t."id" = j."task_id" where j."payload" ->> 'organizationId' = $1 order by 1`,
    [organizationId],
  )
  found.jobs = rows.map(({ row }) => row)
  return found
}
