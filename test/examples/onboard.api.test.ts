import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { rowsOf } from '../support/rows.ts'
import { expectInstalledOnce } from './histories.ts'
import { accountIds, accountsFile, kinds, mutationsOf, onboard, spawnOnboarding } from './onboarding.ts'

// Each run is many calls, and verifications may wait for AWS.
vi.setConfig({ testTimeout: 120_000 })

let app: TestApp
let standIn: { AWS_ENDPOINT_URL: string }
beforeAll(async () => {
  app = await startTestApp({ worker: true })
  standIn = { AWS_ENDPOINT_URL: app.booted.services.config.awsEndpointUrl ?? '' }
})
afterAll(() => app.close())

test('twelve accounts are installed in one run, and a second run sends no mutation and changes no row', async () => {
  const { id, key, ask } = await app.organization()
  const args = ['--url', app.url, '--accounts', await accountsFile(12), '--apply']
  const env = { GATEHOUSE_KEY: key, ...standIn }
  const first = await onboard(args, env)
  expect(first.text).toContain('36 of 36 components are installed')
  expect(first.exitCode).toBe(0)
  expect(mutationsOf(first)).toEqual([
    'InstallAws',
    ...kinds.map(() => 'StageComponents'),
    'VerifyComponents',
    ...kinds.map(() => 'ConfigureComponents'),
  ])
  await expectInstalledOnce(ask, id, accountIds(12), kinds)

  const before = await rowsOf(app, id)
  app.aws.requests.reset()
  const second = await onboard(args, env)
  expect(second.text).toContain('36 components, 36 already installed, nothing to do')
  expect(second.exitCode).toBe(0)
  expect(mutationsOf(second)).toEqual([])
  expect(app.aws.requests.count()).toBe(0)
  expect(await rowsOf(app, id)).toEqual(before)
})

test('as a program with the administrator’s key it makes the organization and a key, which it revokes, and changes nothing the second time', async () => {
  const slug = `made-${Date.now()}`
  const args = ['--url', app.url, '--accounts', await accountsFile(2), '--apply', '--organization', slug]
  const env = { GATEHOUSE_ADMIN_KEY: app.adminKey, ...standIn }
  const first = spawnOnboarding(args, env)
  expect([await first.exitCode, first.text()]).toEqual([0, expect.stringContaining('6 of 6 components are installed')])
  const { data } = await app.send(
    app.adminKey,
    `{ organizationBySlug(slug: "${slug}") { id name apiKeys { nodes { id name scopes expiresAt revokedAt } }
       auditEvents(filter: { action: "component.configure" }) { nodes { actor { subject } } } } }`,
  )
  const { id, name, apiKeys, auditEvents } = data.organizationBySlug
  expect(name).toBe(slug)
  expect(apiKeys.nodes).toEqual([
    expect.objectContaining({ name: 'onboard-aws', revokedAt: expect.any(String), expiresAt: expect.any(String) }),
  ])
  expect(apiKeys.nodes[0].scopes).not.toContain('ADMIN')
  expect(auditEvents.nodes.map((event: { actor: { subject: string } }) => event.actor.subject)).toEqual(Array(6).fill(apiKeys.nodes[0].id))
  await expectInstalledOnce(async (query, variables) => (await app.send(app.adminKey, query, variables)).data, id, accountIds(2), kinds)

  const before = await rowsOf(app, id)
  const second = spawnOnboarding(args, env)
  expect([await second.exitCode, second.text()]).toEqual([0, expect.stringContaining('6 already installed, nothing to do')])
  expect(await rowsOf(app, id)).toEqual(before)
})

test('a dry run says what would be done, sends no mutation and changes no row', async () => {
  const { id, key } = await app.organization()
  const before = await rowsOf(app, id)
  const run = await onboard(['--url', app.url, '--accounts', await accountsFile(3), '--apply', '--dry-run'], {
    GATEHOUSE_KEY: key,
    ...standIn,
  })
  expect(run.text).toContain('9 components, 0 already installed; this would stage 9, create roles for 9, verify 9, configure 9')
  expect(run.exitCode).toBe(0)
  expect(mutationsOf(run)).toEqual([])
  expect(await rowsOf(app, id)).toEqual(before)
})

test('further accounts are installed beside those that are there, which are left alone', async () => {
  const { id, key, ask } = await app.organization()
  const env = { GATEHOUSE_KEY: key, ...standIn }
  expect((await onboard(['--url', app.url, '--accounts', await accountsFile(1), '--apply'], env)).exitCode).toBe(0)
  const more = await onboard(['--url', app.url, '--accounts', await accountsFile(3), '--apply'], env)
  expect(more.text).toContain('9 components, 3 already installed; to do: stage 6, create roles for 6, verify 6, configure 6')
  await expectInstalledOnce(ask, id, accountIds(3), kinds)
})

test('a key that cannot be used ends the run after one request with what is wrong', async () => {
  const { keyWith } = await app.organization()
  const args = ['--url', app.url, '--accounts', await accountsFile(1), '--apply']
  for (const [GATEHOUSE_KEY, reason] of [
    ['gh_nobody', 'This key is unknown, expired or revoked.'],
    [app.adminKey, 'give it as GATEHOUSE_ADMIN_KEY'],
    [await keyWith('COMPONENTS_READ'), 'scope'],
  ] as const) {
    const run = await onboard(args, { GATEHOUSE_KEY, ...standIn })
    expect([run.exitCode, run.text]).toEqual([1, expect.stringContaining(reason)])
    expect(mutationsOf(run)).toEqual([])
  }
})
