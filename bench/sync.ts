import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAwsEmulator } from '../emulator/emulator.ts'
import { putRole } from '../emulator/iam/role.ts'
import { platformAdministrator } from '../src/auth/viewer.ts'
import { putAwsCredentials } from '../src/aws-credential/aws-credential.service.ts'
import { syncAwsAccounts } from '../src/aws-sync/aws-sync.service.ts'
import { readAwsAccounts } from '../src/aws-sync/read-accounts.job.ts'
import { boot } from '../src/boot.ts'
import { readConfig } from '../src/config.ts'
import { createContext, type Services } from '../src/context.ts'
import { createOrganization } from '../src/organization/organization.service.ts'
import { createLog } from '../src/platform/log.ts'
import { countStatements } from '../test/support/statements.ts'
import { watchOwnMemory } from './processes.ts'
import { rowsWritten } from './rows-written.ts'

// npx tsx bench/sync.ts [accounts] [roles of each] [other numbers of roles…]: for each number of roles, syncs an organization twice from the
// AWS stand-in, on an embedded PostgreSQL. Server, database and stand-in are processes of their own, new ones for each number, so that
// their peaks of memory can be compared.

const numbers = process.argv
  .slice(2)
  .filter((text) => /^\d+$/.test(text))
  .map(Number)
const [accounts = 300, ...given] = numbers
/** Of the server, whose heap would otherwise grow with what is free, not with what is needed. */
const heapMb = 160
const sizes = given.length > 0 ? given : [50, 500]
const numberOf = (index: number) => String(300_000_000_000 + index)

if (process.argv.includes('--stand-in')) await standIn(sizes[0] ?? 0)
else if (process.argv.includes('--measure')) process.send?.(await measure(sizes[0] ?? 0))
else await compare()

/** What one sync took. */
interface Run {
  'roles each': number
  sync: string
  status: string
  'wall s': number
  statements: number
  'peak RSS MB': number
  'role rows written': number
  'other rows written': number
}

async function compare(): Promise<void> {
  const runs: Run[] = []
  for (const roles of sizes) {
    const child = fork(process.argv[1] ?? '', [String(accounts), String(roles), '--measure'], {
      execArgv: [...process.execArgv, `--max-old-space-size=${heapMb}`],
    })
    const found = await new Promise((resolve, reject) => {
      child.once('message', resolve)
      child.once('exit', (code) => reject(new Error(`the measurement of ${roles} roles an account ended with ${code}`)))
    })
    runs.push(...(found as Run[]))
  }
  console.log(
    `${accounts} accounts, Node.js ${process.version}, ${availableParallelism()} cores for server, database and stand-in together`,
  )
  console.table(runs)
}

async function standIn(roles: number): Promise<void> {
  const aws = createAwsEmulator()
  for (let index = 0; index < accounts; index++) {
    const account = aws.state.account(numberOf(index))
    const trustPolicy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: account.id }, Action: 'sts:AssumeRole' }],
    })
    for (let role = 0; role < roles; role++) {
      const tags = new Map([['team', `t${role % 7}`]])
      putRole(account, Date.now(), { name: `role-${role}`, trustPolicy, description: `Role ${role}`, tags })
    }
  }
  process.send?.(await aws.listen(0))
}

async function measure(roles: number): Promise<Run[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'))
  const child = fork(process.argv[1] ?? '', [String(accounts), String(roles), '--stand-in'], {
    execArgv: process.execArgv.filter((arg) => !arg.startsWith('--max-old-space-size')),
  })
  const [awsUrl] = await once(child, 'message')
  const config = readConfig({ GATEHOUSE_DATA_DIR: dataDir, AWS_ENDPOINT_URL: String(awsUrl) })
  const booted = await boot(config, createLog('warn'), { embedded: 'start', applicationName: 'gatehouse-bench', migrate: true })
  try {
    const { services } = booted
    const context = createContext(services, platformAdministrator, null)
    const { id: organizationId } = await createOrganization(context, { slug: 'bench', name: 'Bench' })
    for (let from = 0; from < accounts; from += 500) {
      const credentials = Array.from({ length: Math.min(500, accounts - from) }, (_, index) => numberOf(from + index)).map((accountId) => ({
        accountName: accountId,
        accessKeyId: `AKIA${accountId}`,
        secretAccessKey: 'secret-of-the-bench-0123',
      }))
      await putAwsCredentials(context, { organizationId, credentials })
    }
    const runs: Run[] = []
    for (const sync of ['first', 'second, nothing changed'])
      runs.push({ 'roles each': roles, sync, ...(await syncOnce(services, organizationId)) })
    return runs
  } finally {
    await booted.stop()
    child.kill()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function syncOnce(services: Services, organizationId: string): Promise<Omit<Run, 'roles each' | 'sync'>> {
  const { pool } = services.db
  const before = await rowsWritten(pool)
  const startedAtMs = performance.now()
  const peak = watchOwnMemory()
  const { statements, result: operation } = await countStatements(async () => {
    const context = createContext(services, platformAdministrator, null)
    const operation = await syncAwsAccounts(context, { organizationId, wait: false })
    await readAwsAccounts(services, { organizationId, operationId: operation.id }, new AbortController().signal)
    return operation
  })
  const seconds = (performance.now() - startedAtMs) / 1000
  const peakMb = peak.stop()
  const { rows } = await pool.query<{ status: string }>('select "status" from "BackgroundOperation" where "id" = $1', [operation.id])
  const after = await rowsWritten(pool)
  const count = (table: string) => (after.get(table) ?? 0) - (before.get(table) ?? 0)
  const others = [...after.keys()].filter((table) => table !== 'AwsRole').reduce((sum, table) => sum + count(table), 0)
  return {
    status: rows[0]?.status ?? 'gone',
    'wall s': Math.round(seconds * 10) / 10,
    statements: statements.length,
    'peak RSS MB': peakMb,
    'role rows written': count('AwsRole'),
    'other rows written': others,
  }
}
