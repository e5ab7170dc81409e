import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { newAccount } from '../support/aws-setup.ts'
import { rowsOf } from '../support/rows.ts'
import { accountWithRoles, iamRoles, keyOf, syncCalls } from '../support/sync-calls.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { connectionLost } from './onboarding.ts'
import { keysFile, runSync, secret } from './syncing.ts'

// Each run is many calls, and syncs may wait for AWS.
vi.setConfig({ testTimeout: 60_000 })

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ worker: true })
})
afterEach(() => app.aws.faults.clear())
afterAll(() => app.close())

const arn = (accountId: string, name: string) => `arn:aws:iam::${accountId}:role/${name}`

/** An organization, and access keys of accounts with so many roles each. */
async function prepare(accounts: number, rolesEach: number) {
  const organization = await app.organization()
  const ids = Array.from({ length: accounts }, () => accountWithRoles(app, rolesEach))
  const keys = ids.map((id, index) => ({ accountName: `account ${index + 1}`, accessKeyId: keyOf(id) }))
  const env = { GATEHOUSE_KEY: organization.key }
  return { organization, ids, keys, env, args: ['--url', app.url, '--credentials', await keysFile(keys)], calls: syncCalls(organization) }
}

test('a first run puts the access keys, reads all accounts and names what is new; a second finds all as it was', async () => {
  const { args, env, ids, calls } = await prepare(3, 12)
  const first = await runSync(args, env)
  expect(first.text).toContain('Access keys: 3 new, 0 replaced, 0 as they were')
  expect(first.text).toContain('Read: 3 of 3 in ')
  expect(first.text).toContain('Roles: 36 found; 36 new, 0 back, 0 changed, 0 missing')
  expect(first.text).toContain('    … and 26 more')
  expect(first.text).toContain('3 of 3 were read')
  expect(first.exitCode).toBe(0)
  expect((await calls.accounts()).map(({ accountId }) => accountId).toSorted()).toEqual(ids.toSorted())

  const rolesBefore = await calls.roles('(first: 200)')
  const second = await runSync(args, env)
  expect(second.text).toContain('Access keys: 0 new, 0 replaced, 3 as they were')
  expect(second.text).toContain('Roles: 36 found; 0 new, 0 back, 0 changed, 0 missing')
  expect(second.exitCode).toBe(0)
  expect((await calls.roles('(first: 200)')).map(({ id, version }) => ({ id, version }))).toEqual(
    rolesBefore.map(({ id, version }) => ({ id, version })),
  )
})

test('what is new, changed, gone and back in AWS is told apart and named', async () => {
  const { args, env, ids } = await prepare(1, 3)
  const [id = ''] = ids
  expect((await runSync(args, env)).exitCode).toBe(0)
  const roles = iamRoles(app, id)
  const [gone, kept] = [roles.latest('r000'), roles.latest('r001')]
  if (!gone || !kept) throw new Error('the stand-in has not the roles')
  const put = (role: typeof gone) => roles.put(role.name, role, app.aws.state.now())
  roles.delete('r000')
  put({ ...kept, description: 'Another' })
  put({ ...kept, name: 'fresh', id: 'AROAFRESHFRESHFRESH01' })
  const second = await runSync(args, env)
  expect(second.text).toContain('Roles: 3 found; 1 new, 0 back, 1 changed, 1 missing')
  expect(second.text).toContain(`  new:\n    ${arn(id, 'fresh')}\n  changed:\n    ${arn(id, 'r001')}\n  missing:\n    ${arn(id, 'r000')}\n`)
  put(gone)
  const third = await runSync(args, env)
  expect(third.text).toContain(`Roles: 4 found; 0 new, 1 back, 0 changed, 0 missing\n  back:\n    ${arn(id, 'r000')}\n`)
  // What was told once is not told again.
  expect((await runSync(args, env)).text).toContain('0 new, 0 back, 0 changed, 0 missing')
})

test('a wrong access key is named with its account, the reason and the remedy, and the others go on', async () => {
  const { env, keys } = await prepare(2, 2)
  const file = await keysFile([...keys, { accountName: 'mistyped', accessKeyId: 'AKIANOBODYHASTHIS' }])
  const run = await runSync(['--url', app.url, '--credentials', file], env)
  expect(run.text).toContain('Roles: 4 found; 4 new')
  expect(run.text).toMatch(
    /Not read \(1 of 3\).*:\n {2}mistyped\n {4}The access key was not accepted: InvalidClientTokenId.*\n {6}To mend it: AWS knows no such access key/,
  )
  expect(run.text).toContain('2 of 3 were read')
  expect(run.exitCode).toBe(1)
})

