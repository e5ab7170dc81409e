import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Scope } from '../../src/auth/scope.ts'
import { type Data, startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'

const quota = 30
let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ quotas: { apiKeys: quota } })
})
afterAll(() => app?.close())

const create = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  secret apiKey { id name prefix scopes expiresAt lastUsedAt revokedAt organization { id } } errors { __typename code path message ... on QuotaError { limit } } } }`
const rotate = `mutation ($id: ID!) { rotateApiKey(input: { id: $id }) { secret apiKey { id prefix } errors { __typename path ... on PreconditionError { remediation } } } }`
const revoke = 'mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { apiKey { id revokedAt } errors { __typename path } } }'

async function makeKey(
  { id, key }: TestOrganization,
  scopes: Scope[],
  rest: object = {},
): Promise<{ id: string; secret: string; key: Data }> {
  const { data } = await app.send(key, create, { input: { organizationId: id, name: 'made by a test', scopes, ...rest } })
  expect(data.createApiKey.errors).toEqual([])
  return { id: data.createApiKey.apiKey.id, secret: data.createApiKey.secret, key: data.createApiKey.apiKey }
}

const isAccepted = async (secret: string) => (await app.send(secret, '{ viewer { kind } }')).status === 200
const storedKey = async (id: string) =>
  (await app.booted.services.db.pool.query('select * from "ApiKey" where "id" = $1', [id])).rows[0] as Data
const change = (id: string, assignment: string) =>
  app.booted.services.db.pool.query(`update "ApiKey" set ${assignment} where "id" = $1`, [id])

describe('the secret of a key', () => {
  it('is shown once, and only its SHA-256 is stored', async () => {
    const organization = await app.organization()
    const made = await makeKey(organization, ['COMPONENTS_READ'])
    expect(made.secret).toMatch(/^gh_key_[0-9a-z]{26}_[0-9a-f]{64}$/)
    expect(made.secret.startsWith(made.key.prefix)).toBe(true)
    expect(made.key).toMatchObject({ scopes: ['COMPONENTS_READ'], expiresAt: null, lastUsedAt: null, revokedAt: null })
    const random = made.secret.slice(-64)
    const row = await storedKey(made.id)
    expect(row.secretHash.equals(createHash('sha256').update(random).digest())).toBe(true)
    // Four characters of the secret stand in the prefix, so that people can tell keys apart.
    const dumped = await app.booted.services.db.pool.query('select k::text from "ApiKey" k where "id" = $1', [made.id])
    expect(dumped.rows[0].k).not.toContain(random.slice(4, 20))
    const { organization: read } = await organization.ask(
      `{ organization(id: "${organization.id}") { apiKeys { nodes { id prefix name } } } }`,
    )
    expect(JSON.stringify(read)).toContain(made.id)
    expect(JSON.stringify(read)).not.toContain(random.slice(4))
  })

  it('is another for every key and after every rotation', async () => {
    const organization = await app.organization()
    const keys = [await makeKey(organization, ['AUDIT_READ']), await makeKey(organization, ['AUDIT_READ'])]
    const { data } = await app.send(organization.key, rotate, { id: keys[0]?.id })
    const secrets = [...keys.map(({ secret }) => secret), data.rotateApiKey.secret].map((secret: string) => secret.slice(-64))
    expect(new Set(secrets).size).toBe(3)
  })
})

describe('rotating a key', () => {
  it('ends the old secret at once and keeps id, name and scopes', async () => {
    const organization = await app.organization()
    const made = await makeKey(organization, ['AUDIT_READ'])
    expect(await isAccepted(made.secret)).toBe(true)
    const { data } = await app.send(organization.key, rotate, { id: made.id })
    expect(data.rotateApiKey).toMatchObject({ errors: [], apiKey: { id: made.id } })
    expect([await isAccepted(made.secret), await isAccepted(data.rotateApiKey.secret)]).toEqual([false, true])
    expect(await storedKey(made.id)).toMatchObject({ name: 'made by a test', scopes: ['AUDIT_READ'] })
  })

  it.each(['"revokedAt" = now()', `"expiresAt" = now() - interval '1 second'`])('does not bring one back: %s', async (ended) => {
    const organization = await app.organization()
    const made = await makeKey(organization, ['AUDIT_READ'])
    await change(made.id, ended)
    const { data } = await app.send(organization.key, rotate, { id: made.id })
    expect(data.rotateApiKey).toEqual({
      secret: null,
      apiKey: null,
      errors: [{ __typename: 'PreconditionError', path: ['input', 'id'], remediation: 'Make a new key with createApiKey.' }],
    })
    expect(await isAccepted(made.secret)).toBe(false)
  })

  it('at the same time from two callers leaves one secret that works, that of the later', async () => {
    const organization = await app.organization()
    const made = await makeKey(organization, ['AUDIT_READ'])
    const both = await Promise.all([0, 1].map(() => app.send(organization.key, rotate, { id: made.id })))
    const accepted = await Promise.all(both.map(({ data }) => isAccepted(data.rotateApiKey.secret)))
    expect(accepted.filter(Boolean)).toHaveLength(1)
  })
})

describe('revoking a key', () => {
  it('ends it at once; a second time changes nothing', async () => {
    const organization = await app.organization()
    const made = await makeKey(organization, ['AUDIT_READ'])
    const first = await app.send(organization.key, revoke, { id: made.id })
    const second = await app.send(organization.key, revoke, { id: made.id })
    expect(first.data.revokeApiKey).toMatchObject({ errors: [], apiKey: { id: made.id, revokedAt: expect.any(String) } })
    expect(second.data).toEqual(first.data)
    expect(await isAccepted(made.secret)).toBe(false)
    const { organization: read } = await organization.ask(
      `{ organization(id: "${organization.id}") { auditEvents(filter: { subjectIds: ["${made.id}"] }) { nodes { action outcome } } } }`,
    )
    expect(read.auditEvents.nodes).toEqual([
      { action: 'apiKey.revoke', outcome: 'SUCCEEDED' },
      { action: 'apiKey.create', outcome: 'SUCCEEDED' },
    ])
  })
})

describe('a caller never grants more than it holds', () => {
  const everything = Object.values(Scope).filter((scope) => scope !== 'ADMIN' && scope !== 'CONNECTOR')
  const grants: { caller: Scope[]; granted: Scope[]; missing: Scope[] }[] = [
    { caller: ['API_KEYS_WRITE'], granted: ['API_KEYS_WRITE'], missing: [] },
    { caller: ['API_KEYS_WRITE'], granted: ['API_KEYS_READ'], missing: ['API_KEYS_READ'] },
    { caller: ['API_KEYS_WRITE', 'AUDIT_READ'], granted: ['AUDIT_READ', 'SSO_READ', 'SSO_WRITE'], missing: ['SSO_READ', 'SSO_WRITE'] },
    { caller: ['API_KEYS_WRITE', 'COMPONENTS_WRITE'], granted: ['COMPONENTS_READ'], missing: ['COMPONENTS_READ'] },
    { caller: everything, granted: everything, missing: [] },
    { caller: everything, granted: ['ADMIN'], missing: ['ADMIN'] },
    { caller: ['ADMIN'], granted: ['ADMIN'], missing: [] },
    { caller: ['ADMIN'], granted: everything, missing: [] },
  ]

  it.each(grants)('on create: with $caller to $granted', async ({ caller, granted, missing }) => {
    const organization = await app.organization()
    const { secret } = await makeKey(organization, caller)
    const answer = await app.send(secret, create, { input: { organizationId: organization.id, name: 'granted', scopes: granted } })
    expect(answer.errors?.map(({ extensions }) => extensions) ?? []).toEqual(
      missing.length > 0 ? [{ code: 'FORBIDDEN', missingScopes: missing }] : [],
    )
    const { rows } = await app.booted.services.db.pool.query('select "scopes" from "ApiKey" where "organizationId" = $1 and "name" = $2', [
      organization.id,
      'granted',
    ])
    expect(rows).toEqual(missing.length > 0 ? [] : [{ scopes: granted }])
  })

  it.each(grants)('on rotate: with $caller a key with $granted', async ({ caller, granted, missing }) => {
    const organization = await app.organization()
    const { secret } = await makeKey(organization, caller)
    const victim = await makeKey(organization, granted)
    const answer = await app.send(secret, rotate, { id: victim.id })
    expect(answer.errors?.map(({ extensions }) => extensions) ?? []).toEqual(
      missing.length > 0 ? [{ code: 'FORBIDDEN', missingScopes: missing }] : [],
    )
    expect(await isAccepted(victim.secret)).toBe(missing.length > 0)
  })

  it('nobody gives CONNECTOR to a key, the platform administrator included', async () => {
    const organization = await app.organization()
    for (const caller of [organization.key, app.adminKey]) {
      const { data } = await app.send(caller, create, {
        input: { organizationId: organization.id, name: 'x', scopes: ['AUDIT_READ', 'CONNECTOR'] },
      })
      expect(data.createApiKey).toMatchObject({
        secret: null,
        errors: [{ __typename: 'ValidationError', code: 'INVALID_VALUE', path: ['input', 'scopes', '1'] }],
      })
    }
    const { viewer } = (await app.send(app.adminKey, '{ viewer { scopes } }')).data
    expect(viewer.scopes).toEqual(Object.values(Scope).filter((scope) => scope !== 'CONNECTOR'))
  })
})

describe('what a new key may be', () => {
  const at = (path: string, code: string) => [{ __typename: 'ValidationError', code, path: ['input', ...path.split('.')] }]
  it.each([
    { what: 'an expiry in the past', input: { expiresAt: '2020-01-01T00:00:00Z' }, errors: at('expiresAt', 'INVALID_VALUE') },
    { what: 'an expiry now', input: { expiresAt: new Date().toISOString() }, errors: at('expiresAt', 'INVALID_VALUE') },
    { what: 'no scope', input: { scopes: [] }, errors: at('scopes', 'VALUE_OUT_OF_BOUNDS') },
    { what: 'a scope twice', input: { scopes: ['AUDIT_READ', 'AUDIT_READ'] }, errors: at('scopes', 'VALUE_DUPLICATE') },
    { what: 'an empty name', input: { name: '' }, errors: at('name', 'VALUE_OUT_OF_BOUNDS') },
    { what: 'a name of 201 characters', input: { name: 'é'.repeat(201) }, errors: at('name', 'VALUE_OUT_OF_BOUNDS') },
    { what: 'a control character', input: { name: 'a\u0000b' }, errors: at('name', 'VALUE_INCORRECT_FORMAT') },
    { what: 'a space at the end', input: { name: 'name ' }, errors: at('name', 'VALUE_INCORRECT_FORMAT') },
    {
      what: 'several things at once',
      input: { name: '', scopes: [], expiresAt: '2020-01-01T00:00:00Z' },
      errors: [...at('name', 'VALUE_OUT_OF_BOUNDS'), ...at('scopes', 'VALUE_OUT_OF_BOUNDS'), ...at('expiresAt', 'INVALID_VALUE')],
    },
  ])('$what is refused where it stands', async ({ input, errors }) => {
    const organization = await app.organization()
    const { data } = await app.send(organization.key, create, {
      input: { organizationId: organization.id, name: 'a key', scopes: ['AUDIT_READ'], ...input },
    })
    expect(data.createApiKey).toMatchObject({ secret: null, apiKey: null, errors })
  })

  it('200 characters of any script are a name', async () => {
    const made = await makeKey(await app.organization(), ['AUDIT_READ'], { name: '🗝'.repeat(200) })
    expect(made.key.name).toBe('🗝'.repeat(200))
  })

  it('it works until it expires and not beyond', async () => {
    const made = await makeKey(await app.organization(), ['AUDIT_READ'], { expiresAt: '2100-01-01T00:00:00.000Z' })
    expect([made.key.expiresAt, await isAccepted(made.secret)]).toEqual(['2100-01-01T00:00:00.000Z', true])
    await change(made.id, `"expiresAt" = now() - interval '1 millisecond'`)
    expect(await isAccepted(made.secret)).toBe(false)
  })
})

describe('the quota of keys', () => {
  const live = async ({ id }: TestOrganization) => {
    const { rows } = await app.booted.services.db.pool.query(
      'select count(*)::int as count from "ApiKey" where "organizationId" = $1 and "revokedAt" is null',
      [id],
    )
    return rows[0].count as number
  }
  const fillUpTo = async (organization: TestOrganization, count: number) => {
    for (let i = await live(organization); i < count; i += 1) await makeKey(organization, ['AUDIT_READ'])
  }

  it('refuses one more, and a revoked key makes room', async () => {
    const organization = await app.organization()
    await fillUpTo(organization, quota - 1)
    const last = await makeKey(organization, ['AUDIT_READ'])
    const input = { organizationId: organization.id, name: 'one more', scopes: ['AUDIT_READ'] }
    const refused = await app.send(organization.key, create, { input })
    expect(refused.data.createApiKey).toMatchObject({
      secret: null,
      errors: [{ __typename: 'QuotaError', code: 'QUOTA_EXCEEDED', path: ['input'], limit: quota }],
    })
    await app.send(organization.key, revoke, { id: last.id })
    expect((await app.send(organization.key, create, { input })).data.createApiKey.errors).toEqual([])
  })

  it('is not passed by creations at the same time', async () => {
    const organization = await app.organization()
    await fillUpTo(organization, quota - 3)
    const input = { organizationId: organization.id, name: 'at once', scopes: ['AUDIT_READ'] }
    const answers = await Promise.all(Array.from({ length: 9 }, () => app.send(organization.key, create, { input })))
    const kinds = answers.map(({ data }) => data.createApiKey.errors[0]?.__typename ?? 'made').sort()
    expect(kinds).toEqual([...Array(6).fill('QuotaError'), ...Array(3).fill('made')])
    expect(await live(organization)).toBe(quota)
  })
})

describe('when a key was last used', () => {
  const until = async (id: string, isSo: (lastUsedAt: Date | null) => boolean) => {
    for (let i = 0; i < 100; i += 1) {
      const { lastUsedAt } = await storedKey(id)
      if (isSo(lastUsedAt)) return lastUsedAt as Date
      await delay(20)
    }
    throw new Error('lastUsedAt did not become what it should be')
  }

  it('is noted at the first use, and again at the first one a minute later', async () => {
    const organization = await app.organization()
    const made = await makeKey(organization, ['AUDIT_READ'])
    expect((await storedKey(made.id)).lastUsedAt).toBeNull()
    await isAccepted(made.secret)
    await until(made.id, (at) => at !== null)

    await change(made.id, `"lastUsedAt" = now() - interval '50 seconds'`)
    const { lastUsedAt: recent } = await storedKey(made.id)
    await isAccepted(made.secret)
    await delay(200)
    expect((await storedKey(made.id)).lastUsedAt).toEqual(recent)

    await change(made.id, `"lastUsedAt" = now() - interval '61 seconds'`)
    await isAccepted(made.secret)
    await until(made.id, (at) => at !== null && at > recent)
  })

  it('is not moved by a wrong secret', async () => {
    const made = await makeKey(await app.organization(), ['AUDIT_READ'])
    await isAccepted(`${made.secret.slice(0, -64)}${'0'.repeat(64)}`)
    await delay(200)
    expect((await storedKey(made.id)).lastUsedAt).toBeNull()
  })
})
