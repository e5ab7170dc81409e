import type { Pool } from 'pg'

/** What outlives an organization: made when it is deleted, so a living one has none. */
const graveyards = ['PlatformAuditEvent', 'AwsIdentityTombstone']

/** Tables with rows of organizations, each with the column that says whose. */
async function tables(pool: Pool): Promise<{ name: string; owner: string }[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'organizationId' order by 1`,
  )
  const owned = rows.filter(({ name }) => !graveyards.includes(name)).map(({ name }) => ({ name, owner: 'organizationId' }))
  return [{ name: 'Organization', owner: 'id' }, ...owned]
}

/** A hash over each table's rows of the organization: the same as long as nothing of it changes. */
export async function digest(pool: Pool, organizationId: string): Promise<Record<string, string>> {
  const selects = (await tables(pool)).map(
    ({ name, owner }) =>
      `select '${name}' as name, coalesce(md5(string_agg(t::text, chr(10) order by t::text)), 'no row') as hash from "${name}" t where "${owner}" = $1`,
  )
  const { rows } = await pool.query<{ name: string; hash: string }>(selects.join(' union all '), [organizationId])
  return Object.fromEntries(rows.map(({ name, hash }) => [name, hash]))
}

/** Every text in the organization's rows, those inside of JSON included, of at least `minLength` characters. */
export async function texts(pool: Pool, organizationId: string, minLength = 6): Promise<Set<string>> {
  const found = new Set<string>()
  const collect = (value: unknown) => {
    if (typeof value === 'string' && value.length >= minLength) found.add(value)
    else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) collect(inner)
  }
  for (const { name, owner } of await tables(pool)) {
    const { rows } = await pool.query(`select to_jsonb(t) as row from "${name}" t where "${owner}" = $1`, [organizationId])
    for (const { row } of rows) collect(row)
  }
  return found
}

/** Values of the text columns that stand in unique indexes, ids aside: what things of the organization can be called by. */
export async function naturalKeys(pool: Pool, organizationId: string): Promise<string[]> {
  const { rows: columns } = await pool.query<{ table: string; column: string }>(
    `select distinct t.relname as "table", a.attname as "column" from pg_index i
     join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
     join pg_attribute a on a.attrelid = t.oid and a.attnum = any(i.indkey) and a.atttypid = 'text'::regtype
     where i.indisunique and a.attname <> 'id' and a.attname !~ 'Id$' or a.attname in ('accountId', 'itemId')`,
  )
  const owned = await tables(pool)
  const keys = new Set<string>()
  for (const { table, column } of columns) {
    const owner = owned.find(({ name }) => name === table)?.owner
    if (!owner) continue
    const { rows } = await pool.query(`select "${column}" as key from "${table}" where "${owner}" = $1 and "${column}" is not null`, [
      organizationId,
    ])
    for (const { key } of rows) keys.add(key)
  }
  return [...keys]
}
