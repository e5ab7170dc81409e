import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { rowsOf } from '../support/rows.ts'
import { type Answered, type Connector, call, create, done, enable, markVerified, remove } from './connectors.ts'

const limit = 5

let app: TestApp
let organization: TestOrganization
let other: TestOrganization
let full: TestOrganization
let connectors: Record<'awaiting' | 'pending' | 'failed' | 'verified' | 'enabled' | 'foreign' | 'foreignEnabled', Connector>

beforeAll(async () => {
  app = await startTestApp({ quotas: { ssoConnectors: limit } })
  organization = await app.organization('Own')
  other = await app.organization('Other')
  full = await app.organization('Full')
  connectors = {
    awaiting: await create(organization, 'awaiting.example', { beginVerification: false }),
    pending: await create(organization, 'pending.example'),
    failed: await create(organization, 'failed.example'),
    verified: await create(organization, 'verified.example'),
    enabled: await create(organization, 'enabled.example'),
    foreign: await create(other, 'foreign.example'),
    foreignEnabled: await create(other, 'verified.example'),
  }
  for (let i = 0; i < limit; i++) await create(full, `full${i}.example`)
  await markVerified(app, connectors.verified.id, connectors.enabled.id, connectors.foreignEnabled.id)
  connectors.enabled = done(await enable(organization, connectors.enabled.id))
  connectors.foreignEnabled = done(await enable(other, connectors.foreignEnabled.id))
  await app.booted.services.db.pool.query(
    `update "SsoConnector" set "status" = 'FAILED', "expiresAt" = null, "nextCheckAt" = null where "id" = $1`,
    [connectors.failed.id],
  )
})
afterAll(() => app.close())

const unknownId = 'sso_00000000000000000000000000'
const idOf = (name: keyof typeof connectors) => () => ({ id: connectors[name].id })

interface Row {
  name: string
  mutation: Parameters<typeof call>[1] | 'deleteSsoConnector'
  input: () => object
  error: object
  as?: () => TestOrganization
}

const newIn = (emailDomain: string, organizationId?: () => string) => () => ({
  organizationId: organizationId?.() ?? organization.id,
  emailDomain,
})
const wrongForm = { __typename: 'ValidationError', code: 'VALUE_INCORRECT_FORMAT', path: ['input', 'emailDomain'] }
const doesNotFit = { __typename: 'ValidationError', code: 'INVALID_VALUE', path: ['input', 'emailDomain'] }
const noConnector = { __typename: 'NotFoundError', code: 'NOT_FOUND', path: ['input', 'id'] }
const noOrganization = { __typename: 'NotFoundError', code: 'NOT_FOUND', path: ['input', 'organizationId'] }
const stale = { __typename: 'ConflictError', code: 'CONFLICT', path: ['input', 'expectedVersion'] }
const notNow = (path: string[], fromState: string, allowedActions: string[]) => ({
  __typename: 'TransitionError',
  code: 'INVALID_TRANSITION',
  path,
  fromState,
  allowedActions,
})
const cannotBeCleared = (field: string) => ({ __typename: 'ValidationError', code: 'REQUIRED_VALUE_MISSING', path: ['input', field] })

