import { createApp } from '../../src/app.ts'
import { type Booted, boot } from '../../src/boot.ts'
import { createLog } from '../../src/platform/log.ts'
import type { TestApp } from './app.ts'

export interface SecondServer {
  url: string
  booted: Booted
  close(): Promise<void>
}

/** Another server on the database of the first: what one of several processes is to the others. */
export async function startSecondServer(first: TestApp, { recheckMs }: { recheckMs?: number } = {}): Promise<SecondServer> {
  const log = createLog(process.env.TEST_LOG_LEVEL ?? 'silent')
  const booted = await boot(first.booted.services.config, log, { embedded: 'start', applicationName: 'gatehouse-second', migrate: false })
  const app = await createApp({ services: booted.services, adminKeys: booted.adminKeys, playgroundRoot: null, recheckMs })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    booted,
    async close() {
      await app.close()
      await booted.stop()
    },
  }
}
