import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createAwsEmulator } from '../emulator/emulator.ts'
import { putRole } from '../emulator/iam/role.ts'
import { platformAdministrator } from '../src/auth/viewer.ts'
import { putAwsCredentials } from '../src/aws-credential/aws-credential.service.ts'
import { syncAwsAccounts } from '../src/aws-sync/aws-sync.service.ts'
import { readAwsAccounts } from '../src/aws-sync/read-accounts.job.ts'
import { boot } from '../src/boot.ts'
import { readConfig } from '../src/config.ts'
import { createContext } from '../src/context.ts'
import { createOrganization } from '../src/organization/organization.service.ts'
import { createLog } from '../src/platform/log.ts'

// npx tsx bench/sync.ts [accounts] [roles of each]: syncs an organization twice from the AWS stand-in, which runs in a process of its own,
// on an embedded PostgreSQL. Tells the time, the statements, the peak of this process's memory, and the rows that were written.

const [accounts = 300, roles = 500] = process.argv
  .slice(2)
  .filter((text) => /^\d+$/.test(text))
  .map(Number)
const numberOf = (index: number) => String(300_000_000_000 + index)

if (process.argv.includes('--stand-in')) await standIn()
else await measure()

async function standIn(): Promise<void> {
  const aws = createAwsEmulator()
  for (let index = 0; index < accounts; index++) {
    const account = aws.state.account(numberOf(index))
    const trustPolicy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: account.id }, Action: 'sts:AssumeRole' }],
    })
    for (let role = 0; role < roles; role++) {
      putRole(account, Date.now(), {
        name: `role-${role}`,
        trustPolicy,
        description: `Role ${role}`,
        tags: new Map([['team', `t${role % 7}`]]),
      })
    }
  }
  process.send?.(await aws.listen(0))
}

async function measure(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'))
  const child = fork(process.argv[1] ?? '', [String(accounts), String(roles), '--stand-in'], { execArgv: process.execArgv })
  const [awsUrl] = await once(child, 'message')
  const config = readConfig({ GATEHOUSE_DATA_DIR: dataDir, AWS_ENDPOINT_URL: String(awsUrl) })
  const log = createLog('warn')
  const booted = await boot(config, log, { embedded: 'start', applicationName: 'gatehouse-bench', migrate: true })
  try {
    const { services } = booted
    const context = createContext(services, platformAdministrator, null)
    const organization = await createOrganization(context, { slug: 'bench', name: 'Bench' })
    const all = Array.from({ length: accounts }, (_, index) => numberOf(index))
    for (let from = 0; from < all.length; from += 500) {
      const credentials = all
        .slice(from, from + 500)
        .map((accountId) => ({ accountName: accountId, accessKeyId: `AKIA${accountId}`, secretAccessKey: 'secret-of-the-bench-0123' }))
      await putAwsCredentials(context, { organizationId: organization.id, credentials })
    }
    console.log(`${accounts} accounts x ${roles} roles`)
    for (const title of ['first sync', 'second sync, nothing changed']) console.log(await measureOnce(title))

    async function measureOnce(title: string): Promise<string> {
      const before = await written(services.db.pool)
      const statements = countStatements()
      const started = performance.now()
      const peak = watchMemory()
      const operation = await syncAwsAccounts(createContext(services, platformAdministrator, null), {
        organizationId: organization.id,
        wait: false,
      })
      await readAwsAccounts(services, { organizationId: organization.id, operationId: operation.id }, new AbortController().signal)
      const seconds = (performance.now() - started) / 1000
      const { rows } = await services.db.pool.query('select "status" from "BackgroundOperation" where "id" = $1', [operation.id])
      const sent = statements.stop()
      const after = await written(services.db.pool)
      const tables = Object.keys(after)
        .map((table) => [table, (after[table] ?? 0) - (before[table] ?? 0)] as const)
        .filter(([, count]) => count > 0)
      return `${title}: ${rows[0]?.status}, ${seconds.toFixed(1)} s, ${sent} statements, peak RSS ${peak.stop()} MB, rows written: ${
        tables.map(([table, count]) => `${table} ${count}`).join(', ') || 'none'
      }`
    }
  } finally {
    await booted.stop()
    child.kill()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Rows inserted, updated and deleted so far, by table. */
async function written(pool: pg.Pool): Promise<Record<string, number>> {
  // Each connection reports what it did when it has been idle for a moment, or when asked to.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const { rows } = await pool.query<{ table: string; count: string }>(
    `select "relname" as "table", "n_tup_ins" + "n_tup_upd" + "n_tup_del" as "count" from pg_stat_user_tables where "schemaname" = 'public'`,
  )
  return Object.fromEntries(rows.map(({ table, count }) => [table, Number(count)]))
}

function countStatements(): { stop(): number } {
  const send = pg.Client.prototype.query as (...args: unknown[]) => unknown
  let count = 0
  pg.Client.prototype.query = function counted(this: pg.Client, ...args: unknown[]) {
    count++
    return send.apply(this, args)
  } as typeof pg.Client.prototype.query
  return {
    stop() {
      pg.Client.prototype.query = send as typeof pg.Client.prototype.query
      return count
    },
  }
}

function watchMemory(): { stop(): number } {
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 50)
  return {
    stop() {
      clearInterval(timer)
      return Math.round(peak / 1024 / 1024)
    },
  }
}
