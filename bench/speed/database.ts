import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres.ts'
import { applyMigrations } from '../../src/platform/database/migrations.ts'
import { createLog } from '../../src/platform/log.ts'
import { type DataShape, fillDatabase, issueKeys } from './data.ts'

export interface BenchDatabase {
  url: string
  client: pg.Client
  /** Keys of the organizations, in their order. */
  keys: string[]
  /** The server's first process. */
  pid: number
  /** Runs a file of SQL. */
  run(file: string): Promise<void>
  /** Statements executed so far, whoever sent them. */
  statements(): Promise<number>
  stop(): Promise<void>
}

/** Gatehouse's own PostgreSQL with its settings, filled with the organizations of each shape; beyond them it counts statements. */
export async function startDatabase(...shapes: DataShape[]): Promise<BenchDatabase> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-bench-'))
  const log = createLog('warn')
  const settings = { shared_preload_libraries: 'pg_stat_statements' }
  const postgres = await startEmbeddedPostgres({ dataDir, log, settings })
  const remove = () => rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  try {
    await applyMigrations({ url: postgres.url, log })
    await countStatements(postgres.superuserUrl)
    const client = new pg.Client(postgres.url)
    await client.connect()
    let organizations = 0
    for (const shape of shapes) {
      await fillDatabase(client, shape, organizations)
      organizations += shape.organizations
    }
    const keys = await issueKeys(client, organizations)
    const [pid = ''] = (await readFile(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
    return {
      url: postgres.url,
      client,
      keys,
      pid: Number(pid),
      async run(file) {
        await client.query(await readFile(file, 'utf8'))
      },
      async statements() {
        const { rows } = await client.query<{ calls: string }>('select sum("calls") as "calls" from pg_stat_statements')
        return Number(rows[0]?.calls ?? 0)
      },
      async stop() {
        await client.end()
        await postgres.stop()
        await remove()
      },
    }
  } catch (error) {
    await postgres.stop()
    await remove()
    throw error
  }
}

async function countStatements(superuserUrl: string): Promise<void> {
  const url = new URL(superuserUrl)
  url.pathname = '/gatehouse'
  const superuser = new pg.Client(url.toString())
  await superuser.connect()
  try {
    await superuser.query('create extension pg_stat_statements')
  } finally {
    await superuser.end()
  }
}
