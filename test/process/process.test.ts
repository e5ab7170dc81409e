import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type ServerProcess, startProcess } from '../support/server-process.ts'

let dataDir: string
const started: ServerProcess[] = []

beforeAll(async () => {
  execFileSync(process.execPath, ['scripts/build.mjs'])
  dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-process-'))
}, 120_000)

afterEach(async () => {
  for (const server of started.splice(0)) {
    server.child.kill('SIGKILL')
    await server.ended()
  }
})

afterAll(() => rm(dataDir, { recursive: true, force: true }))

async function start(env: Record<string, string> = {}, entry: Parameters<typeof startProcess>[0] = 'server', args: string[] = []) {
  const server = await startProcess(entry, { GATEHOUSE_DATA_DIR: dataDir, ...env }, args)
  started.push(server)
  return server
}

const printedKey = async (server: ServerProcess) => decodeURIComponent((await server.printed(/#key=(\S+)/))[1] ?? '')

async function viewer(url: string, key: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify({ query: '{ viewer { kind organizations { nodes { id slug } } apiKey { expiresAt } } }' }),
  })
  return { status: response.status, body: (await response.json()) as { data?: { viewer: Record<string, never> } } }
}

/** PostgreSQL processes whose command line names the data directory. */
function databases(): string[] {
  return execFileSync('ps', ['-eo', 'args'])
    .toString()
    .split('\n')
    .filter((line) => line.includes(dataDir) && /postgres/.test(line) && !line.includes('ps -eo'))
}

test('a start prints an address whose key works, a stop ends with 0 and leaves no database behind, and the next start finds everything again', async () => {
  const first = await start()
  const key = await printedKey(first)
  const seen = await viewer(first.url, key)
  expect(seen).toMatchObject({ status: 200, body: { data: { viewer: { kind: 'API_KEY', organizations: { nodes: [{ slug: 'demo' }] } } } } })
  const { expiresAt } = (seen.body.data as unknown as { viewer: { apiKey: { expiresAt: string } } }).viewer.apiKey
  const endsAt = Date.parse(expiresAt)
  expect(endsAt - Date.now()).toBeLessThanOrEqual(24 * 3_600_000)
  expect(await (await fetch(`${first.url}/readyz`)).json()).toEqual({ status: 'ok' })
  expect(await (await fetch(`${first.url}/`)).text()).not.toContain('gh_key_')

  const stoppedAt = Date.now()
  first.child.kill('SIGTERM')
  expect(await first.ended()).toBe(0)
  expect(Date.now() - stoppedAt).toBeLessThan(10_000)
  expect(databases()).toEqual([])

  const second = await start()
  await printedKey(second)
  expect((await viewer(second.url, key)).body).toEqual(seen.body)
}, 120_000)

test('the printed key is refused where a proxy passed it on or the host is not this machine', async () => {
  const server = await start()
  const key = await printedKey(server)
  for (const headers of [{ 'x-forwarded-for': '203.0.113.5' }, { forwarded: 'for=203.0.113.5' }, { via: '1.1 proxy' }] as Record<
    string,
    string
  >[]) {
    expect((await viewer(server.url, key, headers)).status).toBe(401)
  }
  // fetch does not let the Host header be set.
  const { request } = await import('node:http')
  const status = await new Promise((resolve, reject) => {
    const sent = request(
      `${server.url}/graphql`,
      { method: 'POST', headers: { host: 'rebound.example', 'content-type': 'application/json', authorization: `Bearer ${key}` } },
      (response) => {
        response.resume()
        resolve(response.statusCode)
      },
    )
    sent.on('error', reject)
    sent.end(JSON.stringify({ query: '{ viewer { kind } }' }))
  })
  expect(status).toBe(401)
  expect((await viewer(server.url, key)).status).toBe(200)
}, 120_000)

test('generated keys lie in files of the owner alone', async () => {
  const server = await start()
  await printedKey(server)
  for (const file of ['admin-key', 'encryption-keys']) expect((await stat(join(dataDir, file))).mode & 0o077).toBe(0)
  const adminKey = (await readFile(join(dataDir, 'admin-key'), 'utf8')).trim()
  expect((await viewer(server.url, adminKey)).body).toMatchObject({ data: { viewer: { kind: 'PLATFORM_ADMIN' } } })
  expect(server.output()).not.toContain(adminKey)
}, 120_000)

test('a second server on one data directory says so and ends, and the first goes on', async () => {
  const first = await start()
  const key = await printedKey(first)
  const second = await start()
  expect(await second.ended()).toBe(1)
  expect(second.output()).toContain(String(first.child.pid))
  expect(second.output()).not.toMatch(/\n\s+at /)
  expect((await viewer(first.url, key)).status).toBe(200)
}, 120_000)

test('a taken port is told in one message', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as { port: number }
  const server = await start({ PORT: String(port) })
  expect(await server.ended()).toBe(1)
  expect(server.output()).toContain(`Port ${port}`)
  expect(server.output()).not.toMatch(/\n\s+at /)
  expect(databases()).toEqual([])
  await new Promise((resolve) => other.close(resolve))
}, 120_000)

