import process from 'node:process'
import { defineConfig } from 'prisma/config'

// Prisma's CLI looks for a schema engine to download before any command. No command that the project runs needs one
// (migrations are applied by the WebAssembly engine), so it is given a file that exists instead of a download.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(process.env.DATABASE_URL ? { datasource: { url: process.env.DATABASE_URL } } : {}),
})
