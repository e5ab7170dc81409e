import type { ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../log.ts'
import { end, type Launch, launch } from './launch.ts'
import { stopLeftover } from './leftover.ts'
import type { Place } from './place.ts'
import { startWatchdog } from './watchdog.ts'

const backendsLeftMs = 15_000

/**
 * Runs the server of a complete cluster until `stop`. It ends with this process in any case, and is started again should it end by itself.
 * `settings` are PostgreSQL's own.
 */
export async function runServer(place: Place, settings: Record<string, string>, log: Log): Promise<{ stop(): Promise<void> }> {
  const watchdog = startWatchdog(place.account)
  const stopped = new AbortController()
  const what: Launch = { place, settings, log, watchdog, signal: stopped.signal }
  let server: ChildProcess
  try {
    server = await launchPatiently(what)
  } catch (error) {
    watchdog.dismiss()
    throw error
  }
  let relaunching: Promise<void> | undefined
  const keepRunning = () => {
    server.once('exit', (code, signal) => {
      watchdog.watch(undefined)
      if (stopped.signal.aborted) return
      log.error({ code, signal }, 'the embedded PostgreSQL ended by itself: it is started again')
      relaunching = relaunch()
    })
  }
  const relaunch = async () => {
    for (let pauseMs = 200; !stopped.signal.aborted; pauseMs = Math.min(pauseMs * 2, 10_000)) {
      try {
        await stopLeftover(place, log)
        server = await launch(what)
        keepRunning()
        return
      } catch (error) {
        if (stopped.signal.aborted) return
        log.error({ err: error }, 'the embedded PostgreSQL did not start again')
        await delay(pauseMs, undefined, { signal: stopped.signal }).catch(() => undefined)
      }
    }
  }
  keepRunning()
  let stopping: Promise<void> | undefined
  const stop = async () => {
    stopped.abort()
    await relaunching
    await end(server)
    watchdog.dismiss()
  }
  return {
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}

/** A killed server's backends end a moment after it; until then PostgreSQL refuses to start. */
async function launchPatiently(what: Launch): Promise<ChildProcess> {
  for (const deadline = Date.now() + backendsLeftMs; ; await delay(200)) {
    try {
      return await launch(what)
    } catch (error) {
      if (Date.now() > deadline || !(error instanceof Error && /pre-existing shared memory block/.test(error.message))) throw error
    }
  }
}
