import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, chown, lstat, mkdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
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
export async function preparePlace(requestedDataDir: string): Promise<Place> {
  const binaries = findBinaries()
  const requested = path.resolve(requestedDataDir)
  await mkdir(path.dirname(requested), { recursive: true })
  await mkdir(requested, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' || !(await stat(requested)).isDirectory()) throw error
  })
  const dataDir = await realpath(requested)
  const cluster = path.join(dataDir, 'postgres')
  const account = await findAccount(cluster)
  if (account) {
    await letThrough(dataDir, account)
    for (const directory of [dataDir, binaries.directory]) await assertReachable(directory, account)
  }
  const runDir = runDirOf(dataDir)
  await prepareRunDir(runDir, account)
  return { dataDir, cluster, runDir, binaries, account }
}

/** Root's own 0700 directory stays unreadable for the account, but may be passed through. */
async function letThrough(directory: string, account: Account): Promise<void> {
  const { uid, mode } = await stat(directory)
  if (uid !== 0 || (mode & 0o001) !== 0) return
  await chown(directory, uid, account.gid)
  await chmod(directory, (mode & 0o777) | 0o010)
}

async function assertReachable(directory: string, account: Account): Promise<void> {
  // Tried rather than reckoned from the mode bits: access lists and security modules count as well.
  const canEnter = (candidate: string) =>
    promisify(execFile)('/bin/sh', ['-c', 'cd "$1"', 'sh', candidate], { ...account, cwd: '/', env: {} }).then(
      () => true,
      () => false,
    )
  if (await canEnter(directory)) return
  let closed = directory
  while (path.dirname(closed) !== closed && !(await canEnter(path.dirname(closed)))) closed = path.dirname(closed)
  throw new DatabaseStartError(
    `PostgreSQL does not run as root but as the user with id ${account.uid}, who cannot enter ${closed} on the way to ${directory}: ` +
      `let others pass ("chmod o+x ${closed}"), install Gatehouse or set GATEHOUSE_DATA_DIR elsewhere, start it as another user, or set DATABASE_URL.`,
  )
}

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
