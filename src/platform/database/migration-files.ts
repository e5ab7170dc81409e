import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg'

/** `prisma/` of the package: as far away from src/ as from dist/. */
export const prismaDirectory = fileURLToPath(new URL('../../../prisma/', import.meta.url))
const migrationsDirectory = path.join(prismaDirectory, 'migrations')

export interface Migration {
  /** Its directory's name; the order of the names is the order of the migrations. */
  name: string
  script: string
}

export async function migrationNames(directory = migrationsDirectory): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

export async function readMigrations(directory = migrationsDirectory): Promise<Migration[]> {
  const names = await migrationNames(directory)
  return Promise.all(names.map(async (name) => ({ name, script: await readFile(path.join(directory, name, 'migration.sql'), 'utf8') })))
}

/** What Prisma keeps of an applied script, to notice later changes of the file. */
export const checksumOf = (script: string) => createHash('sha256').update(script).digest('hex')

/** The migrations as the schema engine wants them. */
export const migrationList = (migrations: Migration[]): MigrationList => ({
  baseDir: migrationsDirectory,
  lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
  shadowDbInitScript: '',
  migrationDirectories: migrations.map(({ name, script }) => ({
    path: name,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: script } },
  })),
})
