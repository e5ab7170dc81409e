import { randomInt } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { main } from '../examples/onboard-aws.ts'
import { joinEmbeddedPostgres } from '../src/platform/database/embedded-postgres.ts'
import { digestOf } from './digest.ts'
import { type BenchProcess, cpuSeconds, startProcess } from './processes.ts'

const usage = `npx tsx bench/onboarding.ts [--accounts 200] [--profile DIR]

Onboards that many accounts with three components each, twice, against the AWS stand-in, with a server, a database and a stand-in of its own.
Prints wall time, requests and the CPU of each process, and whether the second run changed anything.

  --profile DIR  the server writes a CPU profile there, to be opened with Chrome's DevTools or speedscope`

const { values } = parseArgs({
  options: { accounts: { type: 'string', default: '200' }, profile: { type: 'string' }, help: { type: 'boolean', default: false } },
})
const accounts = Number(values.accounts)
if (values.help || !Number.isInteger(accounts) || accounts < 1 || accounts > 2_000) {
  console.error(usage)
  process.exit(2)
}

const adminKey = 'the-administrator-of-a-bench-has-this-key'
const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-bench-'))
const started: BenchProcess[] = []
try {
  const standIn = await startProcess(['--import', 'tsx', 'emulator/main.ts', '--port', '0', '--quiet'], {}, /^(http:\S+)/)
  started.push(standIn)
  const dataDir = path.join(folder, 'data')
  const profiling = values.profile ? ['--cpu-prof', '--cpu-prof-dir', values.profile] : []
  const settings = {
    PORT: String(randomInt(20_000, 30_000)),
    GATEHOUSE_DATA_DIR: dataDir,
    GATEHOUSE_ADMIN_KEY: adminKey,
    GATEHOUSE_LOG_LEVEL: 'warn',
    AWS_ENDPOINT_URL: standIn.said,
  }
  const server = await startProcess([...profiling, '--max-semi-space-size=64', 'scripts/start.mjs'], settings, /ready: (http:\/\/[^/\s]+)/)
  started.push(server)
  const file = path.join(folder, 'accounts.csv')
  await writeFile(file, Array.from({ length: accounts }, (_, index) => String(500_000_000_000 + index)).join('\n'))
  const args = ['--url', server.said, '--accounts', file, '--apply', '--organization', 'bench']
  const { url } = await joinEmbeddedPostgres({ dataDir })

  const run = async (title: string) => {
    console.log(`\n${title}`)
    const before = cpuSeconds(server.pid, standIn.pid)
    const startedAtMs = performance.now()
    const exitCode = await main(args, { env: { GATEHOUSE_ADMIN_KEY: adminKey, AWS_ENDPOINT_URL: standIn.said }, output: process.stdout })
    const seconds = (performance.now() - startedAtMs) / 1000
    const after = cpuSeconds(server.pid, standIn.pid)
    const cpu = Object.entries(after).map(([name, used]) => `${name} ${(used - (before[name] ?? 0)).toFixed(1)} s`)
    console.log(`${title}: ${seconds.toFixed(1)} s, exit code ${exitCode}; CPU: ${cpu.join(', ')}`)
  }
  await run('First run')
  const digest = await digestOf(url)
  await run('Second run')
  const isSame = digest === (await digestOf(url))
  console.log(isSame ? 'The second run changed no row.' : 'THE SECOND RUN CHANGED ROWS.')
  if (!isSame) process.exitCode = 1
} finally {
  for (const { stop } of started.reverse()) await stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}
