import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startWorker } from '../../src/jobs/worker.ts'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { type Nsd, startNsd, withoutNsd } from '../support/nsd.ts'
import { startProcess } from '../support/server-process.ts'
import { create, letTimePass, looked, read, until } from './connectors.ts'

vi.setConfig({ testTimeout: 90_000 })

let app: TestApp
let organization: TestOrganization

describe.skipIf(withoutNsd)('polling', () => {
  let nsd: Nsd
  beforeAll(async () => {
    nsd = await startNsd()
    app = await startTestApp({ env: { GATEHOUSE_DNS_SERVERS: nsd.address, GATEHOUSE_SSO_POLL_SECONDS: '1' } })
    organization = await app.organization()
  })
  afterAll(async () => {
    await app?.close()
    await nsd?.close()
  })
  const work = () => startWorker(app.booted.services, app.booted.databaseUrl)

  test('goes on where it was after the worker stopped and another one started, without anybody telling it', async () => {
    const { id } = await create(organization, 'restart.example')
    expect((await read(organization, id)).verification.attempts).toBe(0)
    const first = await work()
    const { verification } = await until(organization, id, looked(2))
    await first.stop()
    const { attempts } = (await read(organization, id)).verification
    await nsd.serve(`restart TXT "${verification.code}"`)
    await delay(1_500)
    expect((await read(organization, id)).verification).toMatchObject({ status: 'PENDING', attempts })
    const second = await work()
    const found = await until(organization, id, ({ verification: { status } }) => status === 'VERIFIED')
    await second.stop()
    expect(found.verification.attempts).toBeGreaterThan(attempts)
    expect(found.verification.code).toBe(verification.code)
  })

  test('goes on after the process was killed in the middle of a look-up: the look-up is made again, and counted once', async () => {
    const silent = createSocket('udp4')
    silent.bind(0, '127.0.0.1')
    await once(silent, 'listening')
    const { id, verification } = await create(organization, 'killed.example')
    await nsd.serve(`killed TXT "${verification.code}"`)
    const asked = once(silent, 'message')
    const worker = await startProcess('worker', {
      DATABASE_URL: app.booted.databaseUrl,
      GATEHOUSE_ADMIN_KEY: app.adminKey,
      GATEHOUSE_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      GATEHOUSE_DNS_SERVERS: `127.0.0.1:${silent.address().port}`,
    })
    await asked
    worker.child.kill('SIGKILL')
    await worker.ended()
    silent.close()
    expect((await read(organization, id)).verification).toMatchObject({ status: 'PENDING', attempts: 0 })
    // A job locked for less than this might belong to a worker that has only begun.
    await delay(5_500)
    const next = await work()
    const found = await until(organization, id, looked(1))
    await next.stop()
    expect(found.verification).toMatchObject({ status: 'VERIFIED', attempts: 1 })
  })

  test('a second run of a look-up that was made already changes nothing, and brings back a job that was lost', async () => {
    const { id } = await create(organization, 'twice.example')
    const worker = await work()
    const before = await until(organization, id, looked(1))
    const { pool } = app.booted.services.db
    await pool.query('select graphile_worker.remove_job($1)::text', [`sso:${id}`])
    const payload = JSON.stringify({ organizationId: organization.id, ssoConnectorId: id })
    await letTimePass(app, id, -1)
    const { verification } = await read(organization, id)
    await pool.query(`select graphile_worker.add_job('lookUpSsoConnector', payload := $1::json, job_key := 'stray')::text`, [payload])
    for (let left = 1; left > 0; await delay(50)) {
      left = (await pool.query(`select 1 from graphile_worker.jobs where "key" = 'stray'`)).rowCount ?? 0
    }
    await worker.stop()
    expect(await read(organization, id)).toEqual({ ...before, verification })
    const { rows } = await pool.query('select "run_at" from graphile_worker.jobs where "key" = $1', [`sso:${id}`])
    expect(rows).toEqual([{ run_at: new Date(verification.nextCheckAt!) }])
  })
})

describe('without a name server that answers', () => {
  test('a look-up ends within seconds, counts neither way, and is made again', async () => {
    const silent = createSocket('udp4')
    silent.bind(0, '127.0.0.1')
    await once(silent, 'listening')
    const server = await startTestApp({
      worker: true,
      env: { GATEHOUSE_DNS_SERVERS: `127.0.0.1:${silent.address().port}`, GATEHOUSE_SSO_EXPIRES_SECONDS: '1' },
    })
    try {
      const tenant = await server.organization()
      const { id } = await create(tenant, 'silent.example')
      const { verification } = await until(tenant, id, looked(1))
      expect(verification).toMatchObject({ status: 'PENDING', statusMessage: expect.stringMatching(/answered in time/) })
      expect(Date.parse(verification.lastCheckedAt!)).toBeGreaterThan(Date.parse(verification.expiresAt!))
      expect(Date.parse(verification.nextCheckAt!) - Date.parse(verification.lastCheckedAt!)).toBe(60_000)
    } finally {
      await server.close()
      silent.close()
    }
  })
})
