import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import { accountsFile, onboard } from './onboarding.ts'

test('first statement of the queue fails once', { timeout: 180_000 }, async () => {
  const original = pg.Client.prototype.query
  let failed = 0
  // @ts-expect-error instrumented
  pg.Client.prototype.query = function (...args: unknown[]) {
    const q = args[0] as { text?: string } | string
    const text = typeof q === 'string' ? q : (q?.text ?? '')
    if (failed === 0 && text.includes('_private_tasks as tasks (identifier)')) {
      failed++
      return Promise.reject(new Error('timeout exceeded when trying to connect'))
    }
    return original.apply(this, args as never)
  }
  const app = await startTestApp({ worker: true })
  await delay(5000)
  const { key } = await app.organization()
  const env = { GATEHOUSE_KEY: key, AWS_ENDPOINT_URL: app.booted.services.config.awsEndpointUrl ?? '' }
  const run = await Promise.race([onboard(['--url', app.url, '--accounts', await accountsFile(1), '--apply'], env), delay(30_000)])
  console.log('FAILED', failed, run ? run.text : 'HANGS: no job is ever taken')
  await app.close()
  expect(1).toBe(1)
})
