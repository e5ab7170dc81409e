import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { agentOf, report, resource } from '../connector/agents.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { rowsOf } from '../support/rows.ts'
import { call, custom, done, postgresql, read, registerConnector, remove, short } from './integrations.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app?.close())

describe('an integration', () => {
  it('is made with all that was given, and shows it', async () => {
    const own = await app.organization()
    const connector = await registerConnector(own, 'agent')
    const source = done(await call(own, 'createIntegration', custom(own.id, 'people')))
    const given = {
      config: { host: 'db.example.com', port: 3307 },
      connectorId: connector.id,
      secretStore: { gcp: { project: 'p', secretId: 's' } },
      connectedResourceTypes: ['table', 'user'],
      customAccessDetails: 'Ask in #databases.\nThen wait.',
      owner: { attributeType: 'email', attributeValues: ['b@x.example', 'a@x.example'], sourceIntegrationId: source.id },
      ownersMapping: { keyName: 'Team', attributeType: 'group', sourceIntegrationId: source.id },
    }
    const made = done(await call(own, 'createIntegration', { organizationId: own.id, name: 'Orders', type: 'mysql', ...given }))
    expect(made).toMatchObject({
      name: 'Orders',
      status: 'INITIALIZING',
      version: 1,
      category: 'RESOURCES',
      type: { type: 'mysql' },
      organization: { id: own.id },
      connector: { id: connector.id, name: 'agent' },
      config: given.config,
      secretStore: { __typename: 'GcpSecretStore', project: 'p', gcpId: 's' },
      connectedResourceTypes: ['table', 'user'],
      customAccessDetails: given.customAccessDetails,
      owner: { attributeType: 'email', attributeValues: ['b@x.example', 'a@x.example'], sourceIntegration: { id: source.id } },
      ownersMapping: { keyName: 'Team', attributeType: 'group', sourceIntegration: { id: source.id } },
      lastSyncAt: null,
    })
    expect(await read(own, made.id)).toEqual(made)
  })

  it.each([
    ['BUILT_IN', 'refresh it', postgresql],
    ['CONNECTOR', 'no connector', custom],
  ] as const)('of discovery %s says what to do next: %s', async (_kind, words, input) => {
    const own = await app.organization()
    expect(done(await call(own, 'createIntegration', input(own.id, 'x'))).statusMessage).toContain(words)
  })

  it('keeps what is absent and clears what is null', async () => {
    const own = await app.organization()
    const connector = await registerConnector(own, 'agent')
    const details = {
      connectorId: connector.id,
      secretStore: { aws: { region: 'eu-west-1', secretId: 's' } },
      connectedResourceTypes: ['thing'],
      customAccessDetails: 'ask',
      owner: { attributeType: 'email', attributeValues: ['a'] },
      ownersMapping: { keyName: 'k', attributeType: 'email' },
    }
    const made = done(await call(own, 'createIntegration', custom(own.id, 'one', details)))
    const renamed = done(await call(own, 'updateIntegration', { id: made.id, name: 'two' }))
    expect(renamed).toEqual({ ...made, name: 'two', version: 2, updatedAt: renamed.updatedAt })
    const clear = Object.fromEntries(Object.keys(details).map((key) => [key, null]))
    const cleared = done(await call(own, 'updateIntegration', { id: made.id, ...clear }))
    expect(cleared).toEqual({
      ...renamed,
      connector: null,
      secretStore: null,
      connectedResourceTypes: null,
      customAccessDetails: null,
      owner: null,
      ownersMapping: null,
      version: 3,
      updatedAt: cleared.updatedAt,
    })
    const before = await rowsOf(app, own.id)
    expect(done(await call(own, 'updateIntegration', { id: made.id, name: 'two', ...clear, config: {} }))).toEqual(cleared)
    expect(await rowsOf(app, own.id)).toEqual(before)
  })

  it('takes its whole config anew', async () => {
    const own = await app.organization()
    const made = done(await call(own, 'createIntegration', custom(own.id, 'x', { config: { description: 'a', reference: 'b' } })))
    const after = done(await call(own, 'updateIntegration', { id: made.id, config: { reference: 'c' } }))
    expect(after.config).toEqual({ reference: 'c' })
  })

  it('changed on a stale version is left alone', async () => {
    const own = await app.organization()
    const { id } = done(await call(own, 'createIntegration', custom(own.id, 'x')))
    done(await call(own, 'updateIntegration', { id, expectedVersion: 1, name: 'y' }))
    const before = await rowsOf(app, own.id)
    for (const mutation of ['updateIntegration', 'disableIntegration', 'enableIntegration'] as const) {
      const { errors } = await call(own, mutation, { id, expectedVersion: 1 })
      expect(errors).toMatchObject([{ __typename: 'ConflictError', path: ['input', 'expectedVersion'], currentVersion: 2 }])
    }
    expect((await remove(own, { id, expectedVersion: 1 })).errors).toMatchObject([{ __typename: 'ConflictError', currentVersion: 2 }])
    expect(await rowsOf(app, own.id)).toEqual(before)
  })

  it('changed by ten at once on the version they read is changed by one', async () => {
    const own = await app.organization()
    const { id } = done(await call(own, 'createIntegration', custom(own.id, 'x')))
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => call(own, 'updateIntegration', { id, expectedVersion: 1, name: `n${i}` })),
    )
    expect(answers.filter(({ integration }) => integration)).toHaveLength(1)
    expect((await read(own, id)).version).toBe(2)
  })

  it('by one name is made once, whoever comes at once', async () => {
    const own = await app.organization()
    const answers = await Promise.all(Array.from({ length: 8 }, () => call(own, 'createIntegration', custom(own.id, 'same'))))
    const [made] = answers.flatMap(({ integration }) => integration ?? [])
    expect(answers.filter(({ integration }) => integration)).toHaveLength(1)
    for (const { errors } of answers.filter(({ integration }) => !integration)) {
      expect(errors).toMatchObject([{ __typename: 'DuplicateError', existing: { id: made.id } }])
    }
    const other = await app.organization()
    done(await call(other, 'createIntegration', custom(other.id, 'same')))
  })

  it('of nobody is not found, and deleting it is no error', async () => {
    const own = await app.organization()
    const other = await app.organization()
    const theirs = done(await call(other, 'createIntegration', custom(other.id, 'theirs')))
    for (const id of [theirs.id, newId('int')]) {
      expect(short((await call(own, 'updateIntegration', { id, name: 'mine' })).errors)).toEqual(['NotFoundError NOT_FOUND input.id'])
      expect(short((await call(own, 'disableIntegration', { id })).errors)).toEqual(['NotFoundError NOT_FOUND input.id'])
      expect(await remove(own, { id })).toEqual({ deletedIds: [], alreadyAbsent: true, organization: null, errors: [] })
    }
    expect(await read(other, theirs.id)).toEqual(theirs)
  })
})