test.each([
  { fault: { kind: 'refuse', service: 'iam' } as const, reason: 'AccessDenied', remedy: 'Allow the user of the key iam:ListRoles' },
  { fault: { kind: 'error500', service: 'iam' } as const, reason: 'answered 5', remedy: 'It passes; run this again later.' },
])('an account in which AWS answers with $fault.kind is named with $reason and a remedy', async ({ fault, reason, remedy }) => {
  const { args, env, ids } = await prepare(2, 1)
  const [, id = ''] = ids
  app.aws.faults.add({ ...fault, accountId: id })
  const run = await runSync(args, env)
  expect(run.text).toMatch(new RegExp(`\\n {2}account 2 {2}${id}\\n.*${reason}.*\\n {6}To mend it: ${remedy}`))
  expect(run.exitCode).toBe(1)
})

test('a bar on a terminal shows the progress that events tell of', async () => {
  const { args, env } = await prepare(10, 1)
  // Queries tell of the end alone.
  const silenced: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (!/query Operation\b/.test(String(init?.body))) return response
    const { data } = (await response.json()) as { data: { operation: { finishedAt: string | null; progress: { done: number } } } }
    if (!data.operation.finishedAt) data.operation.progress.done = 0
    return Response.json({ data })
  }
  app.aws.faults.add({ kind: 'slow', delayMs: 500 })
  const run = await runSync(args, env, { fetch: silenced, isTTY: true })
  expect(run.text).toMatch(/ [1-9]\/10 /)
  expect(run.text).toContain('Read: 10 of 10 in ')
  expect(run.exitCode).toBe(0)
})

test('a connection that is cut in the midst of a sync is made anew, and the end is told', async () => {
  const { env, keys } = await prepare(12, 1)
  const proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(app.url).port) })
  onTestFinished(() => proxy.close())
  app.aws.faults.add({ kind: 'slow', delayMs: 1_000 })
  let cut: Promise<void> | null = null
  const told = () => {
    cut ??= (async () => {
      // Well after the sync began, and long before its end.
      await vi.waitFor(async () => expect(await running()).toBe(1), { timeout: 20_000, interval: 20 })
      await new Promise((resolve) => setTimeout(resolve, 500))
      await proxy.reset()
      await new Promise((resolve) => setTimeout(resolve, 500))
      await proxy.pass()
    })()
  }
  const run = await runSync(['--url', `http://127.0.0.1:${proxy.port}`, '--credentials', await keysFile(keys)], env, { told })
  await cut
  expect(run.text).toMatch(/The connection for events was lost \(.+\); the progress is asked for until there is one again\./)
  expect(run.text).toContain('Connected again; events tell of the progress.')
  expect(run.text).toContain('Read: 12 of 12 in ')
  expect(run.text).toContain('12 of 12 were read')
  expect(run.exitCode).toBe(0)
})

test('where WebSockets do not get through, the progress is asked for and the end is told', async () => {
  const { env, keys } = await prepare(2, 1)
  // Passes on requests and refuses every upgrade.
  const front = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part))
    request.on('end', async () => {
      const { authorization = '' } = request.headers
      const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json', authorization }
      const answer = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body: Buffer.concat(parts) })
      response.writeHead(answer.status).end(await answer.text())
    })
  })
  front.on('upgrade', (_, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    front.closeAllConnections()
    front.close()
  })
  app.aws.faults.add({ kind: 'slow', delayMs: 200 })
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
  const run = await runSync(['--url', url, '--credentials', await keysFile(keys)], env)
  expect(run.text).toContain('No connection for events (')
  expect(run.text.split('No connection for events').length).toBe(2)
  expect(run.text).toContain('2 of 2 were read')
  expect(run.exitCode).toBe(0)
})

test('an answer that is lost on its way makes nothing twice', async () => {
  const { args, env, organization, calls } = await prepare(1, 1)
  const lost = new Set<string>()
  const losing: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const [, operation = ''] = /(?:query|mutation) (\w+)/.exec(String(init?.body)) ?? []
    if (lost.has(operation)) return response
    lost.add(operation)
    throw connectionLost()
  }
  app.aws.faults.add({ kind: 'slow', delayMs: 400 })
  const run = await runSync(args, env, { fetch: losing })
  expect([run.exitCode, run.text]).toEqual([0, expect.stringContaining('1 of 1 were read')])
  expect([...lost]).toEqual(expect.arrayContaining(['PutCredentials', 'StartSync', 'Operation']))
  const { operations } = (
    await organization.ask('query ($id: ID!) { organization(id: $id) { operations { totalCount } } }', { id: organization.id })
  ).organization
  expect(operations.totalCount).toBe(1)
  expect(await calls.audit('awsCredential.create')).toHaveLength(1)
  expect(await calls.audit('awsCredential.rotate')).toHaveLength(0)
})

