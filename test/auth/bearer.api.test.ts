import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

const [oldAdminKey, newAdminKey] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')]
let app: TestApp
let organizationId: string
/** Keys of every kind that are no longer good, or never were. */
const secrets: Record<string, string> = {}

const make = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } errors { message } } }'
async function createKey(): Promise<{ id: string; secret: string }> {
  const { data } = await app.send(newAdminKey, make, { input: { organizationId, name: 'key', scopes: ['ADMIN'] } })
  return { id: data.createApiKey.apiKey.id, secret: data.createApiKey.secret }
}

beforeAll(async () => {
  app = await startTestApp({ env: { GATEHOUSE_ADMIN_KEY: `${oldAdminKey},${newAdminKey}` } })
  const { data } = await app.send(
    newAdminKey,
    'mutation { createOrganization(input: { slug: "one", name: "One" }) { organization { id } } }',
  )
  organizationId = data.createOrganization.organization.id
  const { pool } = app.booted.services.db
  const [good, expired, revoked, rotated, deleted] = [
    await createKey(),
    await createKey(),
    await createKey(),
    await createKey(),
    await createKey(),
  ]
  await pool.query(`update "ApiKey" set "expiresAt" = now() - interval '1 second' where "id" = $1`, [expired.id])
  await app.send(newAdminKey, 'mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { errors { message } } }', { id: revoked.id })
  await app.send(newAdminKey, 'mutation ($id: ID!) { rotateApiKey(input: { id: $id }) { errors { message } } }', { id: rotated.id })
  await pool.query('delete from "ApiKey" where "id" = $1', [deleted.id])
  Object.assign(secrets, {
    good: good.secret,
    expired: expired.secret,
    revoked: revoked.secret,
    rotated: rotated.secret,
    deleted: deleted.secret,
    'never made': `gh_${newId('key')}_${randomBytes(32).toString('hex')}`,
    'with a wrong secret': `${good.secret.slice(0, -1)}${good.secret.endsWith('0') ? '1' : '0'}`,
    'with the secret of another key': `${good.secret.slice(0, -64)}${expired.secret.slice(-64)}`,
    'with its end cut off': good.secret.slice(0, -1),
    'with something behind it': `${good.secret}0`,
    'in capitals': good.secret.toUpperCase(),
    'without its beginning': good.secret.slice(3),
    'of no form at all': 'x',
    "an administrator's with its end cut off": oldAdminKey.slice(0, -1),
    'of four thousand characters': 'gh_'.padEnd(4000, 'a'),
  })
})
afterAll(() => app?.close())

/** With fetch an empty header could not be sent. */
function send(headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(app.url)
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path: '/graphql', method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
    const call = request(options, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') })
    })
    call.on('error', reject)
    call.end(JSON.stringify({ query: '{ viewer { kind } }' }))
  })
}

describe('a credential that is not good is answered 401, and the answer does not tell why', () => {
  const unlike = (): Record<string, string> => ({
    'no token': 'Bearer',
    'an empty token': 'Bearer ',
    'nothing at all': '',
    'the scheme Basic': `Basic ${Buffer.from(`x:${secrets.good}`).toString('base64')}`,
    'a good key without a scheme': secrets.good as string,
    'two tokens': `Bearer ${secrets.good} ${secrets.good}`,
  })
  const bad = (): Record<string, string> => {
    const { good: _good, ...rest } = secrets
    return { ...Object.fromEntries(Object.entries(rest).map(([name, secret]) => [name, `Bearer ${secret}`])), ...unlike() }
  }

  it('whatever is wrong with it', async () => {
    const answers: Record<string, string> = {}
    for (const [name, authorization] of Object.entries(bad())) {
      const { status, body } = await send({ authorization })
      answers[name] = `${status} ${body}`
    }
    expect(Object.keys(answers)).toHaveLength(20)
    const [one] = Object.values(answers)
    expect(answers).toEqual(Object.fromEntries(Object.keys(answers).map((name) => [name, one])))
    expect(one).toMatch(/^401 /)
    expect(JSON.parse(one?.slice(4) ?? '').errors).toEqual([
      {
        message: 'This key is unknown, expired or revoked. Send a valid one as "Authorization: Bearer gh_…".',
        extensions: { code: 'UNAUTHENTICATED' },
      },
    ])
  })

  it('no credential: 401 too, with a hint how one is sent', async () => {
    const { status, body } = await send({})
    expect([status, JSON.parse(body)]).toEqual([
      401,
      {
        data: null,
        errors: [
          expect.objectContaining({ message: 'Send an API key as "Authorization: Bearer gh_…".', extensions: { code: 'UNAUTHENTICATED' } }),
        ],
      },
    ])
  })

  it.each(['Bearer', 'bearer', 'BEARER'])('a good key is let in, with the scheme written %s', async (scheme) => {
    expect(await send({ authorization: `${scheme} ${secrets.good}` })).toEqual({
      status: 200,
      body: `${JSON.stringify({ data: { viewer: { kind: 'API_KEY' } } })}\n`,
    })
  })
})

describe('the platform administrator', () => {
  it('may use either of two keys while they are changed', async () => {
    for (const key of [oldAdminKey, newAdminKey]) {
      expect((await app.send(key, '{ viewer { kind subject organizations { totalCount } } }')).data.viewer).toEqual({
        kind: 'PLATFORM_ADMIN',
        subject: 'platform-admin',
        organizations: { totalCount: 1 },
      })
    }
  })

  it('is not who sends both of them, or a part of one', async () => {
    for (const key of [`${oldAdminKey},${newAdminKey}`, newAdminKey.slice(1), `${newAdminKey} `.repeat(2).trim()]) {
      expect((await app.send(key, '{ viewer { kind } }')).status).toBe(401)
    }
  })
})

describe('ADMIN', () => {
  it('sees its own organization and no other', async () => {
    await app.send(newAdminKey, 'mutation { createOrganization(input: { slug: "two", name: "Two" }) { organization { id } } }')
    const { data } = await app.send(secrets.good as string, '{ viewer { kind scopes organizations { nodes { slug } } apiKey { scopes } } }')
    expect(data.viewer).toEqual({
      kind: 'API_KEY',
      scopes: ['ADMIN'],
      organizations: { nodes: [{ slug: 'one' }] },
      apiKey: { scopes: ['ADMIN'] },
    })
    const made = await app.send(
      secrets.good as string,
      'mutation { createOrganization(input: { slug: "three", name: "Three" }) { errors { message } } }',
    )
    expect(made.errors?.[0]).toMatchObject({ message: 'Only the platform administrator may do this.', extensions: { code: 'FORBIDDEN' } })
  })
})
