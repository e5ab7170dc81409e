import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrateJobs } from '../../src/jobs/worker.ts'
import { startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres.ts'
import { applyMigrations } from '../../src/platform/database/migrations.ts'
import { createLog } from '../../src/platform/log.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** `url` is a database of a role that may create databases; `template` is one with all migrations and no rows. */
    databaseServer: { url: string; template: string }
  }
}

const log = createLog('error')

/** One server for the run: TEST_DATABASE_URL's (its role needs CREATEDB), else an embedded one that is thrown away afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer()
  const template = `gatehouse_template_${randomBytes(6).toString('hex')}`
  const tearDown = async () => {
    await execute(server.url, `drop database if exists ${template} with (force)`)
    await server.stop()
  }
  try {
    await createTemplate(server.url, template)
  } catch (error) {
    await tearDown()
    throw error
  }
  project.provide('databaseServer', { url: server.url, template })
  return tearDown
}

async function createTemplate(serverUrl: string, template: string): Promise<void> {
  await execute(serverUrl, `create database ${template}`)
  const url = new URL(serverUrl)
  url.pathname = `/${template}`
  await applyMigrations({ url: url.toString(), log })
  const pool = new pg.Pool({ connectionString: url.toString(), max: 1 })
  // graphile-worker asks for both.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  await migrateJobs(pool, log).finally(() => pool.end())
}

async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return { url: given, stop: async () => undefined }
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-test-'))
  // Its content need not survive a power cut, and a worker of autovacuum in a database keeps others than superusers from dropping that.
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off', max_connections: '200' }
  const server = await startEmbeddedPostgres({ dataDir, log, settings })
  await execute(server.superuserUrl, 'alter role gatehouse createdb')
  const stop = async () => {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  return { url: server.url, stop }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(statement).finally(() => client.end())
}
