import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createApp } from '../src/app.ts'
import { boot } from '../src/boot.ts'
import { readConfig } from '../src/config.ts'
import { createLog } from '../src/platform/log.ts'
import { countStatements } from '../test/support/statements.ts'
import { watchOwnMemory } from './processes.ts'
import { rowsWritten } from './rows-written.ts'

const usage = `npx tsx bench/reports.ts [--agents 20] [--resources 5000] [--batch 1000] [--permissions 200]

So many connector agents report at once, each for an integration of its own, in runs of many calls: all of it for the first time, the same
again, and again with one resource in a hundred changed. Over HTTP to a server in a process of its own, with the embedded PostgreSQL.`

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '20' },
    resources: { type: 'string', default: '5000' },
    batch: { type: 'string', default: '1000' },
    permissions: { type: 'string', default: '200' },
    server: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const [agents, resources, batch, permissions] = [values.agents, values.resources, values.batch, values.permissions].map(Number) as [
  number,
  number,
  number,
  number,
]
if (values.help || ![agents, resources, batch, permissions].every((number) => number >= 1) || agents > 100 || batch > 5_000) {
  console.error(usage)
  process.exit(2)
}

/** What the server saw between two looks. */
interface Seen {
  statements: number
  peakMb: number
  /** Rows inserted, updated and deleted, by table. */
  written: Record<string, number>
}

if (values.server) await serve()
else await measure()

async function measure(): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-bench-'))
  const server = fork(process.argv[1] ?? '', ['--server'], {
    execArgv: [...process.execArgv, '--max-semi-space-size=64'],
    env: { ...process.env, GATEHOUSE_DATA_DIR: dataDir },
  })
  try {
    const { url, adminKey } = await told<{ url: string; adminKey: string }>(server)
    const reporters = await makeAgents(url, adminKey)
    const all = agents * resources
    const table = []
    for (const [run, changed] of [['first', 0] as const, ['second, the same', 0] as const, ['third, 1 in 100 changed', 100] as const]) {
      const bodies = reporters.map(({ integrationId }) => bodiesOf(integrationId, run, changed))
      server.send('begin')
      await told(server)
      const startedMs = performance.now()
      await Promise.all(
        reporters.map(async ({ key }, i) => {
          for (const body of bodies[i] ?? []) await post(url, key, body)
        }),
      )
      const seconds = (performance.now() - startedMs) / 1_000
      server.send('end')
      const { statements, peakMb, written } = await told<Seen>(server)
      const { Resource = 0, IntegrationPermission = 0, ...rest } = written
      const others = Object.values(rest).reduce((sum, rows) => sum + rows, 0)
      table.push({
        ...{
          report: run,
          'wall s': seconds.toFixed(1),
          'resources/s': Math.round(all / seconds),
          statements,
          'peak MB of the server': peakMb,
        },
        ...{ 'rows written: resources': Resource, permissions: IntegrationPermission, others },
      })
      console.log(run, JSON.stringify(rest))
    }
    console.log(
      `${agents} agents, ${all} resources, ${agents * permissions} permissions, ${batch} resources a call; Node.js ${process.version}, ${availableParallelism()} cores for agents, server and database together`,
    )
    console.table(table)
  } finally {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.send('stop')
    await ended
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

function told<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null) => reject(new Error(`the server ended with ${code}`))
    child.once('exit', gone)
    child.once('message', (message) => {
      child.off('exit', gone)
      resolve(message as T)
    })
  })
}

/** The calls of one run, the last of which ends it. `changed`: each how many-th resource is another than before; 0: none. */
function bodiesOf(integrationId: string, runId: string, changed: number): string[] {
  const calls = Math.ceil(resources / batch)
  return Array.from({ length: calls }, (_, call) => {
    const from = call * batch
    const part = Array.from({ length: Math.min(batch, resources - from) }, (_, i) =>
      resource(from + i, changed > 0 && (from + i) % changed === 0),
    )
    const isLast = call === calls - 1
    const input = { integrationId, runId, complete: isLast, resources: part, ...(isLast ? { permissions: allPermissions() } : {}) }
    const query =
      'mutation ($input: ReportDiscoveryInput!) { reportDiscovery(input: $input) { summary { total } errors { code message } } }'
    return JSON.stringify({ query, variables: { input } })
  })
}

