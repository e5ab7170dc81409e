import { realpath } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { ensureCluster } from './embedded/cluster.ts'
import { type Credentials, readCredentials } from './embedded/credentials.ts'
import { stopLeftover } from './embedded/leftover.ts'
import { isDataDirectoryLocked, lockDataDirectory } from './embedded/lock.ts'
import { preparePlace, runDirOf, socketName } from './embedded/place.ts'
import { runServer } from './embedded/server.ts'
import { asStartError, DatabaseStartError } from './start-error.ts'

export interface EmbeddedPostgres {
  /** The database `gatehouse` as the role that owns it. Over a Unix socket: no port is taken and no other user of the machine gets in. */
  url: string
  /** The same server as its superuser, for maintenance. */
  superuserUrl: string
  /** Ends the server and frees the data directory; within 8 s. Close the connections first: what still runs is cut off. */
  stop(): Promise<void>
}

const joinMs = 15_000

/**
 * Starts the PostgreSQL that came with npm on `<dataDir>/postgres`, creating it the first time. One process at a time has a data directory;
 * what a killed one left there (an unfinished cluster, a running server, a crashed one) is put right. The server ends with this process.
 * @param settings PostgreSQL's own, over ours; `fsync: 'off'` for throw-away servers.
 * @throws DatabaseStartError with one message for the operator
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string
  log: Log
  settings?: Record<string, string>
}): Promise<EmbeddedPostgres> {
  const { log, settings = {} } = options
  try {
    const place = await preparePlace(options.dataDir, log)
    const lock = await lockDataDirectory(place.runDir, place.dataDir)
    try {
      await stopLeftover(place, log)
      const credentials = await ensureCluster(place, settings.fsync !== 'off', log)
      const server = await runServer(place, settings, log)
      return { ...urlsOf(place.runDir, credentials), stop: () => server.stop().finally(lock.release) }
    } catch (error) {
      await lock.release()
      throw error
    }
  } catch (error) {
    throw asStartError(error, path.resolve(options.dataDir))
  }
}

/**
 * The address of the server that another process runs on the data directory; one that is just starting is waited for (15 s).
 * @throws DatabaseStartError if none runs: it is never started here
 */
export async function joinEmbeddedPostgres(options: { dataDir: string }): Promise<{ url: string }> {
  const requested = path.resolve(options.dataDir)
  try {
    const dataDir = await realpath(requested).catch(() => requested)
    const runDir = runDirOf(dataDir)
    for (const deadline = Date.now() + joinMs; Date.now() < deadline; await delay(100)) {
      if (await accepts(path.join(runDir, socketName))) {
        const credentials = await readCredentials(dataDir)
        if (credentials) return { url: urlsOf(runDir, credentials).url }
      }
      if (!(await isDataDirectoryLocked(runDir))) break
    }
  } catch (error) {
    throw asStartError(error, requested)
  }
  throw new DatabaseStartError(
    `No embedded PostgreSQL runs on the data directory ${requested}: start the server first ("npm start") with the same GATEHOUSE_DATA_DIR, or set DATABASE_URL.`,
  )
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath)
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

/** The host in front is a placeholder that every parser of URLs accepts; the parameter names the directory of the socket. */
const urlsOf = (runDir: string, { gatehouse, postgres }: Credentials) => {
  const socket = `host=${encodeURIComponent(runDir)}`
  return {
    url: `postgresql://gatehouse:${gatehouse}@localhost/gatehouse?${socket}`,
    superuserUrl: `postgresql://postgres:${postgres}@localhost/postgres?${socket}`,
  }
}
