import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { countStatements } from '../support/statements.ts'
import { auditOf, call, create, done, enable, fields, markVerified, read, remove } from './connectors.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

test('a new connector is disabled, has a code to publish and is waited for 48 hours from now on', async () => {
  const organization = await app.organization()
  const connector = await create(organization, 'Bücher.Example', { useFedrampLanguage: true })
  expect(connector).toMatchObject({
    id: expect.stringMatching(/^sso_[0-9a-z]{26}$/),
    emailDomain: 'xn--bcher-kva.example',
    enabled: false,
    useFedrampLanguage: true,
    version: 1,
    allowedActions: ['DELETE'],
    organization: { id: organization.id },
    verification: {
      code: expect.stringMatching(/^gatehouse-sso-verification=[0-9a-f]{32}$/),
      dnsRecordName: 'xn--bcher-kva.example',
      status: 'PENDING',
      attempts: 0,
      lastCheckedAt: null,
    },
  })
  const { nextCheckAt, expiresAt } = connector.verification
  expect(Date.parse(expiresAt!) - Date.parse(nextCheckAt!)).toBe(48 * 3_600_000)
  const { rows } = await app.booted.services.db.pool.query('select "run_at", "queue_name" from graphile_worker.jobs where "key" = $1', [
    `sso:${connector.id}`,
  ])
  expect(rows).toEqual([{ run_at: new Date(nextCheckAt!), queue_name: `sso:${organization.id}` }])
  expect(await auditOf(organization, connector.id)).toMatchObject([
    {
      action: 'ssoConnector.create',
      before: null,
      after: { emailDomain: 'xn--bcher-kva.example', status: 'PENDING', useFedrampLanguage: true },
    },
  ])
})

test('made without beginning it waits for nothing; begun it has another code', async () => {
  const organization = await app.organization()
  const connector = await create(organization, 'later.example', { beginVerification: false })
  expect(connector).toMatchObject({
    allowedActions: ['BEGIN_VERIFICATION', 'DELETE'],
    verification: { status: 'AWAITING', nextCheckAt: null, expiresAt: null, statusMessage: expect.any(String) },
  })
  const jobs = () => app.booted.services.db.pool.query('select 1 from graphile_worker.jobs where "key" = $1', [`sso:${connector.id}`])
  expect((await jobs()).rowCount).toBe(0)
  const begun = done(await call(organization, 'beginSsoConnectorVerification', { id: connector.id, expectedVersion: 1 }))
  expect(begun).toMatchObject({ version: 2, allowedActions: ['DELETE'], verification: { status: 'PENDING' } })
  expect(begun.verification.code).not.toBe(connector.verification.code)
  expect((await jobs()).rowCount).toBe(1)
  expect(await read(organization, connector.id)).toEqual(begun)
})

test('enabled, changed and disabled, each with its version and its audit event; what changes nothing has neither', async () => {
  const organization = await app.organization()
  const { id } = await create(organization, 'change.example')
  await markVerified(app, id)
  expect((await read(organization, id)).allowedActions).toEqual(['ENABLE', 'DELETE'])
  const change = async (input: object) => done(await call(organization, 'updateSsoConnector', { id, ...input }))
  expect(await change({ enabled: true })).toMatchObject({ enabled: true, version: 2, allowedActions: ['DISABLE'] })
  for (const input of [{}, { enabled: true }, { useFedrampLanguage: false }, { enabled: true, expectedVersion: 2 }]) {
    expect(await change(input)).toMatchObject({ enabled: true, version: 2 })
  }
  expect(await change({ useFedrampLanguage: true })).toMatchObject({ enabled: true, useFedrampLanguage: true, version: 3 })
  expect(await change({ enabled: false, useFedrampLanguage: false, expectedVersion: 3 })).toMatchObject({
    enabled: false,
    useFedrampLanguage: false,
    version: 4,
  })
  expect((await auditOf(organization, id)).map(({ action, before, after }) => [action, before, after]).slice(0, -1)).toEqual([
    ['ssoConnector.update', { useFedrampLanguage: true }, { useFedrampLanguage: false }],
    ['ssoConnector.disable', { enabled: true }, { enabled: false }],
    ['ssoConnector.update', { useFedrampLanguage: false }, { useFedrampLanguage: true }],
    ['ssoConnector.enable', { enabled: false }, { enabled: true }],
  ])
})

test('deleted, its domain is free for another connector, and its history can still be read', async () => {
  const organization = await app.organization()
  const { id } = await create(organization, 'delete.example')
  expect(await remove(organization, { id, expectedVersion: 1 })).toEqual({
    deletedIds: [id],
    alreadyAbsent: false,
    organization: { id: organization.id },
    errors: [],
  })
  expect(await read(organization, id)).toBeNull()
  expect((await remove(organization, { id })).alreadyAbsent).toBe(true)
  expect((await create(organization, 'delete.example')).id).not.toBe(id)
  expect((await auditOf(organization, id)).map(({ action }) => action)).toEqual(['ssoConnector.delete', 'ssoConnector.create'])
})

