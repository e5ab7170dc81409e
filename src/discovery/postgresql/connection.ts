import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import type { OutboundGuard } from '../../outbound/outbound-guard.ts'

export interface Server {
  host: string
  port: number
  database: string
  tlsMode: string
  caCertificate: string | null
  username: string
  password: string
}

/** Runs a statement and gives its rows, each a list of texts; a value that is no text is null. */
export type Query = (text: string) => Promise<(string | null)[][]>

const connectMs = 10_000
const statementMs = 10_000
/** Of everything the server sends. */
const maxBytes = 64 * 1024 * 1024
/** How often that is looked at. */
const watchMs = 20

/** The server sent more than is taken of one. */
export class TooMuchError extends Error {}

/**
 * Connects through the guard, runs `work` in a transaction that can write nothing, and closes. Bounded in time, by statement and as a
 * whole (`signal`), and in bytes: the server is somebody's, and need not be a PostgreSQL at all.
 */
export async function withConnection<T>(
  server: Server,
  outbound: OutboundGuard,
  signal: AbortSignal,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  const { host, port, database, username: user, password } = server
  const socket = await outbound.connect({ host, port }, { timeoutMs: connectMs, signal })
  const cut = new AbortController()
  const ends = AbortSignal.any([signal, cut.signal])
  const watch = setInterval(() => socket.bytesRead > maxBytes && cut.abort(new TooMuchError('the server sent too much')), watchMs)
  const end = () => socket.destroy()
  ends.addEventListener('abort', end, { once: true })
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    password,
    ssl: tlsOptions(server),
    stream: () => alreadyConnected(socket),
    connectionTimeoutMillis: connectMs,
    query_timeout: statementMs + 1_000,
    application_name: 'gatehouse',
    // Every value as the text it comes in: the server says of what type each is, and would be believed.
    types: { getTypeParser: () => (value: unknown) => value },
  })
  // An error that nobody waits for: whoever waits gets one, too.
  client.on('error', () => undefined)
  socket.on('error', () => undefined)
  try {
    if (ends.aborted) throw ends.reason
    await client.connect()
    // A role's own search path would let its functions and tables stand in front of the catalog's.
    await client.query(`begin transaction isolation level repeatable read read only; set local statement_timeout = ${statementMs};
      set local search_path = pg_catalog`)
    return await work(async (text) => {
      const { rows } = await client.query<unknown[]>({ text, rowMode: 'array' })
      return rows.map((row) => row.map((value) => (typeof value === 'string' ? value : null)))
    })
  } catch (error) {
    throw ends.aborted ? ends.reason : error
  } finally {
    clearInterval(watch)
    ends.removeEventListener('abort', end)
    // A server that does not listen any more is not waited for.
    void client.end().catch(() => undefined)
    socket.destroySoon()
    setTimeout(end, 1_000).unref()
  }
}

/** The driver connects what it is given, by name: this one is connected, and to what was checked. */
function alreadyConnected(socket: Socket): Socket {
  return Object.assign(socket, {
    connect: () => {
      process.nextTick(() => socket.emit('connect'))
      return socket
    },
  })
}

/** The driver adds the host's name, for which the certificate has to be. */
function tlsOptions({ tlsMode, caCertificate }: Server): ConnectionOptions | false {
  const ca = caCertificate ? { ca: caCertificate } : {}
  if (tlsMode === 'disable') return false
  if (tlsMode === 'require') return { rejectUnauthorized: false }
  if (tlsMode === 'verify-ca') return { rejectUnauthorized: true, checkServerIdentity: () => undefined, ...ca }
  return { rejectUnauthorized: true, ...ca }
}
