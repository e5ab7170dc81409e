import { ListAccountAliasesCommand } from '@aws-sdk/client-iam'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { answerControl } from '../../emulator/control.ts'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import { putRole } from '../../emulator/iam/role.ts'
import { administratorOf, clientsOf, refusalOf } from './clients.ts'
import { servicePrincipal } from './documents.ts'

const accountId = '123456789012'
let emulator: AwsEmulator
let url: string

beforeEach(async () => {
  emulator = createAwsEmulator()
  url = await emulator.listen()
})
afterEach(() => emulator.close())

interface Answer {
  error?: string
  ids?: string[]
  faults?: { kind: string }[]
  total?: number
  byOperation?: unknown[]
  recent?: unknown[]
  accounts?: { id: string }[]
}

async function control(method: string, path: string, body?: string | object, headers?: Record<string, string>) {
  const text = typeof body === 'object' ? JSON.stringify(body) : body
  const response = await fetch(`${url}/_emulator/${path}`, { method, headers, body: text })
  return { status: response.status, json: (await response.json()) as Answer }
}
const aliases = () => clientsOf(url, { credentials: administratorOf(accountId) }).iam.send(new ListAccountAliasesCommand({}))

describe('faults over HTTP', () => {
  test('are added one or several at a time, listed, removed and cleared', async () => {
    const one = await control('POST', 'faults', { kind: 'refuse', service: 'iam' })
    expect(one).toMatchObject({ status: 201, json: { ids: [expect.any(String)] } })
    await control('POST', 'faults', [
      { kind: 'silent', service: 'sts' },
      { kind: 'slow', delayMs: 5, times: 1 },
    ])
    expect((await control('GET', 'faults')).json.faults).toMatchObject([{ kind: 'refuse' }, { kind: 'silent' }, { kind: 'slow', times: 1 }])
    expect(await refusalOf(aliases())).toMatchObject({ name: 'AccessDenied' })
    expect((await control('DELETE', `faults?id=${one.json.ids?.[0]}`)).json.faults).toHaveLength(1)
    await expect(aliases()).resolves.toBeDefined()
    expect((await control('DELETE', 'faults')).json).toEqual({ faults: [] })
  })

  test.each([
    ['an unknown kind', { kind: 'earthquake' }],
    ['a delay that is missing', { kind: 'slow' }],
    ['a probability above 1', { kind: 'refuse', probability: 2 }],
    ['an unknown member', { kind: 'refuse', acount: accountId }],
    ['one wrong of two', [{ kind: 'refuse' }, { kind: 'nothing' }]],
    ['no JSON', '{'],
  ])('%s is refused, and nothing is added', async (_title, body) => {
    expect(await control('POST', 'faults', body)).toMatchObject({ status: 400, json: { error: expect.any(String) } })
    expect(emulator.faults.list()).toEqual([])
  })

  test('one that is not there cannot be removed', async () => {
    expect(await control('DELETE', 'faults?id=none')).toMatchObject({ status: 404 })
  })
})

test('requests are shown by operation and account, and forgotten', async () => {
  await aliases()
  await aliases()
  const { json } = await control('GET', 'requests')
  expect(json).toMatchObject({ total: 2, byOperation: [{ service: 'iam', operation: 'ListAccountAliases', accountId, count: 2 }] })
  expect(json.recent).toHaveLength(2)
  await control('DELETE', 'requests')
  expect((await control('GET', 'requests')).json.total).toBe(0)
})

test('state shows what an account has', async () => {
  emulator.state.account('210987654321', { partition: 'aws-us-gov' })
  putRole(emulator.state.account(accountId), Date.now(), { name: 'R', trustPolicy: servicePrincipal('lambda.amazonaws.com') })
  const all = (await control('GET', 'state')).json.accounts
  expect(all).toMatchObject([
    { id: '210987654321', partition: 'aws-us-gov', roles: 0 },
    { id: accountId, partition: 'aws', roles: 1, functions: [] },
  ])
  expect((await control('GET', `state?account=${accountId}`)).json.accounts).toEqual([all?.[1]])
})

test('what there is to ask for is said', async () => {
  expect(await control('GET', 'nothing')).toMatchObject({ status: 404, json: { error: expect.stringContaining('faults') } })
})

describe('only programs on this machine may ask', () => {
  test('a page in a browser is refused', async () => {
    expect((await control('GET', 'state', undefined, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await control('POST', 'faults', { kind: 'refuse' }, { origin: 'null' })).status).toBe(403)
  })

  test.each([
    ['127.0.0.1', 200],
    ['::1', 200],
    ['::ffff:127.0.0.1', 200],
    ['192.0.2.1', 403],
    ['::ffff:192.0.2.1', 403],
    ['2001:db8::1', 403],
    [undefined, 403],
  ])('%s gets %d', (address, status) => {
    const request = { method: 'GET', path: '/_emulator/faults', query: new URLSearchParams(), headers: {}, body: Buffer.alloc(0) }
    expect(answerControl({ ...emulator, services: [] }, request, address).status).toBe(status)
  })
})