test('two organizations may each have a connector for one domain, and neither sees a trace of the other', async () => {
  const [one, two] = [await app.organization('One'), await app.organization('Two')]
  const connector = await create(one, 'shared.example')
  const second = await create(two, 'shared.example')
  expect(second.verification.code).not.toBe(connector.verification.code)
  const { data } = await app.send(
    two.key,
    `query ($own: ID!, $other: ID!, $id: ID!, $representations: [_Any!]!) {
      organization(id: $own) { ssoConnectors { totalCount nodes { id } } ssoConnector(emailDomain: "SHARED.example") { id } }
      other: organization(id: $other) { ssoConnectors { totalCount } }
      ssoConnector(id: $id) { id } node(id: $id) { id } nodes(ids: [$id]) { id } _entities(representations: $representations) { __typename } }`,
    { own: two.id, other: one.id, id: connector.id, representations: [{ __typename: 'SsoConnector', id: connector.id }] },
  )
  expect(data).toEqual({
    organization: { ssoConnectors: { totalCount: 1, nodes: [{ id: second.id }] }, ssoConnector: { id: second.id } },
    other: null,
    ssoConnector: null,
    node: null,
    nodes: [null],
    _entities: [null],
  })
})

test('found by id, by node, by entity reference and by domain in any spelling, always the same', async () => {
  const organization = await app.organization()
  const connector = await create(organization, 'bücher.example')
  const data = await organization.ask(
    `query ($own: ID!, $id: ID!, $representations: [_Any!]!) { ssoConnector(id: $id) { ${fields} } node(id: $id) { ... on SsoConnector { ${fields} } }
      _entities(representations: $representations) { ... on SsoConnector { ${fields} } }
      organization(id: $own) { ascii: ssoConnector(emailDomain: "XN--BCHER-KVA.example") { ${fields} } idn: ssoConnector(emailDomain: "BÜCHER.example") { ${fields} }
        below: ssoConnector(emailDomain: "a.bücher.example") { id } none: ssoConnector(emailDomain: "no name") { id } } }`,
    { own: organization.id, id: connector.id, representations: [{ __typename: 'SsoConnector', id: connector.id }] },
  )
  expect(data).toEqual({
    ssoConnector: connector,
    node: connector,
    _entities: [connector],
    organization: { ascii: connector, idn: connector, below: null, none: null },
  })
})