function resource(i: number, isChanged: boolean): object {
  return {
    externalId: `projects/shop/databases/orders-${String(i).padStart(6, '0')}`,
    name: `orders-${i}${isChanged ? ' (moved)' : ''}`,
    type: 'database',
    sourceTags: [
      { key: 'owner', value: `team-${i % 50}@example.com` },
      { key: 'stage', value: i % 3 === 0 ? 'production' : 'test' },
    ],
  }
}

function allPermissions(): object[] {
  return Array.from({ length: permissions }, (_, i) => ({ name: `permission-${i}`, resourceType: 'database' }))
}

async function makeAgents(url: string, adminKey: string): Promise<{ key: string; integrationId: string }[]> {
  const ask = async (key: string, query: string, input: object) => post(url, key, JSON.stringify({ query, variables: { input } }))
  const { createOrganization } = await ask(
    adminKey,
    'mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { id } } }',
    { slug: 'bench', name: 'Bench' },
  )
  const organizationId = createOrganization.organization.id
  const { createApiKey } = await ask(adminKey, 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }', {
    ...{ organizationId, name: 'bench', scopes: ['ADMIN'] },
  })
  const made = []
  for (let i = 0; i < agents; i++) {
    const { registerConnector } = await ask(
      createApiKey.secret,
      'mutation ($input: RegisterConnectorInput!) { registerConnector(input: $input) { connector { id } secret } }',
      { organizationId, name: `agent ${i}` },
    )
    const { createIntegration } = await ask(
      createApiKey.secret,
      'mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) { integration { id } } }',
      { organizationId, name: `of agent ${i}`, type: 'custom', config: {}, connectorId: registerConnector.connector.id },
    )
    made.push({ key: registerConnector.secret, integrationId: createIntegration.integration.id })
  }
  return made
}

/** The data of an answer without errors and refusals. */
// biome-ignore lint/suspicious/noExplicitAny: an answer's shape is the query's
async function post(url: string, key: string, body: string): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body,
  })
  const { data, errors } = (await response.json()) as { data?: Record<string, { errors?: object[] }>; errors?: object[] }
  const refused = errors ?? Object.values(data ?? {}).flatMap((payload) => payload.errors ?? [])
  if (refused.length > 0) throw new Error(JSON.stringify(refused))
  return data
}

/** The server as npm start runs it, without page and worker; between 'begin' and 'end' it counts. */
async function serve(): Promise<void> {
  const config = readConfig({ GATEHOUSE_DATA_DIR: process.env.GATEHOUSE_DATA_DIR })
  const booted = await boot(config, createLog('warn'), { embedded: 'start', applicationName: 'gatehouse-bench', migrate: true })
  const app = await createApp({ services: booted.services, adminKeys: booted.adminKeys, playgroundRoot: null })
  const heard = (what: string) =>
    new Promise<void>((resolve) => {
      const listen = (message: unknown) => {
        if (message !== what && message !== 'stop') return
        process.off('message', listen)
        if (message === 'stop')
          void app
            .close()
            .then(() => booted.stop())
            .then(() => process.exit(0))
        else resolve()
      }
      process.on('message', listen)
    })
  const { pool } = booted.services.db
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  let next = heard('begin')
  process.send?.({ url, adminKey: booted.adminKeys[0] })
  for (;;) {
    await next
    const before = await rowsWritten(pool)
    const memory = watchOwnMemory()
    const ended = heard('end')
    const { statements } = await countStatements(async () => {
      process.send?.('counting')
      await ended
    })
    const peakMb = memory.stop()
    const after = await rowsWritten(pool)
    const rows = [...after].map(([table, count]) => [table, count - (before.get(table) ?? 0)] as const).filter(([, count]) => count > 0)
    next = heard('begin')
    process.send?.({ statements: statements.length, peakMb, written: Object.fromEntries(rows) } satisfies Seen)
  }
}
