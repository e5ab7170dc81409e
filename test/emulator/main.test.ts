import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { ListRolesCommand } from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterEach, expect, test } from 'vitest'
import { administratorOf, clientsOf } from './clients.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
let child: ChildProcess | undefined

afterEach(() => {
  child?.kill('SIGKILL')
})

/** Starts the command as `npm run aws:emulator` does and gathers what it writes. */
function start(...options: string[]) {
  const started = spawn(process.execPath, ['--import', 'tsx', 'emulator/main.ts', ...options], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = started
  const written = { out: '', err: '' }
  started.stdout.on('data', (chunk) => {
    written.out += chunk
  })
  started.stderr.on('data', (chunk) => {
    written.err += chunk
  })
  return { written, ended: once(started, 'exit').then(([code]) => code as number | null) }
}

test('it says how to use it, answers, notes each call and ends on SIGTERM', { timeout: 30_000 }, async () => {
  const { written, ended } = start('--port', '0')
  await expect.poll(() => written.out, { timeout: 20_000 }).toMatch(/listening on http:\/\/127\.0\.0\.1:\d+\n/)
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(written.out)?.[0] ?? ''
  expect(written.out).toContain(`export AWS_ENDPOINT_URL=${url}\n`)
  expect(written.out).toContain('export AWS_ACCESS_KEY_ID=AKIA123456789012\n')
  const me = await clientsOf(url, { credentials: administratorOf('123456789012') }).sts.send(new GetCallerIdentityCommand({}))
  expect(me.Account).toBe('123456789012')
  await expect.poll(() => written.out).toMatch(/123456789012 {2}sts GetCallerIdentity {2}200\n$/)
  child?.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(written.err).toBe('')
})

test('it ends at once with calls under way', { timeout: 30_000 }, async () => {
  const { written, ended } = start('--port', '0', '--quiet')
  await expect.poll(() => written.out, { timeout: 20_000 }).toMatch(/^http:/)
  const url = written.out.trim()
  const faults = [
    { kind: 'silent', operation: 'GetCallerIdentity' },
    { kind: 'slow', delayMs: 600_000, operation: 'ListRoles' },
  ]
  await fetch(`${url}/_emulator/faults`, { method: 'POST', body: JSON.stringify(faults) })
  const { sts, iam } = clientsOf(url, { credentials: administratorOf('123456789012') })
  const calls = Promise.allSettled([sts.send(new GetCallerIdentityCommand({})), iam.send(new ListRolesCommand({}))])
  await expect.poll(async () => (await fetch(`${url}/_emulator/requests`)).text()).toContain('"total": 2')
  const killedAt = performance.now()
  child?.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(performance.now() - killedAt).toBeLessThan(5000)
  expect((await calls).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

test('quiet, it says its address and nothing more', { timeout: 30_000 }, async () => {
  const { written, ended } = start('--port', '0', '--quiet')
  await expect.poll(() => written.out, { timeout: 20_000 }).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/)
  await clientsOf(written.out.trim(), { credentials: administratorOf('123456789012') }).sts.send(new GetCallerIdentityCommand({}))
  child?.kill('SIGINT')
  expect(await ended).toBe(0)
  expect(written.out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/)
})

test('a port that is taken is named', { timeout: 30_000 }, async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const { written, ended } = start('--port', String(port))
  expect(await ended).toBe(1)
  expect(written.err).toBe(`Port ${port} on 127.0.0.1 is taken. Choose another with --port.\n`)
  other.close()
})

test.each([['--port', 'http'], ['--port', '70000'], ['--prot', '1'], ['surplus']])(
  'options %s %s are refused with the usage',
  { timeout: 30_000 },
  async (...options) => {
    const { written, ended } = start(...options)
    expect(await ended).toBe(2)
    expect(written.err).toContain('npm run aws:emulator -- [--host')
  },
)
