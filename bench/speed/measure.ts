import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { cpuSecondsOf, cpuSecondsWithin, residentMb } from '../processes.ts'
import { type Pin, peersDirectory, type RunningContender } from './contenders.ts'
import type { DataShape } from './data.ts'
import type { BenchDatabase } from './database.ts'
import { type ShapeName, type Target, targetOf } from './shapes.ts'

export interface Measurement {
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
  /** CPU a request; null where the system does not tell. */
  nodeMs: number | null
  postgresMs: number | null
  statements: number
  residentMb: number | null
  /** Of the load generator, in cores: near 1 it is what limits. */
  loadCpu: number
}

export interface Load {
  connections: number
  seconds: number
  node: string
  pin: Pin
}

interface LoadResult {
  requests: number
  failed: number
  seconds: number
  p50Ms: number | null
  p99Ms: number | null
  loadCpu: number
}

/** At the start of each turn, not counted. */
const leadSeconds = 1

/** Sends one shape to one contender for so long. Throws where an answer was an error: that is not a measurement. */
export async function measure(
  contender: RunningContender,
  shapeName: ShapeName,
  database: BenchDatabase,
  data: DataShape,
  load: Load,
): Promise<Measurement> {
  const clients = Array.from({ length: load.connections }, (_, connection) =>
    targetsOf(shapeName, connection, load.connections, data).map((target) => request(contender, shapeName, database, target)),
  )
  const read = async () => ({
    node: cpuSecondsOf(contender.process.pid),
    postgres: cpuSecondsWithin(database.pid),
    statements: await database.statements(),
  })
  // The others' turns took so long that connections were closed meanwhile: those are opened, and their statements prepared, before it counts.
  await runLoad({ url: contender.url, seconds: leadSeconds, clients }, load)
  await resetConnectors(database)
  const before = await read()
  const result = await runLoad({ url: contender.url, seconds: load.seconds, clients }, load)
  const after = await read()
  if (result.failed > 0 || result.requests === 0) {
    throw new Error(`${contender.name} failed ${result.failed} of ${result.requests + result.failed} requests of ${shapeName}`)
  }
  const msEach = (seconds: number) => (before.postgres === 0 ? null : (seconds * 1000) / result.requests)
  return {
    requestsPerSecond: result.requests / result.seconds,
    p50Ms: result.p50Ms ?? 0,
    p99Ms: result.p99Ms ?? 0,
    nodeMs: msEach(after.node - before.node),
    postgresMs: msEach(after.postgres - before.postgres),
    statements: (after.statements - before.statements) / result.requests,
    residentMb: residentMb(contender.process.pid),
    loadCpu: result.loadCpu,
  }
}

/** One request, answered whole. */
export async function ask(contender: RunningContender, shapeName: ShapeName, database: BenchDatabase, target: Target): Promise<unknown> {
  const { body, headers } = request(contender, shapeName, database, target)
  const response = await fetch(contender.url, { method: 'POST', body, headers })
  return response.json()
}

/** All as they were filled: disabled, at their first version. */
export async function resetConnectors({ client }: BenchDatabase): Promise<void> {
  await client.query('update "SsoConnector" set "enabled" = false, "version" = 1 where "enabled" or "version" > 1')
}

/** What one connection asks for, in turn: reads go over all organizations, a transition goes to and fro on a connector of its own. */
function targetsOf(shapeName: ShapeName, connection: number, connections: number, data: DataShape): Target[] {
  const { organizations } = data
  if (shapeName === 'M1') {
    const connector = Math.floor(connection / organizations)
    return [true, false].map((enabled) => targetOf(connection % organizations, data, connector, enabled))
  }
  const count = Math.max(1, Math.ceil(organizations / connections))
  return Array.from({ length: count }, (_, index) => targetOf((connection + index * connections) % organizations, data))
}

function request({ dialect }: RunningContender, shapeName: ShapeName, { keys }: BenchDatabase, target: Target) {
  const { query, variables } = dialect[shapeName]
  const key = keys[target.organization]
  return {
    body: JSON.stringify({ operationName: shapeName, query, variables: variables(target) }),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
  }
}

async function runLoad(job: object, { node, pin }: Load): Promise<LoadResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-load-'))
  try {
    const file = path.join(folder, 'job.json')
    await writeFile(file, JSON.stringify(job))
    const [command = node, ...args] = [...pin.load, node, path.join(peersDirectory, 'load.mjs'), file]
    const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 1e8 })
    return JSON.parse(stdout) as LoadResult
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
