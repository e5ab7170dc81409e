import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { startEmbeddedPostgres } from '../src/platform/database/embedded-postgres.ts'
import { createLog } from '../src/platform/log.ts'

// Subscribers on two server processes and one database: does each see each change once and in order, how late, and what does it cost?
//   npx tsx bench/subscriptions.ts --subscribers 500 --components 20
const { values } = parseArgs({
  options: { subscribers: { type: 'string', default: '500' }, components: { type: 'string', default: '20' } },
})
const subscribers = Math.min(Number(values.subscribers), 5_000)
const components = Math.min(Number(values.components), 200)
const ports = [4571, 4572]
const adminKey = randomBytes(24).toString('hex')
const undo: (() => unknown)[] = []

try {
  await run()
} finally {
  for (const step of undo.reverse()) await step()
}
process.exit(0)

async function run(): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-bench-'))
  undo.push(() => rm(dataDir, { recursive: true, force: true }))
  const postgres = await startEmbeddedPostgres({ dataDir, log: createLog('error'), settings: { max_connections: '100' } })
  undo.push(() => postgres.stop())
  const servers = []
  for (const port of ports) servers.push(await startServer(port, postgres.url))

  const [first] = ports as [number]
  const { createOrganization } = await send(
    first,
    adminKey,
    'mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { id } } }',
    {
      input: { slug: 'bench', name: 'Bench' },
    },
  )
  const organizationId = createOrganization.organization.id
  const { createApiKey } = await send(first, adminKey, 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }', {
    input: { organizationId, name: 'bench', scopes: ['ADMIN'] },
  })
  const key = createApiKey.secret as string
  await send(
    first,
    key,
    'mutation ($organizationId: ID!) { installAwsIntegration(input: { organizationId: $organizationId }) { errors { message } } }',
    { organizationId },
  )

  const before = await memories(servers)
  const seen = Array.from({ length: subscribers }, () => new Map<string, string[]>())
  for (const [index, mine] of seen.entries()) {
    const client = createClient({
      url: `ws://127.0.0.1:${ports[index % ports.length]}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${key}` },
      lazy: false,
      retryAttempts: 0,
    })
    undo.push(() => client.dispose())
    client.subscribe(
      {
        query:
          'subscription ($organizationId: ID!) { componentChanged(organizationId: $organizationId) { change id component { itemId state } } }',
        variables: { organizationId },
      },
      {
        next({ data }) {
          if (!data) return
          const { id, change } = data.componentChanged as { id: string; change: string }
          mine.set(id, [...(mine.get(id) ?? []), change])
        },
        error: (error) => console.error(`subscriber ${index} ended:`, error),
        complete: () => undefined,
      },
    )
  }
  // The protocol does not say when a subscription stands: the first component is staged until all have seen one.
  const stage = async (itemId: string) =>
    (
      await send(first, key, 'mutation ($input: StageComponentInput!) { stageComponent(input: $input) { component { id } } }', {
        input: { organizationId, kind: 'ACCESS_LOGS', itemId },
      })
    ).stageComponent.component.id as string
  for (let i = 0; i < 60 && seen.some(({ size }) => size === 0); i++) {
    await stage(String(100_000_000_000 + i))
    await pause(500)
  }
  const ready = await memories(servers)

  const started = performance.now()
  const ids: string[] = []
  for (let i = 0; i < components; i++) {
    const id = await stage(String(200_000_000_000 + i))
    ids.push(id)
    await send(first, key, 'mutation ($id: ID!) { removeComponent(input: { id: $id }) { errors { message } } }', { id })
  }
  const wanted = components * 2
  const count = () => seen.reduce((sum, mine) => sum + ids.reduce((all, id) => all + (mine.get(id)?.length ?? 0), 0), 0)
  for (let i = 0; i < 600 && count() < subscribers * wanted; i++) await pause(100)
  const tookMs = performance.now() - started
  await pause(1_000)
  const faults = seen.reduce((sum, mine) => sum + ids.filter((id) => String(mine.get(id)) !== 'CREATED,DELETED').length, 0)
  const after = await memories(servers)
  console.log(
    JSON.stringify({
      subscribers,
      changes: wanted,
      delivered: count(),
      missingTwiceOrOutOfOrder: faults,
      seconds: Math.round(tookMs / 100) / 10,
      deliveriesPerSecond: Math.round(count() / (tookMs / 1000)),
      residentMB: { idle: before, subscribed: ready, after },
    }),
  )
}

async function startServer(port: number, databaseUrl: string): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/server-process.ts'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      GATEHOUSE_PUBLIC_URL: `http://127.0.0.1:${ports[0]}`,
      GATEHOUSE_ADMIN_KEY: adminKey,
      GATEHOUSE_ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 1).toString('base64')}`,
      GATEHOUSE_LOG_LEVEL: 'warn',
    },
  })
  undo.push(async () => {
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('exit', resolve))
  })
  for (let i = 0; i < 120; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
    if (answer?.ok) return child.pid as number
    await pause(500)
  }
  throw new Error(`the server on port ${port} did not become ready`)
}

// biome-ignore lint/suspicious/noExplicitAny: an answer's shape is the query's
async function send(port: number, key: string, query: string, variables: object): Promise<any> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await response.json()) as { data?: unknown; errors?: { message: string }[] }
  if (errors) throw new Error(errors.map(({ message }) => message).join('\n'))
  return data
}

/** Resident memory of each server process, in MB. */
async function memories(pids: number[]): Promise<number[]> {
  return Promise.all(
    pids.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
      return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
    }),
  )
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