describe('switching off and on', () => {
  it('tells why, counts as a change, and again changes nothing', async () => {
    const own = await app.organization()
    const { id } = done(await call(own, 'createIntegration', custom(own.id, 'x')))
    const off = done(await call(own, 'disableIntegration', { id }))
    expect(off).toMatchObject({ status: 'DISABLED', version: 2 })
    expect(off.statusMessage).toContain('switched off')
    expect(done(await call(own, 'disableIntegration', { id }))).toEqual(off)
    const on = done(await call(own, 'enableIntegration', { id }))
    expect(on).toMatchObject({ status: 'INITIALIZING', version: 3 })
    expect(done(await call(own, 'enableIntegration', { id }))).toEqual(on)
    const events = await own.ask(
      `{ organization(id: "${own.id}") { auditEvents(filter: { subjectIds: ["${id}"] }) { nodes { action before after } } } }`,
    )
    expect(events.organization.auditEvents.nodes.map(({ action }: { action: string }) => action)).toEqual([
      'integration.enable',
      'integration.disable',
      'integration.create',
    ])
  })
})

describe('deleting', () => {
  it('names what went, and again is no error', async () => {
    const own = await app.organization()
    const { id } = done(await call(own, 'createIntegration', postgresql(own.id, 'x')))
    expect(await remove(own, { id })).toEqual({ deletedIds: [id], alreadyAbsent: false, organization: { id: own.id }, errors: [] })
    expect(await remove(own, { id })).toMatchObject({ deletedIds: [], alreadyAbsent: true, errors: [] })
    expect((await rowsOf(app, own.id)).Integration).toEqual([])
  })

  it('the aws integration is refused and names the way', async () => {
    const own = await app.organization()
    const { installAwsIntegration } = await own.ask(
      `mutation { installAwsIntegration(input: { organizationId: "${own.id}" }) { integration { id } } }`,
    )
    const { errors } = await remove(own, { id: installAwsIntegration.integration.id })
    expect(short(errors)).toEqual(['PreconditionError PRECONDITION_FAILED input.id'])
    expect(errors[0].remediation).toContain('uninstallAwsIntegration')
  })

  it('what the owners of others are looked up in is refused, and names them', async () => {
    const own = await app.organization()
    const { id } = done(await call(own, 'createIntegration', custom(own.id, 'people')))
    done(await call(own, 'updateIntegration', { id, owner: { attributeType: 'a', attributeValues: ['b'], sourceIntegrationId: id } }))
    const needs = { ownersMapping: { keyName: 'k', attributeType: 'a', sourceIntegrationId: id } }
    const other = done(await call(own, 'createIntegration', custom(own.id, 'other', needs)))
    expect((await remove(own, { id })).errors).toMatchObject([{ __typename: 'PreconditionError', blockers: [{ id: other.id }] }])
    done(await call(own, 'updateIntegration', { id: other.id, ownersMapping: null }))
    expect((await remove(own, { id })).deletedIds).toEqual([id])
  })

  it('what a resource group names, by itself or by a resource of it, is refused and names the group', async () => {
    const own = await app.organization()
    const { key, integrationId } = await agentOf(own)
    await report(app, key, { integrationId, resources: [resource('a'), resource('b')] })
    const { integration } = await own.ask(`{ integration(id: "${integrationId}") { resources { nodes { id } } } }`)
    const name = async (objectKey: string) => {
      const { createResourceGroup } = await own.ask(
        'mutation ($input: CreateResourceGroupInput!) { createResourceGroup(input: $input) { resourceGroup { id scope { objects { node { id } } } } errors { message } } }',
        { input: { organizationId: own.id, name: objectKey, scope: [{ key: `organization.${own.id}`, objects: [{ key: objectKey }] }] } },
      )
      expect(createResourceGroup.errors).toEqual([])
      return createResourceGroup.resourceGroup
    }
    const resourceId = integration.resources.nodes[1].id
    for (const [objectKey, id] of [
      [`integration.${integrationId}`, integrationId],
      [`resource.${resourceId}`, resourceId],
    ]) {
      const group = await name(objectKey)
      expect(group.scope[0].objects).toEqual([{ node: { id } }])
      const before = await rowsOf(app, own.id)
      const { errors, deletedIds } = await remove(own, { id: integrationId })
      expect(errors).toMatchObject([{ __typename: 'PreconditionError', path: ['input', 'id'], blockers: [{ id: group.id }] }])
      expect(deletedIds).toEqual([])
      expect(await rowsOf(app, own.id)).toEqual(before)
      await own.ask(`mutation { deleteResourceGroup(input: { id: "${group.id}" }) { deletedIds } }`)
    }
    expect((await remove(own, { id: integrationId })).deletedIds).toEqual([integrationId])
  })

  it('the organization takes integrations and connectors along and names them', async () => {
    const own = await app.organization()
    const connector = await registerConnector(own, 'agent')
    const first = done(await call(own, 'createIntegration', custom(own.id, 'a', { connectorId: connector.id })))
    const owner = { attributeType: 'a', attributeValues: ['b'], sourceIntegrationId: first.id }
    const second = done(await call(own, 'createIntegration', custom(own.id, 'b', { owner })))
    const { deleteOrganization } = await app
      .send(
        app.adminKey,
        `mutation { deleteOrganization(input: { id: "${own.id}", confirmSlug: "${own.slug}" }) { deletedIds errors { code } } }`,
      )
      .then(({ data }) => data)
    expect(deleteOrganization.errors).toEqual([])
    expect(deleteOrganization.deletedIds).toEqual(expect.arrayContaining([own.id, first.id, second.id, connector.id]))
  })
})

