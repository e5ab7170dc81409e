import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { expectInstalledOnce } from './histories.ts'
import { accountIds, accountsFile, connectionLost, type Interposed, kinds, mutationsOf, onboard, spawnOnboarding } from './onboarding.ts'

// Each run is many calls, and verifications may wait for AWS.
vi.setConfig({ testTimeout: 120_000 })

let app: TestApp
let standIn: { AWS_ENDPOINT_URL: string }
beforeAll(async () => {
  app = await startTestApp({ worker: true })
  standIn = { AWS_ENDPOINT_URL: app.booted.services.config.awsEndpointUrl ?? '' }
})
afterAll(() => app.close())

async function prepare(accounts: number) {
  const { id, key, ask } = await app.organization()
  const args = ['--url', app.url, '--accounts', await accountsFile(accounts), '--apply']
  const env = { GATEHOUSE_KEY: key, ...standIn }
  return { args, env, expectDone: () => expectInstalledOnce(ask, id, accountIds(accounts), kinds) }
}

describe('a run that ends at this request is completed by the next run, and nothing happens twice', () => {
  test.each(['InstallAws', 'StageComponents', 'RoleSetups', 'VerifyComponents', 'Operation', 'ConfigureComponents', 'WholeOnboarding'])(
    '%s',
    async (last) => {
      const { args, env, expectDone } = await prepare(2)
      const killed: Interposed = async ({ operation }, send) => {
        const response = await send()
        if (operation === last) throw new Error('killed')
        return response
      }
      expect((await onboard(args, env, killed)).exitCode).toBe(1)
      const next = await onboard(args, env)
      expect([next.exitCode, next.text]).toEqual([0, expect.stringContaining('6 of 6 components are installed')])
      await expectDone()
    },
  )
})

test('a program that is killed while AWS is looked at is completed by the next one, which waits for what is under way', async () => {
  const { args, env, expectDone } = await prepare(8)
  app.aws.faults.add({ kind: 'slow', delayMs: 150, service: 'sts' })
  const { child, text } = spawnOnboarding(args, env)
  await vi.waitFor(() => expect(text()).toContain('Roles made: 24 of 24'), { timeout: 15_000, interval: 20 })
  await vi.waitFor(async () => expect((await running()).length).toBe(1), { timeout: 15_000, interval: 20 })
  child.kill('SIGKILL')
  const next = await onboard(args, env)
  app.aws.faults.clear()
  expect([next.exitCode, next.text]).toEqual([0, expect.stringContaining('24 of 24 components are installed')])
  expect(mutationsOf(next)).toEqual(kinds.map(() => 'ConfigureComponents'))
  await expectDone()
})

describe('an answer that is lost on its way, or a server that is away for a moment, is made up for within the run', () => {
  const once = (name: string, fail: (send: () => Promise<Response>) => Promise<Response>): Interposed => {
    let isDone = false
    return async ({ operation }, send) => {
      if (isDone || operation !== name) return send()
      isDone = true
      return fail(send)
    }
  }
  const cases = ['InstallAws', 'StageComponents', 'VerifyComponents', 'Operation', 'ConfigureComponents'].map((operation) => ({
    operation,
    how: 'lost',
  }))
  const away = ['refused', '503'].flatMap((how) => ['Components', 'StageComponents'].map((operation) => ({ operation, how })))
  test.each([...cases, ...away])('$operation $how', async ({ operation, how }) => {
    const { args, env, expectDone } = await prepare(1)
    const interposed = once(operation, async (send) => {
      if (how === '503') return new Response('', { status: 503, headers: { 'retry-after': '1' } })
      if (how === 'lost') await send()
      throw how === 'lost' ? connectionLost() : Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })
    })
    const run = await onboard(args, env, interposed)
    expect([run.exitCode, run.text]).toEqual([0, expect.stringContaining('3 of 3 components are installed')])
    await expectDone()
  })
})

describe('what another attempt would not mend is not tried again', () => {
  test.each([
    ['an answer without GraphQL', async () => new Response('Bad gateway', { status: 502 }), 'answered 502 without GraphQL'],
    [
      'an unknown host',
      async () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ENOTFOUND', message: 'no such host' } })),
      'no such host',
    ],
    [
      'an internal error',
      async () => Response.json({ errors: [{ message: 'Something went wrong on our side.' }] }, { status: 500 }),
      'Something went wrong on our side.',
    ],
  ] as const)('%s', async (_, answer, reason) => {
    const { args, env } = await prepare(1)
    const run = await onboard(args, env, answer)
    expect([run.exitCode, run.sent.length, run.text]).toEqual([1, 1, expect.stringContaining(reason)])
  })
})

test('a server that stays away ends the run when the patience is over', async () => {
  const { args, env } = await prepare(1)
  const run = await onboard([...args, '--patience', '1'], env, () => Promise.reject(connectionLost()))
  expect([run.exitCode, run.text]).toEqual([
    1,
    expect.stringContaining('did not answer for 1 s: the connection was lost. What was done stays done; run this again to go on.'),
  ])
  expect(run.sent.length).toBeGreaterThan(1)
})

async function running(): Promise<unknown[]> {
  const { rows } = await app.booted.services.db.pool.query(`select 1 from "BackgroundOperation" where "status" = 'RUNNING'`)
  return rows
}
