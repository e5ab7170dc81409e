import { randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../src/platform/database/embedded-postgres.ts'
import { type Migration, prismaDirectory, readMigrations } from '../src/platform/database/migration-files.ts'
import { applyMigrations } from '../src/platform/database/migrations.ts'
import { createLog } from '../src/platform/log.ts'
import { diffSchemas, readSnapshot } from './migration.ts'

// Fails when prisma/migrations and prisma/schema.prisma disagree: a database made by the migrations is compared with one made from the
// data model alone. Also: text is COLLATE "C", and every table of a tenant's says whose its rows are.

/** Tables of the installation itself; what they hold belongs to no tenant or outlives it. */
const platformTables = ['PlatformAuditEvent', 'AwsIdentityTombstone', 'SigningKey', 'PlatformSecret', 'EncryptionKey', '_prisma_migrations']
const tablesWithoutTenant = [...platformTables, 'Organization']

export interface Wanted {
  schema: string
  snapshot: string
  migrations: Migration[]
}

/** Everything that is wrong, one line each. `url`: a server whose role may create databases; nothing is left on it. */
export async function checkMigrations(url: string, { schema, snapshot, migrations }: Wanted): Promise<string[]> {
  const log = createLog('error')
  const stale = await diffSchemas(snapshot, schema)
  const migrated = await withDatabase(url, async (database) => {
    await applyMigrations({ url: database, log, migrations })
    return readCatalog(database)
  })
  const fresh = await withDatabase(url, async (database) => {
    await run(database, await diffSchemas(undefined, schema))
    return readCatalog(database)
  })
  return [
    ...(stale === ''
      ? []
      : ['prisma/migrations/schema.snapshot is not prisma/schema.prisma: write the missing migration with scripts/migration.ts']),
    ...fresh.filter((wanted) => !has(migrated, wanted)).map(({ text }) => `the migrations lack: ${text}`),
    ...migrated
      .filter((found) => !found.byHand && !has(fresh, found))
      .map(({ text }) => `the migrations make, but the data model lacks: ${text}`),
    ...migrated.flatMap(({ problem }) => problem ?? []),
  ]
}

interface CatalogEntry {
  text: string
  /** What no data model can say and a migration may therefore add. */
  byHand: boolean
  problem: string | null
}

const has = (catalog: CatalogEntry[], wanted: CatalogEntry) => catalog.some(({ text }) => text === wanted.text)

const catalogQuery = `
with "table" as (
  select c.oid, c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_prisma_migrations'
)
select format('table %s', t.relname) as "text", false as "byHand",
  case when t.relname <> all($1) and not exists (
    select from pg_attribute a where a.attrelid = t.oid and a.attname = 'organizationId' and a.attnotnull
  ) then format('table %s has no organizationId, so nothing says whose its rows are', t.relname) end as "problem"
from "table" t
union all
select format('column %s.%s %s%s%s', t.relname, a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then ' not null' else '' end,
    ' default ' || pg_get_expr(d.adbin, d.adrelid)), false,
  case when coll.collname <> 'C' then format('column %s.%s is not COLLATE "C"', t.relname, a.attname) end
from "table" t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum left join pg_collation coll on coll.oid = a.attcollation
union all
select format('enum %s %s', y.typname, (select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = y.oid)), false, null
from pg_type y where y.typtype = 'e' and y.typnamespace = 'public'::regnamespace
union all
select format('constraint %s on %s: %s', k.conname, t.relname, pg_get_constraintdef(k.oid)), k.contype in ('c', 'x'), null
from "table" t join pg_constraint k on k.conrelid = t.oid where k.contype <> 'n'
union all
select pg_get_indexdef(i.indexrelid), i.indpred is not null or i.indexprs is not null or i.indnkeyatts <> i.indnatts or m.amname <> 'btree', null
from "table" t join pg_index i on i.indrelid = t.oid join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
order by 1`

const readCatalog = async (url: string) => (await run(url, catalogQuery, [tablesWithoutTenant])).rows as CatalogEntry[]

async function withDatabase<T>(serverUrl: string, work: (url: string) => Promise<T>): Promise<T> {
  const name = `gatehouse_check_${randomBytes(6).toString('hex')}`
  await run(serverUrl, `create database ${name}`)
  try {
    const url = new URL(serverUrl)
    url.pathname = `/${name}`
    return await work(url.toString())
  } finally {
    await run(serverUrl, `drop database ${name} with (force)`)
  }
}

async function run(url: string, statement: string, values?: unknown[]): Promise<pg.QueryResult> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await (values ? client.query(statement, values) : client.query(statement))
  } finally {
    await client.end()
  }
}

async function main(): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-check-'))
  const server = await startEmbeddedPostgres({ dataDir, log: createLog('error'), settings: { fsync: 'off' } })
  try {
    const schema = await readFile(path.join(prismaDirectory, 'schema.prisma'), 'utf8')
    const problems = await checkMigrations(server.superuserUrl, {
      schema,
      snapshot: await readSnapshot(),
      migrations: await readMigrations(),
    })
    for (const problem of problems) console.error(problem)
    if (problems.length > 0) process.exitCode = 1
    else console.log('prisma/migrations and prisma/schema.prisma agree')
  } finally {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) await main()