test('wrong settings end the start with one message that names them, before anything is opened', async () => {
  const server = await start({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none', GATEHOUSE_WORKER: 'maybe' })
  expect(await server.ended()).toBe(1)
  for (const name of ['GATEHOUSE_ADMIN_KEY', 'GATEHOUSE_ENCRYPTION_KEYS', 'GATEHOUSE_WORKER']) expect(server.output()).toContain(name)
  expect(server.output()).not.toMatch(/\n\s+at /)
}, 120_000)

test('a database that does not answer ends the start with a message within bounds', async () => {
  const server = await start({
    DATABASE_URL: 'postgresql://nobody:hunter2@127.0.0.1:1/none',
    GATEHOUSE_ADMIN_KEY: 'a'.repeat(32),
    GATEHOUSE_ENCRYPTION_KEYS: `k:${Buffer.alloc(32).toString('base64')}`,
  })
  expect(await server.ended()).toBe(1)
  expect(server.output()).toContain('127.0.0.1:1')
  expect(server.output()).not.toContain('hunter2')
}, 60_000)

test('worker, migrate and keys:rotate work beside a running server with the embedded database', async () => {
  const server = await start({ GATEHOUSE_WORKER: 'off' })
  await printedKey(server)
  const worker = await start({}, 'worker')
  await worker.printed('worker is ready')
  const before = (await (await fetch(`${server.url}/.well-known/jwks.json`)).json()) as { keys: unknown[] }
  const rotate = await start({}, 'rotate-keys', ['--issuer'])
  expect(await rotate.ended(), rotate.output()).toBe(0)
  expect(rotate.output()).toContain('signs from')
  expect(before.keys).toHaveLength(1)
  const rewrap = await start({}, 'rotate-keys')
  expect(await rewrap.ended(), rewrap.output()).toBe(0)
  worker.child.kill('SIGINT')
  expect(await worker.ended()).toBe(0)
}, 120_000)

test('a key that records were sealed with and that is missing now keeps the server from starting', async () => {
  const server = await start({ GATEHOUSE_ENCRYPTION_KEYS: `other:${Buffer.alloc(32, 1).toString('base64')}` })
  expect(await server.ended()).toBe(1)
  expect(server.output()).toContain('GATEHOUSE_ENCRYPTION_KEYS')
  expect(server.output()).not.toMatch(/\n\s+at /)
}, 120_000)

test('interrupt sent twice at once, as a terminal and npm do, still stops in order', async () => {
  const server = await start()
  await printedKey(server)
  server.child.kill('SIGINT')
  server.child.kill('SIGINT')
  expect(await server.ended()).toBe(0)
  expect(databases()).toEqual([])
}, 120_000)
