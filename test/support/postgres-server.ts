import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { findAccount } from '../../src/platform/database/embedded/account.ts'
import { findBinaries } from '../../src/platform/database/embedded/binaries.ts'
import { freePort } from './app.ts'

const run = promisify(execFile)

/** PostgreSQL 18, which comes with npm, and Debian's 15. */
export const binaries = {
  18: findBinaries().directory,
  15: '/usr/lib/postgresql/15/bin',
}

/** Whether tests that need both are left out: on a machine without Debian's, or without openssl, but never in CI, where they fail instead. */
export const withoutServers = !(existsSync(`${binaries[15]}/postgres`) && existsSync('/usr/bin/openssl')) && !process.env.CI

export interface PostgresServer {
  port: number
  /** The certificate of the authority that signed the server's, which is for the name localhost; '' without TLS. */
  ca: string
  /** Runs statements as the superuser, whose name and password are `admin`. */
  run(sql: string, database?: string): Promise<void>
  stop(): Promise<void>
}

/** A server that anybody on this machine reaches over TCP, with a password. PostgreSQL does not run as root. */
export async function startPostgresServer(version: keyof typeof binaries, { tls = false } = {}): Promise<PostgresServer> {
  const directory = await mkdtemp(path.join(tmpdir(), `gatehouse-pg${version}-`))
  const cluster = path.join(directory, 'cluster')
  // The one that the way to the embedded binaries is open for.
  const account = await findAccount(cluster)
  const own = async (file: string, mode: number) => {
    await chmod(file, mode)
    if (account) await chown(file, account.uid, account.gid)
  }
  await own(directory, 0o700)
  const bin = binaries[version]
  const passwordFile = path.join(directory, 'password')
  await writeFile(passwordFile, 'admin')
  await own(passwordFile, 0o600)
  const options = { ...account, cwd: directory, env: { LC_ALL: 'C', PATH: process.env.PATH } }
  await run(
    path.join(bin, 'initdb'),
    ['-D', cluster, '-U', 'admin', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync', '-E', 'UTF8'],
    options,
  )
  const ca = tls ? await makeCertificates(directory, own) : ''
  const port = await freePort()
  const settings = {
    listen_addresses: 'localhost',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'off',
    ...(tls ? { ssl: 'on', ssl_cert_file: `${directory}/server.crt`, ssl_key_file: `${directory}/server.key` } : {}),
  }
  const args = ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const server = spawn(path.join(bin, 'postgres'), args, { ...options, stdio: 'ignore' })
  const connect = async (database = 'postgres') => {
    const client = new pg.Client({ host: 'localhost', port, user: 'admin', password: 'admin', database })
    await client.connect()
    return client
  }
  await untilReady(server, () => connect().then((client) => client.end()))
  return {
    port,
    ca,
    async run(sql, database) {
      const client = await connect(database)
      await client.query(sql).finally(() => client.end())
    },
    async stop() {
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGQUIT')
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function untilReady(server: ChildProcess, attempt: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await attempt()
      return
    } catch (error) {
      if (server.exitCode !== null || tries > 300) throw error
      await delay(50)
    }
  }
}

/** An authority, and a certificate of its for localhost. */
async function makeCertificates(directory: string, own: (file: string, mode: number) => Promise<void>): Promise<string> {
  const file = (name: string) => path.join(directory, name)
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory })
  const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '2']
  await openssl('req', '-x509', ...key, '-subj', '/CN=Test authority', '-keyout', 'ca.key', '-out', 'ca.crt')
  await openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr')
  await writeFile(file('names'), 'subjectAltName=DNS:localhost')
  await openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'names',
    '-out',
    'server.crt',
  )
  await own(file('server.key'), 0o600)
  await own(file('server.crt'), 0o644)
  const { stdout } = await run('cat', [file('ca.crt')])
  return stdout
}
