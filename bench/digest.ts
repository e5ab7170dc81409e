import { createHash } from 'node:crypto'
import pg from 'pg'

/** Of all rows of all tables, but for the time a key was last used. */
export async function digestOf(url: string): Promise<string> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select quote_ident(table_name) as "name" from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
    )
    const hash = createHash('sha256')
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select (to_jsonb(t) - 'lastUsedAt')::text as "row" from ${name} t order by 1`)
      hash.update(`${name} ${rows.length}\n${rows.map(({ row }) => row).join('\n')}\n`)
    }
    return hash.digest('hex')
  } finally {
    await client.end()
  }
}