const table: Row[] = [
  { name: 'a domain that is no name', mutation: 'createSsoConnector', input: newIn('not a name'), error: wrongForm },
  { name: 'an address instead of a domain', mutation: 'createSsoConnector', input: newIn('me@own.example'), error: wrongForm },
  { name: 'an IP address', mutation: 'createSsoConnector', input: newIn('192.0.2.1'), error: wrongForm },
  { name: 'a public suffix of the registries', mutation: 'createSsoConnector', input: newIn('Co.UK'), error: doesNotFit },
  { name: 'a public suffix of a company', mutation: 'createSsoConnector', input: newIn('github.io'), error: doesNotFit },
  { name: 'a public suffix in its own script', mutation: 'createSsoConnector', input: newIn('рф'), error: doesNotFit },
  { name: 'a public mail domain', mutation: 'createSsoConnector', input: newIn('GMAIL.com'), error: doesNotFit },
  {
    name: 'a second connector for a domain, in another spelling',
    mutation: 'createSsoConnector',
    input: newIn('AWAITING.example'),
    error: { __typename: 'DuplicateError', code: 'VALUE_DUPLICATE', path: ['input', 'emailDomain'], existing: expect.anything() },
  },
  {
    name: 'one more than the quota',
    mutation: 'createSsoConnector',
    input: newIn('more.example', () => full.id),
    error: { __typename: 'QuotaError', code: 'QUOTA_EXCEEDED', path: ['input'], limit },
    as: () => full,
  },
  { name: "another's organization", mutation: 'createSsoConnector', input: newIn('own.example', () => other.id), error: noOrganization },
  {
    name: 'no organization',
    mutation: 'createSsoConnector',
    input: newIn('own.example', () => 'org_00000000000000000000000000'),
    error: noOrganization,
  },

  {
    name: 'beginning what has begun',
    mutation: 'beginSsoConnectorVerification',
    input: idOf('pending'),
    error: notNow(['input', 'id'], 'PENDING', ['DELETE']),
  },
  {
    name: 'beginning what is verified',
    mutation: 'beginSsoConnectorVerification',
    input: idOf('verified'),
    error: notNow(['input', 'id'], 'VERIFIED', ['ENABLE', 'DELETE']),
  },
  {
    name: 'beginning what is enabled',
    mutation: 'beginSsoConnectorVerification',
    input: idOf('enabled'),
    error: notNow(['input', 'id'], 'VERIFIED', ['DISABLE']),
  },
  {
    name: 'beginning at a version that is past',
    mutation: 'beginSsoConnectorVerification',
    input: () => ({ ...idOf('awaiting')(), expectedVersion: 0 }),
    error: { ...stale, currentVersion: 1 },
  },
  { name: "beginning another's", mutation: 'beginSsoConnectorVerification', input: idOf('foreign'), error: noConnector },
  { name: 'beginning none', mutation: 'beginSsoConnectorVerification', input: () => ({ id: unknownId }), error: noConnector },
  { name: 'beginning by an id that is none', mutation: 'beginSsoConnectorVerification', input: () => ({ id: 'sso' }), error: noConnector },

  ...(
    [
      ['awaiting', 'AWAITING', ['BEGIN_VERIFICATION', 'DELETE']],
      ['pending', 'PENDING', ['DELETE']],
      ['failed', 'FAILED', ['BEGIN_VERIFICATION', 'DELETE']],
    ] as const
  ).map(
    ([name, state, actions]): Row => ({
      name: `enabling what is ${state}`,
      mutation: 'updateSsoConnector',
      input: () => ({ ...idOf(name)(), enabled: true }),
      error: notNow(['input', 'enabled'], state, [...actions]),
    }),
  ),
  {
    name: 'enabling what another organization has enabled',
    mutation: 'updateSsoConnector',
    input: () => ({ ...idOf('verified')(), enabled: true }),
    error: { __typename: 'PreconditionError', code: 'PRECONDITION_FAILED', path: ['input', 'enabled'], remediation: expect.any(String) },
  },
  {
    name: 'enabling what another organization has enabled, with another change: all or nothing',
    mutation: 'updateSsoConnector',
    input: () => ({ ...idOf('verified')(), enabled: true, useFedrampLanguage: true }),
    error: { code: 'PRECONDITION_FAILED', path: ['input', 'enabled'] },
  },
  {
    name: 'clearing enabled',
    mutation: 'updateSsoConnector',
    input: () => ({ ...idOf('enabled')(), enabled: null }),
    error: cannotBeCleared('enabled'),
  },
  {
    name: 'clearing useFedrampLanguage',
    mutation: 'updateSsoConnector',
    input: () => ({ ...idOf('enabled')(), useFedrampLanguage: null }),
    error: cannotBeCleared('useFedrampLanguage'),
  },
  {
    name: 'changing at a version that is past',
    mutation: 'updateSsoConnector',
    input: () => ({ ...idOf('enabled')(), enabled: false, expectedVersion: 1 }),
    error: { ...stale, currentVersion: 2 },
  },
  {
    name: "changing another's",
    mutation: 'updateSsoConnector',
    input: () => ({ ...idOf('foreign')(), enabled: false }),
    error: noConnector,
  },
  { name: 'changing none', mutation: 'updateSsoConnector', input: () => ({ id: unknownId, enabled: false }), error: noConnector },

  {
    name: 'deleting what is enabled',
    mutation: 'deleteSsoConnector',
    input: idOf('enabled'),
    error: notNow(['input', 'id'], 'VERIFIED', ['DISABLE']),
  },
  {
    name: 'deleting at a version that is past',
    mutation: 'deleteSsoConnector',
    input: () => ({ ...idOf('failed')(), expectedVersion: 7 }),
    error: { ...stale, currentVersion: 1 },
  },
]

