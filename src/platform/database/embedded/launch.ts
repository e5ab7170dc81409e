import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../log.ts'
import { DatabaseStartError } from '../start-error.ts'
import { serverEnvironment } from './cluster.ts'
import { readPidFile } from './leftover.ts'
import type { Place } from './place.ts'
import { explainFailure, followServerLog } from './server-log.ts'
import type { Watchdog } from './watchdog.ts'

const recoveryMs = 5 * 60_000

export interface Launch {
  place: Place
  /** PostgreSQL's own, over the ones below. */
  settings: Record<string, string>
  log: Log
  watchdog: Watchdog
  /** Gives up waiting, and ends the server. */
  signal: AbortSignal
}

/** Starts the server and waits until it accepts connections: at once, or after the recovery from a crash. */
export async function launch({ place, settings, log, watchdog, signal }: Launch): Promise<ChildProcess> {
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
  const ended = new Promise<false>((resolve) => {
    server.once('close', () => resolve(false))
    server.once('error', () => resolve(false))
  })
  const ready = await Promise.race([isReady(server, place.cluster, signal), ended])
  if (!ready) {
    // What it says last may still be on its way.
    await Promise.race([ended, delay(1_000, undefined, { ref: false })])
    watchdog.watch(undefined)
    throw new DatabaseStartError(`The embedded PostgreSQL in ${place.cluster} could not start: ${explainFailure(lastWords())}`)
  }
  // The server holds nothing up: a process with no other work ends, and the watchdog stops the server.
  server.unref()
  if ('unref' in server.stderr && typeof server.stderr.unref === 'function') server.stderr.unref()
  return server
}

async function isReady(server: ChildProcess, cluster: string, signal: AbortSignal): Promise<boolean> {
  // Without a process id it could not be executed at all.
  const isRunning = () => server.pid !== undefined && server.exitCode === null && server.signalCode === null
  for (const deadline = Date.now() + recoveryMs; isRunning(); await delay(25)) {
    const lines = await readPidFile(cluster)
    if (lines && Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready') return true
    if (signal.aborted) await end(server)
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
export async function end(server: ChildProcess): Promise<void> {
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