test('listed by domain, forward and backward', async () => {
  const organization = await app.organization()
  for (const name of ['c', 'a', 'd', 'b']) await create(organization, `${name}.example`)
  const page = async (args: string) => {
    const { organization: found } = await organization.ask(
      `query ($id: ID!) { organization(id: $id) { ssoConnectors(${args}) { totalCount nodes { emailDomain } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
      { id: organization.id },
    )
    const { nodes, ...rest } = found.ssoConnectors
    return { ...rest, domains: nodes.map(({ emailDomain }: { emailDomain: string }) => emailDomain[0]).join('') }
  }
  const first = await page('first: 3')
  expect(first).toMatchObject({ totalCount: 4, domains: 'abc', pageInfo: { hasNextPage: true, hasPreviousPage: false } })
  expect(await page(`first: 3, after: "${first.pageInfo.endCursor}"`)).toMatchObject({ domains: 'd', pageInfo: { hasNextPage: false } })
  expect(await page('last: 2')).toMatchObject({ domains: 'cd', pageInfo: { hasPreviousPage: true } })
  expect(await page(`last: 2, before: "${first.pageInfo.endCursor}"`)).toMatchObject({ domains: 'ab' })
})

test('the connectors of many organizations cost as many statements as those of two', async () => {
  const query = `{ organizations(first: 200) { nodes { slug ssoConnectors(first: 20) { totalCount nodes { ${fields} } }
    ssoConnector(emailDomain: "count0.example") { id } } } }`
  const connectorsFor = async (count: number) => {
    for (let n = 0; n < count; n++) {
      const organization = await app.organization()
      for (let i = 0; i < 3; i++) await create(organization, `count${i}.example`)
    }
  }
  const ask = () => countStatements(() => app.send(app.adminKey, query))
  await connectorsFor(2)
  const few = await ask()
  await connectorsFor(5)
  const many = await ask()
  const counted = ({ data }: (typeof many)['result']) =>
    data.organizations.nodes.filter(({ ssoConnector }: { ssoConnector: object | null }) => ssoConnector).length
  expect([few.result.errors, many.result.errors]).toEqual([undefined, undefined])
  expect([counted(few.result), counted(many.result)]).toEqual([2, 7])
  expect(many.statements.sort()).toEqual(few.statements.sort())
  // The organizations and their page, a page of connectors, their count, those by domain, and the organization of each.
  expect(many.statements).toHaveLength(5)
})

test('an organization that goes takes its connectors along, and a domain it had enabled is free', async () => {
  const [one, two] = [await app.organization(), await app.organization()]
  const [first, second] = [await create(one, 'free.example'), await create(two, 'free.example')]
  await markVerified(app, first.id, second.id)
  done(await enable(one, first.id))
  const { deleteOrganization } = await one.ask(
    `mutation { deleteOrganization(input: { id: "${one.id}", confirmSlug: "${one.slug}" }) { deletedIds errors { message } } }`,
  )
  expect(deleteOrganization.errors).toEqual([])
  expect(deleteOrganization.deletedIds).toContain(first.id)
  expect(done(await enable(two, second.id)).enabled).toBe(true)
})

test('the database itself refuses a second holder, an unverified one, and a domain or code of another form', async () => {
  const [one, two] = [await app.organization(), await app.organization()]
  const [first, second] = [await create(one, 'constraint.example'), await create(two, 'constraint.example')]
  const { pool } = app.booted.services.db
  const set = (id: string, change: string) => pool.query(`update "SsoConnector" set ${change} where "id" = $1`, [id])
  await expect(set(first.id, '"enabled" = true')).rejects.toMatchObject({ constraint: 'SsoConnector_enabled_check' })
  await markVerified(app, first.id, second.id)
  await set(first.id, '"enabled" = true')
  await expect(set(second.id, '"enabled" = true')).rejects.toMatchObject({ constraint: 'SsoConnector_one_enabled_per_domain' })
  await expect(set(first.id, `"status" = 'FAILED', "nextCheckAt" = null`)).rejects.toMatchObject({
    constraint: 'SsoConnector_enabled_check',
  })
  await expect(set(first.id, `"emailDomain" = 'Upper.example'`)).rejects.toMatchObject({ constraint: 'SsoConnector_domain_check' })
  await expect(set(first.id, `"code" = 'guess'`)).rejects.toMatchObject({ constraint: 'SsoConnector_code_check' })
  await expect(set(second.id, '"nextCheckAt" = null')).rejects.toMatchObject({ constraint: 'SsoConnector_next_check' })
})

test('enabled and disabled in one statement, event included, whoever asks and with the version or without', async () => {
  const organization = await app.organization()
  const connector = await create(organization, 'switch.example')
  await markVerified(app, connector.id)
  const mutation = `mutation ($input: UpdateSsoConnectorInput!) { updateSsoConnector(input: $input) { ssoConnector { enabled version } errors { code } } }`
  const turn = async (input: object, key = organization.key) => {
    const { statements, result } = await countStatements(() => app.send(key, mutation, { input: { id: connector.id, ...input } }))
    // The key is looked up, and its use is noted the first time.
    const own = statements.filter((text) => !text.includes('"ApiKey"'))
    return { statements: own.length, ...result.data.updateSsoConnector }
  }
  expect(await turn({ enabled: true })).toEqual({ statements: 1, ssoConnector: { enabled: true, version: 2 }, errors: [] })
  expect(await turn({ enabled: false, expectedVersion: 2 })).toEqual({
    statements: 1,
    ssoConnector: { enabled: false, version: 3 },
    errors: [],
  })
  // What has no single organization to act for reads first; it comes to the same.
  expect(await turn({ enabled: true }, app.adminKey)).toMatchObject({ ssoConnector: { enabled: true, version: 4 }, errors: [] })
  // What finds nothing to do tells why.
  expect(await turn({ enabled: true })).toMatchObject({ ssoConnector: { enabled: true, version: 4 }, errors: [] })
  expect(await turn({ enabled: false, expectedVersion: 3 })).toMatchObject({ ssoConnector: null, errors: [{ code: 'CONFLICT' }] })
  const stranger = await app.organization()
  expect(await turn({ enabled: false }, stranger.key)).toMatchObject({ ssoConnector: null, errors: [{ code: 'NOT_FOUND' }] })
  const events = await auditOf(organization, connector.id)
  expect(events.slice(0, 3)).toMatchObject([
    { action: 'ssoConnector.enable', before: { enabled: false }, after: { enabled: true }, actor: { kind: 'PLATFORM_ADMIN' } },
    { action: 'ssoConnector.disable', before: { enabled: true }, after: { enabled: false }, actor: { kind: 'API_KEY' } },
    { action: 'ssoConnector.enable', before: { enabled: false }, after: { enabled: true }, actor: { kind: 'API_KEY' } },
  ])
  expect(events).toHaveLength(4)
})
