import { boot } from './boot.ts'
import { ConfigError, readConfig } from './config.ts'
import { createLog } from './platform/log.ts'
import { runProcess } from './platform/run-process.ts'
import { rewrapRecords } from './secrets/rewrap-records.ts'

// npm run keys:rotate                     brings every secret under the first of GATEHOUSE_ENCRYPTION_KEYS
// npm run keys:rotate -- --issuer         publishes a new signing key, which takes over in 24 hours
// npm run keys:rotate -- --issuer --now   after a leak: the new key signs at once and the old ones leave the JWKS
await runProcess(async (onStop) => {
  const options = process.argv.slice(2)
  const unknown = options.filter((option) => option !== '--issuer' && option !== '--now')
  if (unknown.length > 0) throw new ConfigError(`There is no option ${unknown.join(', ')}; there are --issuer and --now.`)
  const config = readConfig()
  const log = createLog('warn')
  const booted = await boot(config, log, { embedded: 'join', applicationName: 'gatehouse-rotate-keys', migrate: false })
  onStop(() => booted.stop())
  if (options.includes('--issuer')) {
    const { kid, signsFrom } = await booted.services.issuer.rotate({ now: options.includes('--now') })
    console.log(`The signing key ${kid} is published and signs from ${signsFrom.toISOString()}.`)
  } else {
    const { rewrapped, failed } = await rewrapRecords(booted.services.db.pool, booted.services.keyring)
    for (const { field, recordId, reason } of failed) console.error(`${field} of ${recordId} stays as it is: ${reason}`)
    console.log(`${rewrapped} secrets were brought under the first key.`)
    if (failed.length > 0) process.exitCode = 1
  }
  process.kill(process.pid, 'SIGTERM')
})
