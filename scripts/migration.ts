import { realpathSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ColumnTypeEnum, type SqlDriverAdapter, type SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SchemasContainer } from '@prisma/schema-engine-wasm/schema_engine_bg'
import { migrationNames, prismaDirectory } from '../src/platform/database/migration-files.ts'
import { openSchemaEngine } from '../src/platform/database/schema-engine.ts'

// Writes the migration from the last one's data model to prisma/schema.prisma:
//   tsx scripts/migration.ts --name add-connectors
//   tsx scripts/migration.ts --name init --replace-all     (before the first release only: one instead of all that it wrote)
// Read what it wrote: it cannot know how existing rows are to be carried over. What no data model can say (partial indexes, checks) is
// added below the line `byHand`, and stays there when the same migration is written again.

const migrationsDirectory = path.join(prismaDirectory, 'migrations')
/** The data model that the migrations lead to so far. Two branches that both add a migration meet in this file. */
const snapshotFile = path.join(migrationsDirectory, 'schema.snapshot')
const firstTimestamp = '20261121000000'
const byHand = '-- By hand:'

const collationNote = `-- Text is compared by code point (COLLATE "C") whatever the database's locale: pages are cut by (column, id), and an order that
-- changes with the operating system's library would skip or repeat rows, and break indexes. Foreign keys compare the same way.
`

/** The SQL that leads from one data model to another, in this project's form; empty if they are the same. `undefined`: from nothing. */
export async function diffSchemas(from: string | undefined, to: string): Promise<string> {
  const engine = await openSchemaEngine(noDatabase)
  const schema = (content: string): SchemasContainer => ({ files: [{ path: 'schema.prisma', content }] })
  const { stdout } = await engine.diff({
    from: from === undefined ? { tag: 'empty' } : { tag: 'schemaDatamodel', ...schema(from) },
    to: { tag: 'schemaDatamodel', ...schema(to) },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  })
  const script = stdout ?? ''
  return script.includes('-- This is an empty migration.') ? '' : collateText(withoutPublic(script))
}

/** The data model of the last migration. */
export const readSnapshot = () => readFile(snapshotFile, 'utf8')

/** Comparing data models needs no database; the engine only wants to know which version it writes for: the oldest one supported. */
const noDatabase: SqlMigrationAwareDriverAdapterFactory = {
  provider: 'postgres',
  adapterName: '@prisma/adapter-pg',
  connect: async () => noConnection,
  connectToShadowDb: async () => noConnection,
}
const noConnection: SqlDriverAdapter = {
  provider: 'postgres',
  adapterName: '@prisma/adapter-pg',
  queryRaw: async () => ({
    columnNames: ['exists', 'version', 'numeric_version'],
    columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
    rows: [[true, 'PostgreSQL 14.0', 140000]],
  }),
  executeRaw: () => Promise.reject(new Error('there is no database')),
  executeScript: () => Promise.reject(new Error('there is no database')),
  startTransaction: () => Promise.reject(new Error('there is no database')),
  dispose: async () => undefined,
}

/** Only columns: their name stands quoted in front of the type. */
const collateText = (script: string) => script.replace(/(" (?:SET DATA TYPE )?TEXT(?:\[\])?)(?=[ ,;\n])/g, '$1 COLLATE "C"')

/** The schema `public` is always there, and asking for it needs a right on the database that a careful operator does not give. */
const withoutPublic = (script: string) => script.replace('-- CreateSchema\nCREATE SCHEMA IF NOT EXISTS "public";\n\n', '')

async function writeMigration(name: string, replaceAll: boolean): Promise<string> {
  const schema = await readFile(path.join(prismaDirectory, 'schema.prisma'), 'utf8')
  const existing = await migrationNames().catch(() => [])
  const snapshot = replaceAll || existing.length === 0 ? undefined : await readSnapshot()
  const script = await diffSchemas(snapshot, schema)
  if (script === '') return 'prisma/schema.prisma has not changed since the last migration'
  const timestamp = replaceAll ? firstTimestamp : new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const directory = `${timestamp}_${name.replace(/[^a-z0-9]+/gi, '_').toLowerCase()}`
  if (!replaceAll && existing.some((migration) => migration >= directory))
    throw new Error(`There is a migration after ${directory}: check the clock.`)
  const kept = await handWritten(directory)
  if (replaceAll) await removeGenerated(existing.filter((migration) => migration !== directory))
  await mkdir(path.join(migrationsDirectory, directory), { recursive: true })
  await writeFile(
    path.join(migrationsDirectory, directory, 'migration.sql'),
    `${[collationNote, script.trim(), kept].filter(Boolean).join('\n').trim()}\n`,
  )
  await writeFile(path.join(migrationsDirectory, 'migration_lock.toml'), 'provider = "postgresql"\n')
  await writeFile(snapshotFile, schema)
  return `wrote prisma/migrations/${directory}/migration.sql: read it before it is committed`
}

const scriptOf = (migration: string) => readFile(path.join(migrationsDirectory, migration, 'migration.sql'), 'utf8').catch(() => '')

/** Migrations that were written by hand as a whole stay: no data model would bring them back. */
async function removeGenerated(migrations: string[]): Promise<void> {
  for (const migration of migrations) {
    const script = await scriptOf(migration)
    if (!script.startsWith(collationNote)) continue
    if (script.includes(byHand)) throw new Error(`${migration} has a part by hand: move it to a migration of its own first.`)
    await rm(path.join(migrationsDirectory, migration), { recursive: true })
  }
}

async function handWritten(directory: string): Promise<string> {
  const before = await scriptOf(directory)
  const start = before.indexOf(byHand)
  return start < 0 ? '' : `\n${before.slice(start)}`
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  const { values } = parseArgs({ options: { name: { type: 'string' }, 'replace-all': { type: 'boolean', default: false } } })
  if (!values.name) throw new Error('usage: tsx scripts/migration.ts --name <what-changes> [--replace-all]')
  console.log(await writeMigration(values.name, values['replace-all']))
}
