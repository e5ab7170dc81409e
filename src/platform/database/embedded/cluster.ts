import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Log } from '../../log.ts'
import { DatabaseStartError } from '../start-error.ts'
import { type Credentials, makeCredentials, readCredentials, writeCredentials } from './credentials.ts'
import type { Place } from './place.ts'
import { explainFailure } from './server-log.ts'

const majorVersion = '18'
const stagingPrefix = 'postgres.init-'

/**
 * Makes sure that there is a complete cluster with the database `gatehouse`, and returns its passwords. It is made in a directory of
 * another name and renamed when it is complete: what an interrupted start leaves behind is removed here and made anew.
 */
export async function ensureCluster(place: Place, durable: boolean, log: Log): Promise<Credentials> {
  await removeUnfinished(place)
  const known = await readCredentials(place.dataDir)
  const exists = await hasCluster(place)
  const credentials = known ?? makeCredentials()
  if (!exists) {
    log.info({ directory: place.cluster }, 'creating the embedded PostgreSQL')
    await createCluster(place, credentials, durable)
  } else if (!known) {
    log.warn({ directory: place.cluster }, 'the file of the database passwords was lost: new ones are set')
    await runSingleUser(place, place.cluster, [setPassword('postgres', credentials), setPassword('gatehouse', credentials)])
  }
  // Last: interrupted before this, the next start finds a cluster without the file and sets new passwords.
  if (!known) await writeCredentials(place.dataDir, credentials)
  return credentials
}

async function hasCluster({ cluster }: Place): Promise<boolean> {
  const version = await readFile(path.join(cluster, 'PG_VERSION'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (version === undefined) {
    await rmdir(cluster).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return
      throw new DatabaseStartError(
        `${cluster} holds something that is not a PostgreSQL cluster: move it away, or set GATEHOUSE_DATA_DIR elsewhere.`,
      )
    })
    return false
  }
  if (version.trim() !== majorVersion) {
    throw new DatabaseStartError(
      `${cluster} was made by PostgreSQL ${version.trim()}, but PostgreSQL ${majorVersion} is installed here: dump it with the old ` +
        'version ("pg_dump"), move the directory away, start, and load the dump; or go back to the old version of Gatehouse.',
    )
  }
  return true
}

async function createCluster(place: Place, credentials: Credentials, durable: boolean): Promise<void> {
  const { account, dataDir, cluster, binaries } = place
  const staging = path.join(dataDir, `${stagingPrefix}${randomBytes(6).toString('hex')}`)
  const unfinished = path.join(staging, 'cluster')
  const passwordFile = path.join(staging, 'password')
  try {
    await mkdir(staging, { mode: 0o700 })
    await writeFile(passwordFile, `${credentials.postgres}\n`, { mode: 0o600 })
    if (account) for (const owned of [passwordFile, staging]) await chown(owned, account.uid, account.gid)
    const initdbArguments = [
      `--pgdata=${unfinished}`,
      '--encoding=UTF8',
      // Order by code point on every machine; the locale of the system's library, which not every system has, is not used at all.
      ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
      '--data-checksums',
      ...['--auth-local=scram-sha-256', '--auth-host=scram-sha-256', '--username=postgres', `--pwfile=${passwordFile}`],
      ...(durable ? [] : ['--no-sync']),
    ]
    await run(place, binaries.initdb, initdbArguments)
    const { gatehouse } = credentials
    await runSingleUser(place, unfinished, [
      `CREATE ROLE gatehouse LOGIN PASSWORD '${gatehouse}'`,
      'CREATE DATABASE gatehouse OWNER gatehouse',
    ])
    await rename(unfinished, cluster)
    await syncDirectory(dataDir)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

const setPassword = (role: keyof Credentials, credentials: Credentials) => `ALTER ROLE ${role} PASSWORD '${credentials[role]}'`

/** Runs statements without a server, so that nothing can connect meanwhile. The cluster's server must not run. */
async function runSingleUser(place: Place, cluster: string, statements: string[]): Promise<void> {
  const output = await run(
    place,
    place.binaries.postgres,
    ['--single', '-D', cluster, '-c', 'exit_on_error=on', 'postgres'],
    `${statements.join('\n')}\n`,
  )
  if (/^(ERROR|FATAL|PANIC):/m.test(output)) throw failed(place, output)
}

/** Runs a program of PostgreSQL to its end and returns what it said. */
function run(place: Place, program: string, args: string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...place.account, cwd: '/', env: serverEnvironment, stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    const collect = (chunk: Buffer) => {
      output += chunk.toString('utf8')
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    // It may end before it has read its input; its exit code tells then.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve(output) : reject(failed(place, output))))
  })
}

/** Nothing of the caller's environment: PGDATA, PGOPTIONS or a locale in it would change what is made. */
export const serverEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C' }

const failed = (place: Place, output: string) =>
  new DatabaseStartError(`The embedded PostgreSQL could not be created in ${place.dataDir}: ${explainFailure(output)}`)

async function removeUnfinished({ dataDir }: Place): Promise<void> {
  const leftovers = (await readdir(dataDir)).filter((name) => name.startsWith(stagingPrefix))
  // An interrupted start's initdb may still be writing there for a second; what it leaves then is removed by the next start.
  const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }
  await Promise.allSettled(leftovers.map((name) => rm(path.join(dataDir, name), removal)))
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  await handle.sync().finally(() => handle.close())
}
