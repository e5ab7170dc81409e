import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

const logged: string[] = []
const answered: string[] = []
const secrets: string[] = []
let app: TestApp

beforeAll(async () => {
  app = await startTestApp({ log: { level: 'trace', write: (line) => logged.push(line) } })
  secrets.push(app.adminKey)
})
afterAll(async () => {
  await app?.close()
})

/** The answer's text without the one place that shows a secret. */
async function send(key: string | null, query: string, variables?: object) {
  const answer = await app.send(key, query, variables)
  const shown = ['createApiKey', 'rotateApiKey'].map((name) => answer.data?.[name]?.secret).filter(Boolean)
  secrets.push(...shown)
  answered.push(shown.reduce((text, secret) => text.replace(secret, ''), JSON.stringify(answer)))
  return answer
}

it('no secret reaches the log, the audit trail or an error, whatever succeeds, is refused or breaks', async () => {
  const { pool } = app.booted.services.db
  const made = await send(app.adminKey, 'mutation { createOrganization(input: { slug: "one", name: "One" }) { organization { id } } }')
  const { id } = made.data.createOrganization.organization
  const create = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } errors { message } } }'
  const input = { organizationId: id, name: 'key', scopes: ['ADMIN'] }
  const key = (await send(app.adminKey, create, { input })).data.createApiKey
  const rotate = `mutation { rotateApiKey(input: { id: "${key.apiKey.id}" }) { secret errors { message } } }`
  const rotated = (await send(key.secret, rotate)).data.rotateApiKey.secret
  await send(key.secret, '{ viewer { kind } }')
  await send(`${rotated}0`, '{ viewer { kind } }')
  await send(rotated, `{ node(id: "${rotated}") { id } organizationBySlug(slug: "${rotated}") { id } }`)
  await send(rotated, `{ viewer { ${rotated} } }`)
  await send(rotated, 'query ($id: Int!) { viewer { kind } }', { id: rotated })

  await pool.query('alter table "AuditEvent" rename to "AuditEventElsewhere"')
  const [unmade, unrotated, unread] = [
    await send(rotated, create, { input }),
    await send(rotated, rotate),
    await send(rotated, `{ organization(id: "${id}") { auditEvents { nodes { id } } } }`),
  ]
  await pool.query('alter table "AuditEventElsewhere" rename to "AuditEvent"')
  for (const broken of [unmade, unrotated, unread]) expect(broken.errors?.[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR')
  await pool.query('alter table "ApiKey" rename to "ApiKeyElsewhere"')
  const unknown = await send(rotated, '{ viewer { kind } }')
  await pool.query('alter table "ApiKeyElsewhere" rename to "ApiKey"')
  expect(unknown.errors?.[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR')
  expect((await send(rotated, '{ viewer { kind } }')).data).toEqual({ viewer: { kind: 'API_KEY' } })

  const { rows } = await pool.query('select coalesce(json_agg(e), \'[]\')::text as events from "AuditEvent" e')
  expect(rows[0].events).toContain('apiKey.rotate')
  const log = logged.join('')
  expect(log).toContain('a request failed')
  expect(log).toContain('"path":"/graphql"')
  expect(secrets).toHaveLength(3)
  const ofForm = /gh_key_[0-9a-z]{26}_[0-9a-f]{64}/
  const mentioned = answered.filter((answer) => !answer.includes('Cannot query field') && !answer.includes('got invalid value'))
  for (const [where, text] of Object.entries({ log, events: rows[0].events as string, answers: mentioned.join('') })) {
    for (const secret of secrets) expect(text.includes(secret.slice(-40)), `a secret in ${where}`).toBe(false)
    expect(text, where).not.toMatch(ofForm)
  }
})
