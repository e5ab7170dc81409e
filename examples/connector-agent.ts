import { randomUUID } from 'node:crypto'
import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'

// A small connector agent: reports the folders and files below a directory as the resources of an integration of type custom.
//   GATEHOUSE_CONNECTOR_KEY=gh_… npx tsx examples/connector-agent.ts --integration int_… --directory /srv [--url http://127.0.0.1:4000] [--every 300]

const version = '1.0.0'
/** Resources a call: far below the 5,000 that are taken, so that a call stays small. */
const batchSize = 1_000
const heartbeatMs = 60_000

interface Resource {
  externalId: string
  name: string
  type: string
  sourceTags: { key: string; value: string }[]
}

export interface AgentOptions {
  url: string
  key: string
  integrationId: string
  directory: string
}

/** Reads the directory and reports it as one run of as many calls as it takes; returns how many resources it has. */
export async function reportOnce(options: AgentOptions): Promise<number> {
  const { resources, problems } = await readDirectory(options.directory)
  const runId = randomUUID()
  const batches = Array.from({ length: Math.ceil(resources.length / batchSize) }, (_, i) =>
    resources.slice(i * batchSize, (i + 1) * batchSize),
  )
  for (const batch of batches) await report(options, { runId, resources: batch })
  // Only now, and only if nothing was left out, does what was not named count as gone.
  const isComplete = problems.length === 0
  await report(options, {
    runId,
    complete: isComplete,
    resources: [],
    permissions: ['read', 'write'].flatMap((name) => ['folder', 'file'].map((resourceType) => ({ name, resourceType }))),
    status: isComplete ? 'ACTIVE' : 'WARNING',
    statusMessage: isComplete ? null : `Could not be read: ${problems.slice(0, 5).join(', ')}. Let the agent's user read them.`,
  })
  return resources.length
}

/** Tells Gatehouse that the agent is there. */
export async function heartbeat(options: AgentOptions): Promise<void> {
  const { connectorHeartbeat } = await send<{ connectorHeartbeat: { errors: UserError[] } }>(
    options,
    'mutation ($input: ConnectorHeartbeatInput!) { connectorHeartbeat(input: $input) { errors { code message path } } }',
    { agentVersion: version },
  )
  throwIfRefused(connectorHeartbeat.errors)
}

async function report(options: AgentOptions, part: object): Promise<void> {
  const { reportDiscovery } = await send<{ reportDiscovery: { errors: UserError[] } }>(
    options,
    'mutation ($input: ReportDiscoveryInput!) { reportDiscovery(input: $input) { summary { total } errors { code message path } } }',
    { integrationId: options.integrationId, agentVersion: version, ...part },
  )
  throwIfRefused(reportDiscovery.errors)
}

async function readDirectory(root: string): Promise<{ resources: Resource[]; problems: string[] }> {
  const resources: Resource[] = []
  const problems: string[] = []
  const read = async (folder: string): Promise<void> => {
    const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch(() => null)
    if (!entries) problems.push(folder || '.')
    for (const entry of entries ?? []) {
      const name = path.posix.join(folder, entry.name)
      if (!entry.isDirectory() && !entry.isFile()) continue
      const { uid } = await lstat(path.join(root, name)).catch(() => ({ uid: null }))
      resources.push({
        externalId: name,
        name: entry.name,
        type: entry.isDirectory() ? 'folder' : 'file',
        sourceTags: uid === null ? [] : [{ key: 'uid', value: String(uid) }],
      })
      if (entry.isDirectory()) await read(name)
    }
  }
  await read('')
  return { resources, problems }
}

interface UserError {
  code: string
  message: string
  path: string[]
}

function throwIfRefused(errors: UserError[]): void {
  if (errors.length > 0) throw new Error(errors.map(({ message, path: at }) => `${at.join('.')}: ${message}`).join('\n'))
}

async function send<Data>({ url, key }: AgentOptions, query: string, input: object): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables: { input } }),
    signal: AbortSignal.timeout(30_000),
  })
  const { data, errors } = (await response.json()) as { data: Data | null; errors?: { message: string }[] }
  if (!data || errors) throw new Error(errors?.map(({ message }) => message).join('\n') ?? `HTTP ${response.status}`)
  return data
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:4000' },
      integration: { type: 'string' },
      directory: { type: 'string' },
      every: { type: 'string' },
    },
  })
  const key = process.env.GATEHOUSE_CONNECTOR_KEY
  if (!key || !values.integration || !values.directory)
    throw new Error('Set GATEHOUSE_CONNECTOR_KEY, and give --integration and --directory; --every <seconds> keeps it running.')
  const options = { url: values.url, key, integrationId: values.integration, directory: values.directory }
  const run = async () => console.log(`${new Date().toISOString()} reported ${await reportOnce(options)} resources`)
  await run()
  if (!values.every) return
  const complain = (error: Error) => console.error(`${new Date().toISOString()} ${error.message}`)
  setInterval(() => void heartbeat(options).catch(complain), heartbeatMs)
  // One run after the other: two at once would each take the other's news for old.
  const again = () => setTimeout(() => run().catch(complain).finally(again), Number(values.every) * 1_000)
  again()
}

if (process.argv[1] === import.meta.filename) await main()