describe('the list of integrations', () => {
  it('is filtered by connector, category and type, and ordered by the last time each was read', async () => {
    const own = await app.organization()
    const connector = await registerConnector(own, 'agent')
    const { pool } = app.booted.services.db
    const make = async (name: string, more: object, lastSyncAt: string | null) => {
      const { id } = done(await call(own, 'createIntegration', custom(own.id, name, more)))
      await pool.query('update "Integration" set "lastSyncAt" = $2 where "id" = $1', [id, lastSyncAt])
    }
    await make('a', {}, '2026-01-02T00:00:00.000Z')
    await make('b', { connectorId: connector.id }, null)
    await make(
      'c',
      { type: 'okta', config: { orgUrl: 'https://x.okta.com' }, secretStore: { azure: { vaultUrl: 'v', name: 'n' } } },
      '2026-01-01T00:00:00.000Z',
    )
    await make('d', {}, null)
    const names = async (args: string) =>
      (await own.ask(`{ organization(id: "${own.id}") { integrations(${args}) { nodes { name } } } }`)).organization.integrations.nodes
        .map(({ name }: { name: string }) => name)
        .join('')
    expect(await names(`filter: { connectorIds: ["${connector.id}"] }`)).toBe('b')
    expect(await names('filter: { categories: [USER_INFORMATION] }')).toBe('c')
    expect(await names('filter: { typePatterns: ["ok*", "x"] }')).toBe('c')
    expect(await names('orderBy: { field: LAST_SYNC_AT }')).toMatch(/^(bd|db)ca$/)
    expect(await names('orderBy: { field: LAST_SYNC_AT, direction: DESC }')).toMatch(/^ac(bd|db)$/)
    let seen = ''
    for (let after: string | null = null, more = true; more; ) {
      const { organization } = await own.ask(
        `query ($after: String) { organization(id: "${own.id}") { integrations(first: 1, after: $after, orderBy: { field: LAST_SYNC_AT }) {
          nodes { name } pageInfo { hasNextPage endCursor } } } }`,
        { after },
      )
      seen += organization.integrations.nodes[0].name
      after = organization.integrations.pageInfo.endCursor
      more = organization.integrations.pageInfo.hasNextPage
    }
    expect(seen).toBe(await names('orderBy: { field: LAST_SYNC_AT }'))
  })
})

