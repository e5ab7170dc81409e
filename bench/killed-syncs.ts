import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createAwsEmulator } from '../emulator/emulator.ts'
import { putRole } from '../emulator/iam/role.ts'
import { platformAdministrator } from '../src/auth/viewer.ts'
import { putAwsCredentials } from '../src/aws-credential/aws-credential.service.ts'
import { syncAwsAccounts } from '../src/aws-sync/aws-sync.service.ts'
import { boot } from '../src/boot.ts'
import { readConfig } from '../src/config.ts'
import { createContext } from '../src/context.ts'
import { createOrganization } from '../src/organization/organization.service.ts'
import { createLog } from '../src/platform/log.ts'
import { startWorkerProcess, type WorkerProcess } from '../test/support/worker-process.ts'

// npx tsx bench/killed-syncs.ts [kills] [accounts]: one sync whose worker process is killed (SIGKILL) that often, each time at random within
// ten seconds of its taking the job over, while another stands by. At most 500 accounts. Ends with 1 if anything is missing or twice there.

const [kills = 20, accounts = 300] = process.argv.slice(2).map(Number)
const rolesEach = 20
const answerMs = 400

const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'))
const aws = createAwsEmulator()
const awsEndpointUrl = await aws.listen(0)
const [adminKey, encryptionKeys] = [randomBytes(32).toString('hex'), `bench:${randomBytes(32).toString('base64')}`]
const config = readConfig({
  ...{ GATEHOUSE_DATA_DIR: dataDir, GATEHOUSE_ADMIN_KEY: adminKey, GATEHOUSE_ENCRYPTION_KEYS: encryptionKeys },
  ...{ AWS_ENDPOINT_URL: awsEndpointUrl, GATEHOUSE_WORKER: 'off' },
})
const booted = await boot(config, createLog('error'), { embedded: 'start', applicationName: 'gatehouse-bench', migrate: true })
const workers: WorkerProcess[] = []
try {
  const { services } = booted
  const context = createContext(services, platformAdministrator, null)
  const { id: organizationId } = await createOrganization(context, { slug: 'bench', name: 'Bench' })
  const numbers = Array.from({ length: accounts }, (_, index) => String(300_000_000_000 + index))
  for (const number of numbers) {
    const account = aws.state.account(number)
    const trustPolicy = JSON.stringify({ Version: '2012-10-17', Statement: [] })
    for (let role = 0; role < rolesEach; role++)
      putRole(account, Date.now(), { name: `role-${role}`, trustPolicy, tags: new Map([['a', 'b']]) })
  }
  const secretAccessKey = 'secret-of-the-bench-0123'
  const credentials = numbers.map((number) => ({ accountName: number, accessKeyId: `AKIA${number}`, secretAccessKey }))
  await putAwsCredentials(context, { organizationId, credentials })
  aws.faults.add({ kind: 'slow', delayMs: answerMs, operation: 'ListRoles' })

  const start = async () => {
    const { databaseUrl } = booted
    const worker = await startWorkerProcess({ databaseUrl, adminKey, encryptionKeys, publicUrl: config.publicUrl, awsEndpointUrl })
    workers.push(worker)
    return worker
  }
  let alive: WorkerProcess[] = await Promise.all([start(), start()])
  const startedAtMs = performance.now()
  const seconds = () => ((performance.now() - startedAtMs) / 1000).toFixed(1)
  const { id } = await syncAwsAccounts(context, { organizationId, wait: false })
  const read = async () => {
    const { rows } = await services.db.pool.query<{ status: string; done: number; succeeded: number }>(
      'select "status", "done", "succeeded" from "BackgroundOperation" where "id" = $1',
      [id],
    )
    return rows[0] ?? { status: 'gone', done: 0, succeeded: 0 }
  }
  let killed = 0
  for (; killed < kills; killed++) {
    const freeAtMs = performance.now()
    while (!alive.some((worker) => worker.begun('readAwsAccounts') > 0) && (await read()).status !== 'SUCCEEDED') await delay(20)
    const idleMs = Math.round(performance.now() - freeAtMs)
    if ((await read()).status === 'SUCCEEDED') break
    const atWork = alive.find((worker) => worker.begun('readAwsAccounts') > 0) as WorkerProcess
    const next = start()
    await delay(Math.random() * 10_000)
    await atWork.kill()
    console.log(
      `${seconds()} s: kill ${killed + 1}, of a worker that had taken the job after ${idleMs} ms; ${(await read()).done} of ${accounts} done`,
    )
    alive = [...alive.filter((worker) => worker !== atWork), await next]
  }
  while (!['SUCCEEDED', 'SUCCEEDED_WITH_WARNING', 'FAILED'].includes((await read()).status)) await delay(100)
  const end = await read()
  const { rows } = await services.db.pool.query<Record<'roles' | 'arns' | 'asSeen' | 'results' | 'accounts', number>>(
    `select count(*)::int as "roles", count(distinct "arn")::int as "arns",
       count(*) filter (where "status" = 'OK' and "version" = 1 and jsonb_array_length("tags") = 1)::int as "asSeen",
       (select count(*)::int from "BackgroundOperationResult" where "operationId" = $1) as "results",
       (select count(*)::int from "AwsAccountSync" where "operationId" = $1 and "succeeded") as "accounts" from "AwsRole"`,
    [id],
  )
  const expected = { roles: accounts * rolesEach, arns: accounts * rolesEach, asSeen: accounts * rolesEach, results: accounts, accounts }
  const isWhole = end.status === 'SUCCEEDED' && end.done === accounts && JSON.stringify(rows[0]) === JSON.stringify(expected)
  const isSilent = !workers.some((worker) => worker.output().includes(secretAccessKey))
  console.log(`${seconds()} s: ${end.status} after ${killed} kills`, rows[0], isSilent ? 'no secret in the logs' : 'A SECRET IN THE LOGS')
  if (!isWhole || !isSilent || killed < kills) process.exitCode = 1
} finally {
  await Promise.all(workers.map((worker) => worker.kill()))
  await booted.stop()
  await aws.close()
  await rm(dataDir, { recursive: true, force: true })
}
