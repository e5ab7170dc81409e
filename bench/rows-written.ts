import type { Pool } from 'pg'

/** Rows inserted, updated and deleted so far, by table. */
export async function rowsWritten(pool: Pool): Promise<Map<string, number>> {
  // A connection keeps its counts to itself for up to ten seconds, unless it is asked for them.
  const clients = await Promise.all(Array.from({ length: pool.options.max ?? 10 }, () => pool.connect()))
  for (const client of clients) await client.query('select pg_stat_force_next_flush()::text')
  for (const client of clients) client.release()
  const { rows } = await pool.query<{ table: string; count: string }>(
    `select "relname" as "table", "n_tup_ins" + "n_tup_upd" + "n_tup_del" as "count" from pg_stat_user_tables where "schemaname" = 'public'`,
  )
  return new Map(rows.map(({ table, count }) => [table, Number(count)]))
}
