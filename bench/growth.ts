import { Agent } from 'node:http'
import { parseArgs } from 'node:util'
import { type BenchProcess, residentMb, startProcess } from './processes.ts'
import { answerOf, timeQuestion } from './speed/ask.ts'
import { defaultShape, idAt } from './speed/data.ts'
import { type BenchDatabase, startDatabase } from './speed/database.ts'

const usage = `npx tsx bench/growth.ts [--seconds 5] [--factors 1,10,100]

How the cost of a question grows with the data of its organization, one among fifty, with the size of its pages, with its depth and with the number of
connections. Statements are those of one request, with the one that reads the caller's key. The amounts of data take turns of
some questions each, so that a machine whose speed changes is slow for all of them.`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    factors: { type: 'string', default: '1,10,100' },
    help: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const factors = values.factors.split(',').map(Number)
if (values.help || !(seconds > 0) || !factors.every((factor) => Number.isInteger(factor) && factor > 0)) {
  console.error(usage)
  process.exit(2)
}

const list = (field: string, fields: string) => `query ($id: ID!) { organization(id: $id) { ${field} { nodes { ${fields} } } } }`
const pages: Record<string, string> = {
  '40 integrations with their components': list(
    'integrations(first: 40)',
    'id name status components(first: 6) { nodes { id kind state } }',
  ),
  '50 roles with their groups': list('awsRoles(first: 50)', 'id name arn status userGroups(first: 10) { nodes { id name } }'),
  'the last 50 roles': list('awsRoles(last: 50)', 'id name'),
  'the 50 roles that were seen last': list('awsRoles(first: 50, orderBy: { field: LAST_SEEN_AT, direction: DESC })', 'id name lastSeenAt'),
  '30 groups with members and roles': list(
    'userGroups(first: 30)',
    'id name members(first: 20) { nodes { id email } } awsRoles(first: 10) { nodes { id name } }',
  ),
  '50 members with their groups': list('members(first: 50)', 'id email userGroups(first: 10) { nodes { id name } }'),
}
/** All names have the same trigrams: the worst case for the indexes of them. */
const searches: Record<string, string> = {
  'integrations by a part of the name': list('integrations(first: 20, filter: { nameContains: "00001" })', 'id name'),
  'a member by address': list('members(first: 5, filter: { email: "member-000007@example.com" })', 'id email status'),
}
/** A tenth of a second: longer than it takes to find what was in a processor's cache, shorter than its speed lasts. */
const questionsATurn = 40
const sizes = [1, 10, 50, 100, 200]
const ofSize = (size: number) => list(`awsRoles(first: ${size})`, 'id name arn status userGroups(first: 10) { nodes { id name } }')
const depths = [1, 2, 3, 4, 5, 6]
/** Groups of roles of groups …: level by level the same few hundred things. */
const ofDepth = (depth: number): string => {
  const below = (left: number): string => {
    if (left === 0) return ''
    return left % 2 === depth % 2
      ? `userGroups(first: 10) { nodes { id ${below(left - 1)} } }`
      : `awsRoles(first: 10) { nodes { id ${below(left - 1)} } }`
  }
  return `query ($id: ID!) { organization(id: $id) { id ${below(depth - 1)} } }`
}

console.log(`Node.js ${process.version}, a server process for each amount of data, a question at a time for ${seconds} s; p50 in ms`)
const servers: Server[] = []
try {
  for (const factor of factors) servers.push(await startServer(factor))
  const [first] = servers
  if (!first) throw new Error('there is no server')
  // Before anything is asked of one of them alone, which would have it compiled better.
  for (const [title, questions] of Object.entries({ 'the same page': pages, 'the same search': searches })) {
    const head = [title, ...factors.map((factor) => `${factor}x the data`), 'last : first', 'statements']
    console.log(`\n| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}`)
    for (const [name, query] of Object.entries(questions)) {
      const found = await timedInTurns(servers, query)
      const ratio = (found.at(-1)?.p50Ms ?? 0) / (found[0]?.p50Ms ?? 1)
      const statements = [...new Set(found.map((each) => each.statements.toFixed(0)))].join(', ')
      console.log(`| ${[name, ...found.map(({ p50Ms }) => p50Ms.toFixed(1)), ratio.toFixed(2), statements].join(' | ')} |`)
    }
  }
  const bySize = await eachOf(sizes, (size) => timed(first, ofSize(size)))
  print('roles a page, each with its groups', sizes, (size) => bySize[size])
  const byDepth = await eachOf(depths, (depth) => timed(first, ofDepth(depth)))
  print('levels', depths, (depth) => byDepth[depth])
  console.log('\n| connections | requests a second | p50 | p99 | server MB |\n| --- | --- | --- | --- | --- |')
  for (const connections of [1, 4, 16, 64]) {
    const timing = await timeQuestion(first.url, first.key, () => question(ofSize(50)), { connections, seconds })
    const { requestsPerSecond, p50Ms, p99Ms } = timing
    console.log(
      `| ${connections} | ${requestsPerSecond.toFixed(0)} | ${p50Ms.toFixed(1)} | ${p99Ms.toFixed(1)} | ${residentMb(first.process.pid) ?? '–'} |`,
    )
  }
} finally {
  for (const server of servers) await server.stop()
}

