import { readFile, writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import type { DataShape } from './data.ts'
import type { Measurement } from './measure.ts'
import { plot } from './plot.ts'
import { descriptions, type ShapeName } from './shapes.ts'

/** All rounds, by shape and contender. */
export type Results = Map<ShapeName, Map<string, Measurement[]>>

export interface Conditions {
  data: DataShape
  connections: number
  seconds: number
  rounds: number
  answerBytes: Map<ShapeName, number>
}

const product = 'Gatehouse'
const limit = 'LIMIT'

export function printReport(results: Results): void {
  console.log(`\n${detailTable(results)}\n\n${ratioTable(results)}\n`)
}

/** README.md between its markers, docs/speed.md whole, and the plot. */
export async function writeReport(results: Results, conditions: Conditions): Promise<void> {
  await writeFile('docs/speed.svg', plot(medians(results)))
  await writeFile('docs/speed.md', `${page(results, conditions)}\n`)
  const readme = await readFile('README.md', 'utf8')
  const [begin, end] = ['<!-- bench -->', '<!-- /bench -->']
  if (!readme.includes(begin) || !readme.includes(end)) throw new Error(`README.md lacks ${begin} … ${end}`)
  const [before, after] = [readme.slice(0, readme.indexOf(begin) + begin.length), readme.slice(readme.indexOf(end))]
  await writeFile('README.md', `${before}\n${rateTable(results)}\n\n${ratioTable(results)}\n\n${conditionsOf(conditions)}\n${after}`)
}

/** Of each number its own median, so that one disturbed round does not count. */
export function medians(results: Results): Map<ShapeName, Map<string, Measurement>> {
  const middle = (numbers: number[]) => numbers.sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? 0
  const of = (rounds: Measurement[]): Measurement => {
    const each = (pick: (measured: Measurement) => number | null) => {
      const found = rounds.map(pick)
      return found.every((value): value is number => value !== null) ? middle(found) : null
    }
    return {
      requestsPerSecond: each((m) => m.requestsPerSecond) ?? 0,
      p50Ms: each((m) => m.p50Ms) ?? 0,
      p99Ms: each((m) => m.p99Ms) ?? 0,
      nodeMs: each((m) => m.nodeMs),
      postgresMs: each((m) => m.postgresMs),
      statements: each((m) => m.statements) ?? 0,
      residentMb: each((m) => m.residentMb),
      loadCpu: each((m) => m.loadCpu) ?? 0,
    }
  }
  return new Map(
    [...results].map(([shapeName, byContender]) => [shapeName, new Map([...byContender].map(([name, rounds]) => [name, of(rounds)]))]),
  )
}

const count = (value: number) => Math.round(value).toLocaleString('en-US')
const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

function rateTable(results: Results): string {
  const found = medians(results)
  const names = [...([...found.values()][0]?.keys() ?? [])]
  const rows = names.map((name) => [name, ...[...found.values()].map((byName) => count(byName.get(name)?.requestsPerSecond ?? 0))])
  return table(['requests a second', ...found.keys()], rows)
}

/** Of each round its own ratio, and of these the median: contenders take turns within seconds, while a machine's speed may drift over minutes. */
function ratioTable(results: Results): string {
  const columns = [...results].map(([shapeName, byName]) => {
    const ratio = (name: string): number => {
      const others = byName.get(name) ?? []
      const own = byName.get(product) ?? []
      const each = own.map(({ requestsPerSecond }, round) => requestsPerSecond / (others[round]?.requestsPerSecond ?? Number.NaN))
      return each.sort((x, y) => x - y)[Math.floor((each.length - 1) / 2)] ?? Number.NaN
    }
    const shown = (name: string | undefined) => (name && byName.has(name) ? ratio(name).toFixed(2) : '–')
    const [best] = [...byName.keys()].filter((name) => name !== product && name !== limit).sort((x, y) => ratio(x) - ratio(y))
    return [shapeName, best ? `${shown(best)} (${best})` : '–', shown('PostGraphile'), shown(limit)]
  })
  const rows = ['best peer', 'PostGraphile', limit].map((title, index) => [title, ...columns.map((column) => column[index + 1] ?? '')])
  return table([`${product} in relation to`, ...columns.map(([shapeName = '']) => shapeName)], rows)
}

function detailTable(results: Results): string {
  const rows = [...medians(results)].flatMap(([shapeName, byName]) =>
    [...byName].map(([name, m]) => [
      shapeName,
      name,
      count(m.requestsPerSecond),
      m.p50Ms.toFixed(1),
      m.p99Ms.toFixed(1),
      m.nodeMs?.toFixed(2) ?? '–',
      m.postgresMs?.toFixed(2) ?? '–',
      m.statements.toFixed(1),
      m.residentMb === null ? '–' : count(m.residentMb),
      `${Math.round(m.loadCpu * 100)} %`,
    ]),
  )
  const head = ['shape', 'contender', 'req/s', 'p50 ms', 'p99 ms', 'Node.js ms', 'PostgreSQL ms', 'statements', 'RSS MB', 'load']
  return table(head, rows)
}

function page(results: Results, conditions: Conditions): string {
  const shapes = [...results.keys()].map((name) => {
    const kilobytes = ((conditions.answerBytes.get(name) ?? 0) / 1000).toFixed(1)
    return `- **${name}**: ${descriptions[name]} (${kilobytes} kB)`
  })
  return `# Speed

Written by \`npm run bench -- --write\`. ${conditionsOf(conditions)}

![Requests a second in relation to LIMIT](speed.svg)

${shapes.join('\n')}

LIMIT is node:http with one prepared statement that builds the whole answer: what there is to do at the least. The peers check no credential, no scope and no tenant, write no log, and have no limits.
Gatehouse runs as \`npm start\` runs it, with an API key of each organization. Answers were compared before anything was measured: the same JSON, order included.

${ratioTable(results)}

CPU and statements are those of one request; "load" is how busy the load generator was (near 100 % it is what limits).

${detailTable(results)}`
}

function conditionsOf({ data, connections, seconds, rounds }: Conditions): string {
  const { organizations, integrations, componentsPerIntegration, awsRoles, userGroups, membersPerGroup, rolesPerGroup, ssoConnectors } =
    data
  return `One machine with ${cpus().length} cores, everything on Node.js 24 and one PostgreSQL 18, ${connections} connections, ${rounds} interleaved rounds of ${seconds} s: medians of the rates, and of the rounds' ratios; load average ${loadavg()[0]?.toFixed(0)} (all of it the bench's own would be 2 to 4).
${organizations} organizations, each with ${integrations} integrations of ${componentsPerIntegration} components, ${awsRoles} AWS roles, ${userGroups} groups of ${membersPerGroup} members and ${rolesPerGroup} roles, ${ssoConnectors} SSO connectors.`
}
