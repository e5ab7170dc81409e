// Imported into a server (--expose-gc --import): on SIGUSR2 it collects its garbage and writes into the file LIVE_HEAP what is left, in MB.
import { writeFileSync } from 'node:fs'

process.on('SIGUSR2', () => {
  globalThis.gc()
  globalThis.gc()
  writeFileSync(process.env.LIVE_HEAP, String(Math.round(process.memoryUsage().heapUsed / 1e6)))
})
