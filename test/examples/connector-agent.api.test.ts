import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { heartbeat, reportOnce } from '../../examples/connector-agent.ts'
import { agentOf, stateOf } from '../connector/agents.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
let directory: string
beforeAll(async () => {
  app = await startTestApp()
  directory = await mkdtemp(path.join(tmpdir(), 'gatehouse-agent-'))
})
afterAll(async () => {
  await app?.close()
  await rm(directory, { recursive: true, force: true })
})

it('the example agent reports what is there, what is gone, and that it is there itself', async () => {
  const own = await app.organization()
  const { key, integrationId, connectorId } = await agentOf(own)
  const options = { url: app.url, key, integrationId, directory }
  await mkdir(path.join(directory, 'reports'))
  await writeFile(path.join(directory, 'reports', 'may.txt'), '')
  await writeFile(path.join(directory, 'reports', 'june.txt'), '')
  expect(await reportOnce(options)).toBe(3)
  expect(await stateOf(own, integrationId)).toEqual({ ACTIVE: ['reports/june.txt', 'reports/may.txt', 'reports'] })
  await rm(path.join(directory, 'reports', 'may.txt'))
  expect(await reportOnce(options)).toBe(2)
  expect(await stateOf(own, integrationId)).toEqual({ ACTIVE: ['reports/june.txt', 'reports'], DELETED: ['reports/may.txt'] })
  await heartbeat(options)
  const { integration, connector } = await own.ask(
    `{ integration(id: "${integrationId}") { status permissions { totalCount } } connector(id: "${connectorId}") { status agentVersion } }`,
  )
  expect(integration).toEqual({ status: 'ACTIVE', permissions: { totalCount: 4 } })
  expect(connector).toEqual({ status: 'CONNECTED', agentVersion: '1.0.0' })
  await expect(heartbeat({ ...options, key: `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}` })).rejects.toThrow('expired or revoked')
})
