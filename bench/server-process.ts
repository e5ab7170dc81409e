import { createApp } from '../src/app.ts'
import { boot } from '../src/boot.ts'
import { readConfig } from '../src/config.ts'
import { createLog } from '../src/platform/log.ts'
import { runProcess } from '../src/platform/run-process.ts'

// A server as npm start runs it, without the page and without a worker.
await runProcess(async (onStop) => {
  const config = readConfig()
  const booted = await boot(config, createLog(config.logLevel), { embedded: 'start', applicationName: 'gatehouse-bench', migrate: true })
  onStop(() => booted.stop())
  const app = await createApp({ services: booted.services, adminKeys: booted.adminKeys, playgroundRoot: null })
  onStop(() => app.close())
  console.log(`ready: ${await app.listen({ host: config.host, port: config.port })}`)
})
