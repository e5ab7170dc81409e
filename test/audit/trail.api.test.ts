import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app?.close())

test('what waited for something else stands in the trail after what was done meanwhile, and since and until cut it there', async () => {
  const { id: organizationId, ask } = await app.organization()
  const trail = async (filter = ''): Promise<Data[]> =>
    (await ask(`{ organization(id: "${organizationId}") { auditEvents(first: 10${filter}) { nodes { at action } } } }`)).organization
      .auditEvents.nodes
  const change = async (field: string, answer: string, input: object): Promise<Data> => {
    const mutation = `${field[0]?.toUpperCase()}${field.slice(1)}Input`
    return (await ask(`mutation ($input: ${mutation}!) { ${field}(input: $input) { ${answer} errors { message } } }`, { input }))[field]
  }
  const held = await change('createSsoConnector', 'ssoConnector { id }', {
    ...{ organizationId, emailDomain: 'held.example', beginVerification: false },
  })
  const client = await app.booted.services.db.pool.connect()
  try {
    await client.query('begin')
    await client.query('select from "SsoConnector" where "id" = $1 for update', [held.ssoConnector.id])
    const waiting = change('updateSsoConnector', 'ssoConnector { useFedrampLanguage }', {
      id: held.ssoConnector.id,
      useFedrampLanguage: true,
    })
    expect(await Promise.race([waiting, delay(200, 'waits')])).toBe('waits')
    await change('createUserGroup', '', { organizationId, name: 'meanwhile' })
    // Their times are told to the millisecond.
    await delay(5)
    await client.query('rollback')
    expect(await waiting).toEqual({ ssoConnector: { useFedrampLanguage: true }, errors: [] })
  } finally {
    client.release()
  }
  const [last, meanwhile] = await trail()
  expect([last?.action, meanwhile?.action]).toEqual(['ssoConnector.update', 'userGroup.create'])
  expect(Date.parse(last?.at)).toBeGreaterThan(Date.parse(meanwhile?.at))
  expect(await trail(`, filter: { since: "${last?.at}" }`)).toEqual([last])
  expect((await trail(`, filter: { until: "${last?.at}" }`))[0]).toEqual(meanwhile)
  expect(await trail(`, filter: { since: "${meanwhile?.at}", until: "${last?.at}" }`)).toEqual([meanwhile])
})
