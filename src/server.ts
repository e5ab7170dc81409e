import { createApp } from './app.ts'
import { boot } from './boot.ts'
import { readConfig } from './config.ts'
import { openDemo } from './demo.ts'
import { startWorker } from './jobs/worker.ts'
import { createLog } from './platform/log.ts'
import { runProcess } from './platform/run-process.ts'
import { playgroundRoot } from './playground/playground.ts'

await runProcess(async (onStop) => {
  const config = readConfig()
  const log = createLog(config.logLevel)
  const booted = await boot(config, log, { embedded: 'start', applicationName: 'gatehouse', migrate: true })
  onStop(() => booted.stop())
  let isStopping = false
  const app = await createApp({ services: booted.services, adminKeys: booted.adminKeys, playgroundRoot, isReady: () => !isStopping })
  onStop(() => app.close())
  if (config.worker === 'inline') {
    const worker = await startWorker(booted.services, booted.databaseUrl)
    onStop(() => worker.stop())
  }
  onStop(() => {
    isStopping = true
  })
  const address = await app.listen({ host: config.host, port: config.port }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE')
      throw new Error(`Port ${config.port} of ${config.host} is taken. Set PORT to another one, or stop what listens there.`)
    throw error
  })
  const page = await openDemo(booted.services, address)
  console.log(
    [
      '',
      `  Gatehouse is ready: ${page ?? address}`,
      ...(page ? ['  (the key in this address is of the organization "demo" and ends in 24 hours)'] : []),
      ...(booted.adminKeyPath ? [`  Platform administrator's key: ${booted.adminKeyPath}`] : []),
      '',
    ].join('\n'),
  )
})