describe('the catalogue on the graph', () => {
  it('is searched and paged, and one type is found by its name', async () => {
    const own = await app.organization()
    const { integrationTypes, one, none } = await own.ask(`{ integrationTypes(search: "postgresql") { totalCount nodes { type discovery } }
      one: integrationType(type: "postgresql") { id type requiresSecret supportedSecretStores secretParameters discovery resourceTypes
        params { key label values default optional } }
      none: integrationType(type: "nope") { id } }`)
    expect(integrationTypes).toEqual({
      totalCount: 2,
      nodes: [
        { type: 'aws-rds-postgresql', discovery: 'CONNECTOR' },
        { type: 'postgresql', discovery: 'BUILT_IN' },
      ],
    })
    expect(none).toBeNull()
    expect(one).toMatchObject({ id: 'postgresql', requiresSecret: true, secretParameters: ['username', 'password'], discovery: 'BUILT_IN' })
    expect(one.params).toContainEqual({
      key: 'tlsMode',
      label: 'TLS mode',
      values: ['verify-full', 'verify-ca', 'require', 'disable'],
      default: 'verify-full',
      optional: true,
    })
  })

  it('is read forward and backward in the same order', async () => {
    const own = await app.organization()
    const { all } = await own.ask('{ all: integrationTypes(first: 200) { nodes { type } } }')
    const types = all.nodes.map(({ type }: { type: string }) => type)
    const walk = async (size: string, cursor: string, start: string, more: string) => {
      const found: string[][] = []
      for (let at: string | null = null, goesOn = true; goesOn; ) {
        const { integrationTypes } = await own.ask(
          `query ($at: String) { integrationTypes(${size}: 5, ${cursor}: $at) { nodes { type } pageInfo { ${start} ${more} } } }`,
          { at },
        )
        found.push(integrationTypes.nodes.map(({ type }: { type: string }) => type))
        at = integrationTypes.pageInfo[start]
        goesOn = integrationTypes.pageInfo[more]
      }
      return found
    }
    expect((await walk('first', 'after', 'endCursor', 'hasNextPage')).flat()).toEqual(types)
    expect((await walk('last', 'before', 'startCursor', 'hasPreviousPage')).reverse().flat()).toEqual(types)
  })
})
