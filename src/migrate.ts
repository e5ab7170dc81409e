import { readConfig } from './config.ts'
import { migrateJobs } from './jobs/worker.ts'
import { openDatabase } from './platform/database/database.ts'
import { startEmbeddedPostgres } from './platform/database/embedded-postgres.ts'
import { applyMigrations } from './platform/database/migrations.ts'
import { createLog } from './platform/log.ts'
import { runProcess } from './platform/run-process.ts'

// Brings the database to this release and ends. Servers do the same when they start.
await runProcess(async (onStop) => {
  const config = readConfig()
  const log = createLog(config.logLevel === 'info' ? 'warn' : config.logLevel)
  const embedded = config.databaseUrl ? null : await startEmbeddedPostgres({ dataDir: config.dataDir, log })
  if (embedded) onStop(() => embedded.stop())
  const url = config.databaseUrl ?? (embedded?.url as string)
  const { applied } = await applyMigrations({ url, log })
  const db = openDatabase({ url, poolSize: 2, applicationName: 'gatehouse-migrate', log })
  onStop(() => db.close())
  await migrateJobs(db.pool, log)
  console.log(applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'The database is up to date.')
  process.kill(process.pid, 'SIGTERM')
})
