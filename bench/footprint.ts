import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { residentMb, startProcess } from './processes.ts'
import { answerOf, timeQuestion } from './speed/ask.ts'
import { defaultShape, idAt } from './speed/data.ts'
import { type BenchDatabase, startDatabase } from './speed/database.ts'

const usage = `npx tsx bench/footprint.ts [--documents 10000] [--install]

How long a start takes until /readyz says yes, the memory of a server at rest, under load and after that many different documents, and the
size of what ships. With --install it is installed anew without what only developers need, and measured.`

const { values } = parseArgs({
  options: {
    documents: { type: 'string', default: '10000' },
    install: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const documents = Number(values.documents)
if (values.help || !Number.isInteger(documents) || documents < 10) {
  console.error(usage)
  process.exit(2)
}
const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-footprint-'))
const common = { PORT: '0', GATEHOUSE_ADMIN_KEY: 'the-administrator-of-a-bench-has-this-key' }
const print = (name: string, value: string) => console.log(`| ${name} | ${value} |`)
try {
  console.log(`Node.js ${process.version}\n\n| | |\n| --- | --- |`)
  await startsWithOwnDatabase()
  const database = await startDatabase({ ...defaultShape, organizations: 10 })
  try {
    await servesDatabase(database)
  } finally {
    await database.stop()
  }
  print('dist', `${megabytesIn('dist')} MB`)
  if (values.install) await installs()
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}

async function start(env: Record<string, string>, flags: string[] = []) {
  const startedMs = performance.now()
  const args = ['--max-semi-space-size=64', ...flags, 'scripts/start.mjs']
  const server = await startProcess(args, { ...common, ...env }, /ready: (http:\/\/[^/\s]+)/, { discardLog: true })
  while (!(await fetch(`${server.said}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 10))
  return { ...server, seconds: ((performance.now() - startedMs) / 1000).toFixed(1) }
}

async function startsWithOwnDatabase(): Promise<void> {
  const env = { GATEHOUSE_DATA_DIR: path.join(folder, 'data') }
  for (const which of ['first start, which creates the database', 'second start, with the embedded database']) {
    const server = await start(env)
    print(which, `${server.seconds} s`)
    await server.stop()
  }
}

async function servesDatabase({ url: databaseUrl, keys }: BenchDatabase): Promise<void> {
  const keyring = `bench:${Buffer.alloc(32, 'bench').toString('base64')}`
  const heapFile = path.join(folder, 'heap')
  const flags = ['--expose-gc', '--import', new URL('live-heap.mjs', import.meta.url).href]
  const server = await start({ DATABASE_URL: databaseUrl, GATEHOUSE_ENCRYPTION_KEYS: keyring, LIVE_HEAP: heapFile }, flags)
  try {
    print('start on a database that is there', `${server.seconds} s`)
    /** What the process holds, and what of its heap is alive once the garbage is collected, which it does only now. */
    const memory = async () => {
      const resident = residentMb(server.pid) ?? '–'
      await rm(heapFile, { force: true })
      process.kill(server.pid, 'SIGUSR2')
      for (let waits = 0; waits < 100; waits++) {
        const alive = await readFile(heapFile, 'utf8').catch(() => '')
        if (alive) return `${resident} MB, ${alive} MB of it alive`
        await delay(100)
      }
      throw new Error('the server does not say what it holds')
    }
    print('memory at rest', await memory())
    const [url, key = ''] = [`${server.said}/graphql`, keys[0]]
    const variables = { id: idAt('org', 0, 0) }
    const query = `query ($id: ID!) { organization(id: $id) { userGroups(first: 30) { nodes { id name members(first: 20) { nodes { id email } } } } } }`
    await timeQuestion(url, key, () => ({ query, variables }), { connections: 16, seconds: 10 })
    print('memory after 10 s of load on 16 connections', await memory())
    // Each of another text, with another name, so that no cache can know it.
    const document = (index: number) =>
      `query Document${index}($id: ID!) { a${index}: organization(id: $id) { id b${index}: integrations(first: ${(index % 50) + 1}) { nodes { id c${index}: name } } } }`
    for (let tenth = 1, index = 0; tenth <= 10; tenth++) {
      for (; index < (documents * tenth) / 10; index++) await answerOf(url, key, { query: document(index), variables })
      if ([1, 2, 5, 10].includes(tenth)) print(`memory after ${index} different documents`, await memory())
    }
  } finally {
    await server.stop()
  }
}

/** Of a fresh copy of what is committed: the time of `npm ci --omit=dev` and the size of what it brings. */
async function installs(): Promise<void> {
  for (const name of ['package.json', 'package-lock.json', '.npmrc', 'prisma', 'prisma.config.ts', 'scripts'])
    await cp(name, path.join(folder, name), { recursive: true }).catch(() => undefined)
  const { scripts = {} } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts?: Record<string, string> }
  const startedMs = performance.now()
  execFileSync('npm', ['ci', '--omit=dev', '--loglevel=error', ...('prepare' in scripts ? ['--ignore-scripts'] : [])], {
    cwd: folder,
    stdio: 'ignore',
  })
  print('npm ci --omit=dev', `${((performance.now() - startedMs) / 1000).toFixed(0)} s`)
  print('node_modules without what only developers need', `${megabytesIn(path.join(folder, 'node_modules'))} MB`)
}

function megabytesIn(directory: string): number {
  const [kilobytes = '0'] = execFileSync('du', ['-sk', directory], { encoding: 'utf8' }).split('\t')
  return Math.round(Number(kilobytes) / 1024)
}
