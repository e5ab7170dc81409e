import { randomBytes, randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startEmbeddedPostgres } from '../src/platform/database/embedded-postgres.ts'
import { createLog } from '../src/platform/log.ts'
import { type BenchProcess, startProcess } from './processes.ts'
import { type Subscribers, subscribe, subscribeInSilence } from './subscribers.ts'

const usage = `npx tsx bench/subscriptions.ts [--subscribers 500] [--components 20] [--arrival-ms 0]

Subscribers to one organization's components on two server processes and one database: components are staged and removed, and each
subscriber has to see each change once and in order. Then one that does not read: it has to be dropped, and the memory to stay flat.`

const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '500' },
    components: { type: 'string', default: '20' },
    'arrival-ms': { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
})
const [count, components] = [Number(values.subscribers), Number(values.components)]
if (values.help || !(count >= 2 && count <= 5_000) || !(components >= 1 && components <= 200)) {
  console.error(usage)
  process.exit(2)
}

const adminKey = randomBytes(24).toString('hex')
const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-bench-'))
const undo: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })]
try {
  const postgres = await startEmbeddedPostgres({ dataDir: folder, log: createLog('error'), settings: { max_connections: '100' } })
  undo.push(() => postgres.stop())
  const servers: BenchProcess[] = []
  const firstPort = randomInt(20_000, 30_000)
  for (const port of [firstPort, firstPort + 1]) servers.push(await startServer(port, postgres.url))
  const urls = servers.map(({ said }) => said)
  const memory = watchMemory(servers)
  undo.push(() => memory.stop())

  const organization = await makeOrganization(urls[0] ?? '', 'bench')
  const idle = memory.now()
  const subscribers = subscribe(urls, organization.key, organization.id, count, Number(values['arrival-ms']))
  undo.push(() => subscribers.close())
  await standing(organization, subscribers)
  const subscribed = memory.now()
  memory.peak()
  const measured = await tell(organization, subscribers)
  print({
    ...measured,
    'resident MB, idle': idle,
    'resident MB, subscribed': subscribed,
    'resident MB, peak while told': memory.peak(),
    'resident MB, after': memory.now(),
  })

  print(await silence(postgres.url, urls[0] ?? '', memory))
} finally {
  for (const step of undo.reverse()) await step()
}

interface Organization {
  id: string
  stage(itemId: string): Promise<string>
  remove(id: string): Promise<void>
  key: string
}

/** Stages one component after the other until every subscriber has been told of one: the protocol does not say when a subscription stands. */
async function standing({ stage }: Organization, { told }: Subscribers): Promise<void> {
  for (let i = 0; i < 60 && told.some(({ size }) => size === 0); i++) {
    await stage(String(100_000_000_000 + i))
    await delay(1_000)
  }
}

/** Stages and removes components. What each subscriber is told of each of them has to be CREATED and DELETED. */
async function tell({ stage, remove }: Organization, { told }: Subscribers): Promise<Record<string, string | number>> {
  const startedMs = performance.now()
  const ids: string[] = []
  const latenciesMs: number[] = []
  const decided = new Map<string, number[]>()
  for (let i = 0; i < components; i++) {
    const id = await stage(String(200_000_000_000 + i))
    decided.set(id, [performance.now()])
    await remove(id)
    decided.get(id)?.push(performance.now())
    ids.push(id)
  }
  const delivered = () => told.reduce((sum, mine) => sum + ids.reduce((all, id) => all + (mine.get(id)?.length ?? 0), 0), 0)
  const wanted = count * components * 2
  for (let i = 0; i < 1_200 && delivered() < wanted; i++) await delay(100)
  const seconds = (performance.now() - startedMs) / 1_000
  // Whatever came twice would come now.
  await delay(2_000)
  let faults = 0
  for (const mine of told) {
    for (const id of ids) {
      const events = mine.get(id) ?? []
      if (events.map(({ change }) => change).join() !== 'CREATED,DELETED') faults += 1
      for (const [i, { atMs }] of events.entries()) latenciesMs.push(atMs - (decided.get(id)?.[i] ?? atMs))
    }
  }
  latenciesMs.sort((a, b) => a - b)
  const quantile = (share: number) => Math.round(latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0)
  if (faults > 0) process.exitCode = 1
  return {
    'subscribers, on two processes': count,
    'changes of components (and as many of their BASE)': components * 2,
    'events told': delivered(),
    'missing, twice or out of order': faults,
    'events a second': Math.round((2 * delivered()) / seconds),
    'from the answer of the mutation to the event, ms (median, 99 %)': `${quantile(0.5)}, ${quantile(0.99)}`,
  }
}

