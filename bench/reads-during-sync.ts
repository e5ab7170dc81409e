import { fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startProcess } from './processes.ts'
import { answerOf, timeQuestion } from './speed/ask.ts'
import { defaultShape, idAt } from './speed/data.ts'
import { startDatabase } from './speed/database.ts'

const usage = `npx tsx bench/reads-during-sync.ts [--accounts 200] [--roles 300] [--connections 4] [--apart]

How long a question takes while nothing else happens, and while a sync of that many accounts with that many roles each writes. The sync
runs in the server's own process, or in a worker of its own (--apart).`

const { values } = parseArgs({
  options: {
    accounts: { type: 'string', default: '200' },
    roles: { type: 'string', default: '300' },
    connections: { type: 'string', default: '4' },
    apart: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const [accounts, roles, connections] = [values.accounts, values.roles, values.connections].map(Number) as [number, number, number]
if (values.help || ![accounts, roles, connections].every((number) => Number.isInteger(number) && number > 0) || accounts > 500) {
  console.error(usage)
  process.exit(2)
}

const query = `query ($id: ID!) { organization(id: $id) { id name
  integrations(first: 40) { nodes { id name status components(first: 6) { nodes { id kind state } } } }
  userGroups(first: 10) { nodes { id name members(first: 20) { nodes { id email } } } } } }`
const database = await startDatabase({ ...defaultShape, organizations: 2 })
const standIn = fork('bench/sync.ts', [values.accounts, values.roles, '--stand-in'], { execArgv: process.execArgv })
const undo: (() => unknown)[] = [() => database.stop(), () => standIn.kill()]
try {
  const [awsUrl] = await once(standIn, 'message')
  const env = {
    DATABASE_URL: database.url,
    PORT: '0',
    AWS_ENDPOINT_URL: String(awsUrl),
    GATEHOUSE_ADMIN_KEY: 'the-administrator-of-a-bench-has-this-key',
    GATEHOUSE_ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 'bench').toString('base64')}`,
    GATEHOUSE_WORKER: values.apart ? 'off' : 'inline',
  }
  const start = (args: string[], ready: RegExp) =>
    startProcess(['--max-semi-space-size=64', 'scripts/start.mjs', ...args], env, ready, { discardLog: true })
  const server = await start([], /ready: (http:\/\/[^/\s]+)/)
  undo.push(() => server.stop())
  if (values.apart) {
    const worker = await start(['worker'], /(ready|worker)/)
    undo.push(() => worker.stop())
  }
  const url = `${server.said}/graphql`
  const [key = '', syncKey = ''] = database.keys
  const [id, organizationId] = [idAt('org', 0, 0), idAt('org', 1, 0)]
  const read = (seconds: number) => timeQuestion(url, key, () => ({ query, variables: { id } }), { connections, seconds })
  await read(3)
  const idle = await read(10)

  await answerOf(url, syncKey, {
    query: 'mutation ($input: PutAwsCredentialsInput!) { putAwsCredentials(input: $input) { errors { message } } }',
    variables: { input: { organizationId, credentials: Array.from({ length: accounts }, (_, index) => credentialOf(index)) } },
  })
  await answerOf(url, syncKey, {
    query: 'mutation ($input: SyncAwsAccountsInput!) { syncAwsAccounts(input: $input) { errors { message } } }',
    variables: { input: { organizationId } },
  })
  const count = async () =>
    Number((await database.client.query('select count(*) from "AwsRole" where "organizationId" = $1', [organizationId])).rows[0].count)
  const startedMs = performance.now()
  const during = await read(10)
  const seconds = (performance.now() - startedMs) / 1000
  const written = (await count()) - defaultShape.awsRoles
  console.log(
    `Node.js ${process.version}; ${connections} connections; ${written} roles were written meanwhile, ${Math.round(written / seconds)} a second`,
  )
  console.log('| reads | a second | p50 ms | p99 ms |\n| --- | --- | --- | --- |')
  for (const [name, timing] of Object.entries({ 'nothing else happens': idle, 'while a sync writes': during }))
    console.log(`| ${name} | ${timing.requestsPerSecond.toFixed(0)} | ${timing.p50Ms.toFixed(1)} | ${timing.p99Ms.toFixed(1)} |`)
} finally {
  for (const step of undo.reverse()) await step()
}

function credentialOf(index: number) {
  const accountName = String(300_000_000_000 + index)
  return { accountName, accessKeyId: `AKIA${accountName}`, secretAccessKey: 'secret-of-the-bench-0123' }
}
