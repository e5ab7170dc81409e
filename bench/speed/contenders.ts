import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BenchProcess, startProcess } from '../processes.ts'
import { type Dialect, gatehouse, handwritten, postgraphile } from './shapes.ts'

export const peersDirectory = fileURLToPath(new URL('../peers/', import.meta.url))
/** The Node.js of the peers' package: the newest contender needs it, and all run on the same. */
export const peersNode = path.join(peersDirectory, 'node_modules', 'node', 'bin', 'node')

export interface Contender {
  name: string
  dialect: Dialect
  /** Arguments of Node.js. */
  args: string[]
  ready: RegExp
  env?: Record<string, string>
}

export interface RunningContender extends Contender {
  process: BenchProcess
  url: string
}

const peer = (name: string, file: string, dialect: Dialect): Contender => ({
  name,
  dialect,
  args: [path.join(peersDirectory, 'servers', file)],
  ready: /^ready: (\S+)/,
})

export const contenders: Contender[] = [
  peer('LIMIT', 'limit.mjs', handwritten),
  peer('PostGraphile', 'postgraphile.mjs', postgraphile),
  peer('Mercurius', 'mercurius.mjs', handwritten),
  peer('Yoga + Pothos + Prisma', 'pothos.mjs', handwritten),
  {
    name: 'Gatehouse',
    dialect: gatehouse,
    // As npm start does it: built, and everything on.
    args: ['scripts/start.mjs'],
    ready: /ready: (http:\/\/[^/\s]+)/,
    env: {
      PORT: '0',
      GATEHOUSE_ADMIN_KEY: 'the-administrator-of-a-bench-has-this-key',
      GATEHOUSE_ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 'bench').toString('base64')}`,
    },
  },
]

/** What `npm start` gives Node.js; the peers get it as well. */
const nodeFlags = ['--max-semi-space-size=64']

/** Starts a contender on the first core, where the system can bind it; PostgreSQL may use any. */
export async function startContender(
  contender: Contender,
  options: { node: string; databaseUrl: string; pin: Pin; profileDir?: string | null },
) {
  const { node, databaseUrl, pin, profileDir } = options
  const profiling = profileDir ? ['--cpu-prof', '--cpu-prof-dir', profileDir] : []
  const process = await startProcess(
    [...nodeFlags, ...profiling, ...contender.args],
    { DATABASE_URL: databaseUrl, GRAPHILE_ENV: 'production', NODE_ENV: 'production', ...contender.env },
    contender.ready,
    { node, pin: pin.server, discardLog: true },
  )
  const { origin } = new URL(process.said)
  return { ...contender, process, url: `${origin}/graphql` }
}

/** What binds a process to a core: for servers and for the load. Empty where there is no taskset or but one core. */
export interface Pin {
  server: string[]
  load: string[]
}
