import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Log } from '../../log.ts'
import { DatabaseStartError } from '../start-error.ts'
import { type Place, socketName } from './place.ts'

export const pidFileOf = (cluster: string) => path.join(cluster, 'postmaster.pid')

/** The lines of the file in which the server keeps its process id (first) and state (eighth). Undefined: it did not run, or ended in order. */
export async function readPidFile(cluster: string): Promise<string[] | undefined> {
  const content = await readFile(pidFileOf(cluster), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return content?.split('\n')
}

/**
 * Ends a server that an earlier process left running on the cluster, and removes what a killed one leaves. It is not kept running: started
 * anew it is this process's child, with this version's settings, and what was committed is there. The caller holds the data directory's lock.
 */
export async function stopLeftover({ cluster, runDir }: Place, log: Log): Promise<void> {
  const lines = await readPidFile(cluster)
  const pid = Number(lines?.[0])
  if (lines && pid > 0) {
    if (await isServerOf(pid, cluster)) await stop(pid, cluster, log)
    // PostgreSQL would take any process of its user with this id for a running server. Its parent's id it takes for stale,
    // and still looks for backends that outlived a killed server.
    else await writeFile(pidFileOf(cluster), [process.pid, ...lines.slice(1)].join('\n'))
  }
  // The socket has a lock file of the same kind; nobody else's server can be in this directory.
  for (const name of [socketName, `${socketName}.lock`]) await rm(path.join(runDir, name), { force: true })
}

async function stop(pid: number, cluster: string, log: Log): Promise<void> {
  log.warn({ pid }, 'an earlier process left its embedded PostgreSQL running: it is stopped and started anew')
  const steps: [NodeJS.Signals, number][] = [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
  ]
  for (const [signal, graceMs] of steps) {
    sendSignal(pid, signal)
    if (await hasEnded(pid, cluster, graceMs)) return
  }
  throw new DatabaseStartError(
    `PostgreSQL (process ${pid}) still runs on ${cluster} and does not end: end it ("kill -9 ${pid}") and start again.`,
  )
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function hasEnded(pid: number, cluster: string, graceMs: number): Promise<boolean> {
  for (const deadline = Date.now() + graceMs; Date.now() < deadline; await delay(50)) {
    if (!(await isServerOf(pid, cluster))) return true
  }
  return false
}

/** Process ids are used again: the command line tells whether it is a server, and whether it is this cluster's. */
async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  const commandLine =
    process.platform === 'linux'
      ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      : await promisify(execFile)('/bin/ps', ['-ww', '-o', 'command=', '-p', String(pid)]).then(
          ({ stdout }) => stdout,
          () => '',
        )
  return commandLine.includes(cluster)
}