/** One subscriber that asks for much and reads nothing, and a burst of changes that would be 160 MB for it. */
async function silence(databaseUrl: string, url: string, memory: ReturnType<typeof watchMemory>): Promise<Record<string, string | number>> {
  const burst = 4_000
  const organization = await makeOrganization(url, 'silence')
  const id = await organization.stage('300000000000')
  const silent = await subscribeInSilence(url, organization.key, organization.id)
  await delay(1_000)
  const before = memory.now()
  memory.peak()
  const client = new pg.Client(databaseUrl)
  await client.connect()
  await client.query(
    `with written as (insert into "Change" ("organizationId", "noun", "subjectId", "change") select $1, 'Component', $2, 'UPDATED' from generate_series(1, $3::int))
     select pg_notify('gatehouse_change', '')::text`,
    [organization.id, id, burst],
  )
  await client.end()
  await delay(20_000)
  const peak = memory.peak()
  const code = await Promise.race([silent.readOn(), delay(10_000, 'not at all')])
  if (code !== 1013 && code !== 1006) process.exitCode = 1
  return {
    'a subscriber that does not read: changes of about 40 kB': burst,
    'dropped with the code': code,
    'resident MB, before': before,
    'resident MB, peak': peak,
  }
}

async function startServer(port: number, databaseUrl: string): Promise<BenchProcess> {
  const server = await startProcess(
    ['--import', 'tsx', '--max-semi-space-size=64', 'bench/server-process.ts'],
    {
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      GATEHOUSE_PUBLIC_URL: 'http://127.0.0.1',
      GATEHOUSE_ADMIN_KEY: adminKey,
      GATEHOUSE_ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 1).toString('base64')}`,
      GATEHOUSE_LOG_LEVEL: 'warn',
    },
    /ready: (http:\S+)/,
  )
  undo.push(() => server.stop())
  return server
}

async function makeOrganization(url: string, slug: string): Promise<Organization> {
  const made = await send<{ createOrganization: { organization: { id: string } } }>(
    url,
    adminKey,
    'mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { id } } }',
    { input: { slug, name: slug } },
  )
  const { id } = made.createOrganization.organization
  const { createApiKey } = await send<{ createApiKey: { secret: string } }>(
    url,
    adminKey,
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
    { input: { organizationId: id, name: 'bench', scopes: ['ADMIN'] } },
  )
  const key = createApiKey.secret
  await send(url, key, 'mutation ($id: ID!) { installAwsIntegration(input: { organizationId: $id }) { errors { message } } }', { id })
  return {
    id,
    key,
    async stage(itemId) {
      const { stageComponent } = await send<{ stageComponent: { component: { id: string } } }>(
        url,
        key,
        'mutation ($input: StageComponentInput!) { stageComponent(input: $input) { component { id } } }',
        { input: { organizationId: id, kind: 'INVENTORY', itemId } },
      )
      return stageComponent.component.id
    },
    async remove(componentId) {
      await send(url, key, 'mutation ($id: ID!) { removeComponent(input: { id: $id }) { errors { message } } }', { id: componentId })
    },
  }
}

async function send<Answer>(url: string, key: string, query: string, variables: object): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await response.json()) as { data: Answer; errors?: { message: string }[] }
  if (errors) throw new Error(errors.map(({ message }) => message).join('\n'))
  return data
}

/** Resident memory of the servers in MB, looked at five times a second. Where there is no /proc it reads 0. */
function watchMemory(servers: BenchProcess[]) {
  const read = () =>
    servers.map(({ pid }) => {
      try {
        return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
      } catch {
        return 0
      }
    })
  let highest = read()
  const timer = setInterval(() => {
    highest = read().map((mb, i) => Math.max(mb, highest[i] ?? 0))
  }, 200)
  return {
    now: () => read().join(' + '),
    /** The most since the last call. */
    peak() {
      const peak = highest.join(' + ')
      highest = read()
      return peak
    },
    stop: () => clearInterval(timer),
  }
}

function print(table: Record<string, string | number>): void {
  for (const [what, value] of Object.entries(table)) console.log(`| ${what} | ${value} |`)
}
