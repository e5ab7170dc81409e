import { boot } from './boot.ts'
import { readConfig } from './config.ts'
import { startWorker } from './jobs/worker.ts'
import { createLog } from './platform/log.ts'
import { runProcess } from './platform/run-process.ts'

// Works off the queue in a process of its own. Without DATABASE_URL it joins the database that a running server started.
await runProcess(async (onStop) => {
  const config = readConfig()
  const log = createLog(config.logLevel)
  const booted = await boot(config, log, { embedded: 'join', applicationName: 'gatehouse-worker', migrate: true })
  onStop(() => booted.stop())
  const worker = await startWorker(booted.services, booted.databaseUrl)
  onStop(() => worker.stop())
  console.log('\n  The Gatehouse worker is ready.\n')
})