interface Server {
  url: string
  key: string
  process: BenchProcess
  database: BenchDatabase
  stop(): Promise<void>
}

interface Timed {
  p50Ms: number
  statements: number
}

/** A server over the usual organizations and one that has so many times as much of everything its lists hold; what one thing has of another stays. */
async function startServer(factor: number): Promise<Server> {
  const { integrations, awsRoles, userGroups, members } = defaultShape
  const database = await startDatabase(defaultShape, {
    ...defaultShape,
    ...{ organizations: 1, integrations: integrations * factor, awsRoles: awsRoles * factor },
    ...{ userGroups: userGroups * factor, members: members * factor },
  })
  try {
    const env = {
      DATABASE_URL: database.url,
      PORT: '0',
      GATEHOUSE_ADMIN_KEY: 'the-administrator-of-a-bench-has-this-key',
      GATEHOUSE_ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 'bench').toString('base64')}`,
    }
    const args = ['--max-semi-space-size=64', 'scripts/start.mjs']
    const started = await startProcess(args, env, /ready: (http:\/\/[^/\s]+)/, { discardLog: true })
    return {
      url: `${started.said}/graphql`,
      key: database.keys.at(-1) ?? '',
      process: started,
      database,
      async stop() {
        await started.stop()
        await database.stop()
      },
    }
  } catch (error) {
    await database.stop()
    throw error
  }
}

async function timed({ url, key, database }: Server, query: string): Promise<Timed> {
  await timeQuestion(url, key, () => question(query), { seconds: 1 })
  const before = await database.statements()
  const { p50Ms, requests } = await timeQuestion(url, key, () => question(query), { seconds })
  return { p50Ms, statements: ((await database.statements()) - before) / requests }
}

/** A few questions to each server in turn, one after the other: for so long each, once they are warm. */
async function timedInTurns(all: Server[], query: string): Promise<Timed[]> {
  const agent = new Agent({ keepAlive: true })
  const askFor = async (ms: number): Promise<number[][]> => {
    const latenciesMs = all.map((): number[] => [])
    for (const untilMs = performance.now() + ms; performance.now() < untilMs; ) {
      for (const [index, { url, key }] of all.entries()) {
        for (let nth = 0; nth < questionsATurn; nth++) {
          const beganMs = performance.now()
          await answerOf(url, key, question(query), agent)
          latenciesMs[index]?.push(performance.now() - beganMs)
        }
      }
    }
    return latenciesMs
  }
  const statements = () => Promise.all(all.map(({ database }) => database.statements()))
  try {
    await askFor(1_000 * all.length)
    const before = await statements()
    const latenciesMs = await askFor(seconds * 1_000 * all.length)
    const after = await statements()
    return latenciesMs.map((each, index) => ({
      p50Ms: each.sort((a, b) => a - b)[Math.floor(each.length / 2)] ?? 0,
      statements: ((after[index] ?? 0) - (before[index] ?? 0)) / each.length,
    }))
  } finally {
    agent.destroy()
  }
}

function question(query: string) {
  return { query, variables: { id: idAt('org', defaultShape.organizations, 0) } }
}

async function eachOf<Key extends string | number>(keys: readonly Key[], time: (key: Key) => Promise<Timed>): Promise<Record<Key, Timed>> {
  const found = {} as Record<Key, Timed>
  for (const key of keys) found[key] = await time(key)
  return found
}

function print(title: string, keys: readonly number[], of: (key: number) => Timed | undefined): void {
  console.log(`\n| ${title} | p50 | statements |\n| --- | --- | --- |`)
  for (const key of keys) console.log(`| ${key} | ${of(key)?.p50Ms.toFixed(1)} | ${of(key)?.statements.toFixed(0)} |`)
}