test('a sync that is under way is waited for, and then one with the new access keys follows', async () => {
  const { args, env, calls } = await prepare(1, 2)
  await calls.put([{ accountName: 'there before', accessKeyId: keyOf(newAccount()) }])
  app.aws.faults.add({ kind: 'slow', delayMs: 1_000 })
  await calls.sync(false)
  const run = await runSync(args, env)
  expect(run.text).toContain('A sync is under way already')
  expect(run.text).toContain('Read: 1 of 1 in ')
  expect(run.text).toContain('Read: 2 of 2 in ')
  expect(run.text).toContain('Roles: 2 found; 2 new')
  expect(run.exitCode).toBe(0)
})

test('with the administrator’s key it makes the organization and a key with four scopes, which it revokes', async () => {
  const slug = `synced-${Date.now()}`
  const file = await keysFile([{ accountName: 'one', accessKeyId: keyOf(accountWithRoles(app, 1)) }])
  const env = { GATEHOUSE_ADMIN_KEY: app.adminKey }
  const run = await runSync(['--url', app.url, '--credentials', file, '--organization', slug], env)
  expect([run.exitCode, run.text]).toEqual([0, expect.stringMatching(new RegExp(`Organization ${slug} \\(org_\\w+\\), created`))])
  const { data } = await app.send(app.adminKey, `{ organizationBySlug(slug: "${slug}") { apiKeys { nodes { name scopes revokedAt } } } }`)
  expect(data.organizationBySlug.apiKeys.nodes).toEqual([
    {
      name: 'sync-aws',
      scopes: expect.toSatisfy((scopes: string[]) => scopes.length === 4 && !scopes.includes('ADMIN')),
      revokedAt: expect.any(String),
    },
  ])
})

test('the access key of the environment is put under the name that is given', async () => {
  const { organization, ids, calls } = await prepare(1, 1)
  const env = { GATEHOUSE_KEY: organization.key, AWS_ACCESS_KEY_ID: keyOf(ids[0] ?? ''), AWS_SECRET_ACCESS_KEY: secret }
  const run = await runSync(['--url', app.url, '--from-env', 'my account'], env)
  expect([run.exitCode, run.text]).toEqual([0, expect.stringContaining('Access keys: 1 new')])
  expect((await calls.accounts())[0].credentials.nodes).toEqual([{ accountName: 'my account' }])
})

test('what keeps a sync from being begun is said with the way out, and nothing is changed', async () => {
  const { organization, env, calls, keys } = await prepare(1, 1)
  const empty = await runSync(['--url', app.url], env)
  expect([empty.exitCode, empty.text]).toEqual([1, expect.stringContaining('There is nothing to read: put credentials')])
  await calls.set(false)
  const disabled = await runSync(['--url', app.url], env)
  expect([disabled.exitCode, disabled.text]).toEqual([1, expect.stringContaining('Enable it with setAwsSync.')])
  const before = await rowsOf(app, organization.id)
  const GATEHOUSE_KEY = await organization.keyWith('AWS_READ', 'ORGANIZATIONS_READ')
  const refused = await runSync(['--url', app.url, '--credentials', await keysFile(keys)], { GATEHOUSE_KEY })
  expect([refused.exitCode, refused.text]).toEqual([1, expect.stringContaining('scope')])
  const { ApiKey: _now, ...after } = await rowsOf(app, organization.id)
  const { ApiKey: _before, ...rest } = before
  expect(Object.keys(after).length).toBeGreaterThan(0)
  expect(after).toEqual({ ...rest, AuditEvent: after.AuditEvent })
})

test('a sync that somebody cancels ends the run and says so', async () => {
  const { args, env, calls, organization } = await prepare(1, 1)
  app.aws.faults.add({ kind: 'slow', delayMs: 1_500 })
  const run = runSync(args, env)
  const cancelled = vi.waitFor(
    async () => {
      const { operations } = (
        await organization.ask(
          'query ($id: ID!) { organization(id: $id) { operations(filter: { statuses: [RUNNING] }) { nodes { id } } } }',
          { id: organization.id },
        )
      ).organization
      expect((await calls.cancel(operations.nodes[0].id)).errors).toEqual([])
    },
    { timeout: 20_000, interval: 50 },
  )
  await cancelled
  expect(await run).toEqual({ exitCode: 1, text: expect.stringContaining('The sync was cancelled.') })
})

async function running(): Promise<number> {
  const { rows } = await app.booted.services.db.pool.query(`select 1 from "BackgroundOperation" where "status" = 'RUNNING'`)
  return rows.length
}
