import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, chown, lstat, mkdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Log } from '../../log.ts'
import { DatabaseStartError } from '../start-error.ts'
import { type Account, findAccount } from './account.ts'
import { type Binaries, findBinaries } from './binaries.ts'

/** Where an embedded server lives and as whom it runs. All paths are absolute. */
export interface Place {
  dataDir: string
  /** The server's own data directory; it exists only once it is complete. */
  cluster: string
  /** Sockets: the server's, and those by which starts exclude each other. */
  runDir: string
  binaries: Binaries
  account: Account | undefined
}

export const socketName = '.s.PGSQL.5432'
// A socket's path has at most 103 bytes on macOS (107 on Linux); the longest name in the directory has 32.
const longestRunDirBytes = 70

/** The directory of the sockets: `<dataDir>/run`, or one below /tmp where that path would be too long for a socket. */
export function runDirOf(dataDir: string): string {
  const own = path.join(dataDir, 'run')
  if (Buffer.byteLength(own) <= longestRunDirBytes) return own
  return `/tmp/gatehouse-${createHash('sha256').update(dataDir).digest('hex').slice(0, 24)}`
}

/** Creates what is missing and makes sure that the server's account can reach it. */
export async function preparePlace(requestedDataDir: string, log: Log): Promise<Place> {
  const binaries = findBinaries()
  const requested = path.resolve(requestedDataDir)
  await mkdir(path.dirname(requested), { recursive: true })
  await mkdir(requested, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' || !(await stat(requested)).isDirectory()) throw error
  })
  const dataDir = await realpath(requested)
  const cluster = path.join(dataDir, 'postgres')
  const account = await findAccount(cluster)
  if (account) for (const directory of [dataDir, binaries.directory]) await makeReachable(directory, account, dataDir, log)
  const runDir = runDirOf(dataDir)
  await prepareRunDir(runDir, account)
  return { dataDir, cluster, runDir, binaries, account }
}

/** Lets the account pass through what root has closed to everybody else on the way to `directory`, and to no more than pass. */
async function makeReachable(directory: string, account: Account, dataDir: string, log: Log): Promise<void> {
  if (await canEnter(directory, account)) return
  for (const step of stepsTo(directory)) {
    if (await canEnter(step, account)) continue
    const { uid, mode } = await stat(step)
    // Where a group has rights already, or new files inherit the group, another group would change more than the way through.
    if (uid === 0 && (mode & 0o2070) === 0) {
      await chown(step, uid, account.gid)
      await chmod(step, (mode & 0o777) | 0o010)
      if (step !== dataDir)
        log.warn({ directory: step, group: account.gid }, 'the group of the user that PostgreSQL runs as may now pass through')
    }
    if (await canEnter(step, account)) continue
    throw new DatabaseStartError(
      `PostgreSQL does not run as root but as the user with id ${account.uid}, who cannot enter ${step} on the way to ${directory}: let others ` +
        `pass ("chmod o+x ${step}"), install Gatehouse or set GATEHOUSE_DATA_DIR elsewhere, start it as another user, or set DATABASE_URL.`,
    )
  }
}

function stepsTo(directory: string): string[] {
  const parent = path.dirname(directory)
  return parent === directory ? [directory] : [...stepsTo(parent), directory]
}

/** Tried rather than reckoned from the mode: access lists and security modules count as well. */
const canEnter = (directory: string, account: Account) =>
  promisify(execFile)('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], { ...account, cwd: '/', env: {} }).then(
    () => true,
    () => false,
  )

async function prepareRunDir(runDir: string, account: Account | undefined): Promise<void> {
  await mkdir(runDir, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const found = await lstat(runDir)
  const owner = account?.uid ?? process.getuid?.()
  // Below /tmp somebody else may have put it there first; a socket in their directory would talk to them.
  if (!found.isDirectory() || (found.uid !== owner && found.uid !== process.getuid?.())) {
    throw new DatabaseStartError(`${runDir} belongs to somebody else: remove it, or set GATEHOUSE_DATA_DIR to a shorter path.`)
  }
  await chmod(runDir, 0o700)
  if (account) await chown(runDir, account.uid, account.gid)
}
