import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../log.ts'
import { DatabaseStartError } from '../start-error.ts'
import { serverEnvironment } from './cluster.ts'
import { readPidFile } from './leftover.ts'
import type { Place } from './place.ts'
import { explainFailure, followServerLog } from './server-log.ts'
import { startWatchdog, type Watchdog } from './watchdog.ts'

const recoveryMs = 5 * 60_000
const backendsLeftMs = 15_000

/**
 * Runs the server of a complete cluster until `stop`. It ends with this process in any case, and is started again should it end by itself.
 * `settings` are PostgreSQL's, over the ones below.
 */
export async function runServer(place: Place, settings: Record<string, string>, log: Log): Promise<{ stop(): Promise<void> }> {
  const watchdog = startWatchdog(place.account)
  let server: ChildProcess
  try {
    server = await launchPatiently(place, settings, log, watchdog)
  } catch (error) {
    watchdog.dismiss()
    throw error
  }
  let stopping: Promise<void> | undefined
  let relaunching: Promise<void> | undefined
  const keepRunning = () => {
    server.once('exit', (code, signal) => {
      watchdog.watch(undefined)
      if (stopping) return
      log.error({ code, signal }, 'the embedded PostgreSQL ended by itself: it is started again')
      relaunching = relaunch()
    })
  }
  const relaunch = async () => {
    for (let pauseMs = 200; !stopping; pauseMs = Math.min(pauseMs * 2, 10_000)) {
      try {
        server = await launch(place, settings, log, watchdog)
        keepRunning()
        return
      } catch (error) {
        log.error({ err: error }, 'the embedded PostgreSQL did not start again')
        await delay(pauseMs)
      }
    }
  }
  keepRunning()
  const stop = async () => {
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
async function launchPatiently(place: Place, settings: Record<string, string>, log: Log, watchdog: Watchdog): Promise<ChildProcess> {
  for (const deadline = Date.now() + backendsLeftMs; ; await delay(200)) {
    try {
      return await launch(place, settings, log, watchdog)
    } catch (error) {
      if (Date.now() > deadline || !(error instanceof Error && /pre-existing shared memory block/.test(error.message))) throw error
    }
  }
}

async function launch(place: Place, settings: Record<string, string>, log: Log, watchdog: Watchdog): Promise<ChildProcess> {
  const all = { ...settingsOf(place), ...settings }
  const server = spawn(
    place.binaries.postgres,
    ['-D', place.cluster, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...place.account,
      cwd: '/',
      env: serverEnvironment,
      stdio: ['ignore', 'ignore', 'pipe'],
      // Out of the terminal's group: an interrupt there drains this process first and stops the server last.
      detached: true,
    },
  )
  watchdog.watch(server.pid)
  const lastWords = followServerLog(server.stderr, log)
  const ended = new Promise<void>((resolve) => {
    server.once('close', resolve)
    server.once('error', () => resolve())
  })
  const ready = await Promise.race([isReady(server, place.cluster), ended])
  if (!ready) {
    watchdog.watch(undefined)
    throw new DatabaseStartError(`The embedded PostgreSQL in ${place.cluster} could not start: ${explainFailure(lastWords())}`)
  }
  // The server holds nothing up: a process with no other work ends, and the watchdog stops the server.
  server.unref()
  if ('unref' in server.stderr && typeof server.stderr.unref === 'function') server.stderr.unref()
  return server
}

async function isReady(server: ChildProcess, cluster: string): Promise<boolean> {
  for (const deadline = Date.now() + recoveryMs; server.exitCode === null && server.signalCode === null; await delay(25)) {
    const lines = await readPidFile(cluster)
    if (lines && Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready') return true
    if (Date.now() > deadline) {
      await end(server)
      throw new DatabaseStartError(
        `The embedded PostgreSQL in ${cluster} was not ready after ${recoveryMs / 60_000} minutes. Its log tells why.`,
      )
    }
  }
  return false
}

/** Fast shutdown; a server that does not end so is ended without its last checkpoint, and the next start recovers what was committed. */
async function end(server: ChildProcess): Promise<void> {
  const steps: [NodeJS.Signals, number][] = [
    ['SIGINT', 5_000],
    ['SIGQUIT', 1_500],
    ['SIGKILL', 1_000],
  ]
  for (const [signal, graceMs] of steps) {
    if (server.exitCode !== null || server.signalCode !== null) return
    server.kill(signal)
    await exit(server, graceMs)
  }
}

/** Resolves when the server has ended, or when `graceMs` are over. */
function exit(server: ChildProcess, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, graceMs)
    server.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** Everything else is PostgreSQL's default: fsync and synchronous_commit stay on. */
const settingsOf = (place: Place): Record<string, string> => ({
  listen_addresses: '',
  unix_socket_directories: `"${place.runDir.replaceAll('"', '""')}"`,
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '128MB',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '',
  cluster_name: 'gatehouse',
  // Callers get their errors themselves. Repeated in the log they would carry the values of the rows.
  log_min_messages: 'log',
})