describe('a refusal says what, where and why, and changes nothing of anybody', () => {
  const all = () => Promise.all([organization, other, full].map(({ id }) => rowsOf(app, id)))

  test.each(table)('$name', async ({ mutation, input, error, as }) => {
    const caller = as?.() ?? organization
    const before = await all()
    const answer = mutation === 'deleteSsoConnector' ? await remove(caller, input()) : await call(caller, mutation, input())
    expect(answer.errors).toEqual([expect.objectContaining(error)])
    if ('ssoConnector' in answer) expect((answer as Answered).ssoConnector).toBeNull()
    else expect(answer).toMatchObject({ deletedIds: [], alreadyAbsent: false, organization: null })
    expect(await all()).toEqual(before)
  })

  test('both fields cleared are told at once', async () => {
    const { errors } = await call(organization, 'updateSsoConnector', {
      id: connectors.enabled.id,
      enabled: null,
      useFedrampLanguage: null,
    })
    expect(errors.map(({ path }) => path[1])).toEqual(['enabled', 'useFedrampLanguage'])
  })

  test('a duplicate names the connector that is there', async () => {
    const { errors } = await call(organization, 'createSsoConnector', newIn('awaiting.example')())
    expect(errors[0]?.existing).toEqual({ id: connectors.awaiting.id })
  })

  test('whether a domain is enabled elsewhere is not told before it is verified', async () => {
    const third = await app.organization('Third')
    const { id } = await create(third, 'verified.example')
    const { errors } = await enable(third, id)
    expect(errors).toMatchObject([{ code: 'INVALID_TRANSITION' }])
    expect(JSON.stringify(errors)).not.toMatch(/organization/)
  })

  test("deleting what is gone, unknown or another's is no error and changes nothing", async () => {
    const before = await all()
    for (const id of [unknownId, connectors.foreign.id, 'nonsense']) {
      expect(await remove(organization, { id })).toEqual({ deletedIds: [], alreadyAbsent: true, organization: null, errors: [] })
    }
    expect(await all()).toEqual(before)
  })
})

describe('a key without the scope is refused at the field', () => {
  const changes: [string, () => string][] = [
    ['createSsoConnector', () => `organizationId: "${organization.id}", emailDomain: "scope.example"`],
    ['beginSsoConnectorVerification', () => `id: "${connectors.awaiting.id}"`],
    ['updateSsoConnector', () => `id: "${connectors.enabled.id}", enabled: false`],
    ['deleteSsoConnector', () => `id: "${connectors.failed.id}"`],
  ]
  test.each(changes)('%s', async (mutation, input) => {
    const key = await organization.keyWith('SSO_READ', 'ORGANIZATIONS_WRITE', 'USER_GROUPS_WRITE')
    const before = await rowsOf(app, organization.id)
    const { data, errors } = await app.send(key, `mutation { ${mutation}(input: { ${input()} }) { errors { code } } }`)
    expect(data ?? null).toBeNull()
    expect(errors).toMatchObject([{ path: [mutation], extensions: { code: 'FORBIDDEN', missingScopes: ['SSO_WRITE'] } }])
    expect(await rowsOf(app, organization.id)).toEqual(before)
  })

  test('reading: null with FORBIDDEN at its path, and the rest of the answer stands', async () => {
    const key = await organization.keyWith('ORGANIZATIONS_READ', 'SSO_WRITE')
    const { data, errors } = await app.send(
      key,
      `query ($id: ID!, $sso: ID!) { organization(id: $id) { slug ssoConnectors { totalCount } ssoConnector(emailDomain: "enabled.example") { id } }
        ssoConnector(id: $sso) { id } node(id: $sso) { id } }`,
      { id: organization.id, sso: connectors.enabled.id },
    )
    expect(data).toEqual({
      organization: { slug: organization.slug, ssoConnectors: null, ssoConnector: null },
      ssoConnector: null,
      node: null,
    })
    expect(errors?.map(({ path }) => path?.join('.')).sort()).toEqual([
      'node',
      'organization.ssoConnector',
      'organization.ssoConnectors',
      'ssoConnector',
    ])
    for (const { extensions } of errors ?? []) expect(extensions).toMatchObject({ code: 'FORBIDDEN', missingScopes: ['SSO_READ'] })
  })
})
