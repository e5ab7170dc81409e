import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { call, custom, done, postgresql, registerConnector, short } from '../integration/integrations.ts'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { ownedTables, rowsOf } from '../support/rows.ts'
import { type Agent, agentOf, report, resource, resources, stateOf } from './agents.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ quotas: { resources: 12_000 } })
})
afterAll(() => app?.close())

const scene = async (more: object = {}): Promise<Agent & { own: TestOrganization }> => {
  const own = await app.organization()
  return { own, ...(await agentOf(own, 'agent', more)) }
}

describe('the end of a run', () => {
  it('over 60,000 resources that are as they were comes in time, and marks what is gone', async () => {
    const { own, key, integrationId } = await scene()
    const { pool } = app.booted.services.db
    const of = [own.id, integrationId]
    await app.fill(
      `insert into "Resource" ("id", "organizationId", "integrationId", "externalId", "name", "type", "status", "lastSeenAt")
       select 'res_' || i, $1, $2, 'r' || i, 'r' || i, 'thing', 'ACTIVE', now() - interval '1 minute' from generate_series(1, 60000) i`,
      of,
    )
    await app.fill(`insert into "DiscoveryRun" ("organizationId", "integrationId", "runId") values ($1, $2, 'long')`, of)
    await app.fill(
      `insert into "DiscoveryRunPart" ("organizationId", "integrationId", "runId", "resources")
       select $1, $2, 'long', array_agg(hashtextextended('r' || i, 0)) from generate_series(1, 59990) i group by i / 5000`,
      of,
    )
    const { errors } = await report(app, key, { integrationId, runId: 'long', complete: true })
    expect(errors).toEqual([])
    const { rows } = await pool.query('select count(*)::int as "gone" from "Resource" where "integrationId" = $1 and "status" = $2', [
      integrationId,
      'DELETED',
    ])
    expect(rows).toEqual([{ gone: 10 }])
  })
})

describe('reports that come at once', () => {
  it('are all taken up to a hundred that wait; what comes beyond is told to come again, and nothing of it is taken', async () => {
    const { own, key, integrationId } = await scene()
    const client = await app.booted.services.db.pool.connect()
    await client.query('begin')
    // Whatever writes waits for it: four reports do, and a hundred for these.
    await client.query('select 1 from "Organization" where "id" = $1 for update', [own.id])
    let refusals = 0
    const sent = Array.from({ length: 110 }, async (_, index) => {
      const name = `r${index}`
      const { summary, errors } = await report(app, key, { integrationId, resources: [resource(name)] })
      if (errors.length > 0) refusals++
      return { name, summary, errors }
    })
    await expect.poll(() => refusals, { timeout: 4_000, interval: 20 }).toBe(6)
    await client.query('rollback')
    client.release()
    const answers = await Promise.all(sent)
    const refused = answers.filter(({ errors }) => errors.length > 0)
    for (const { summary, errors } of refused) {
      expect(summary).toBeNull()
      expect(errors).toEqual([expect.objectContaining({ __typename: 'UpstreamError', code: 'UPSTREAM_UNAVAILABLE', path: ['input'] })])
    }
    const { rows } = await app.booted.services.db.pool.query<{ externalId: string }>(
      'select "externalId" from "Resource" where "integrationId" = $1',
      [integrationId],
    )
    const taken = answers.filter(({ summary }) => summary?.total === 1).map(({ name }) => name)
    expect(taken).toHaveLength(104)
    expect(rows.map(({ externalId }) => externalId).sort()).toEqual(taken.sort())
    expect((await report(app, key, { integrationId, resources: [resource(refused[0]?.name ?? '')] })).errors).toEqual([])
  })
})

describe('a report', () => {
  it('is taken as it is, and without a runId it is a run of its own', async () => {
    const { own, key, integrationId } = await scene()
    const { integration, summary, errors } = await report(app, key, {
      integrationId,
      agentVersion: '1.2.3',
      resources: [resource('a', { sourceTags: [{ key: 'k', value: '' }], status: 'ERROR', statusMessage: 'broken' }), resource('b')],
      permissions: [{ name: 'use', resourceType: 'thing' }],
    })
    expect(errors).toEqual([])
    expect(summary).toEqual({ total: 3, succeeded: 3, failed: 0 })
    expect(integration).toMatchObject({ id: integrationId, status: 'ACTIVE', statusMessage: null, version: 1 })
    expect(integration.lastSyncAt).not.toBeNull()
    const read =
      await own.ask(`{ integration(id: "${integrationId}") { connector { status agentVersion } permissions { nodes { name resourceType } }
      resources { nodes { externalId name type status statusMessage sourceTags { key value } userTags { key } awsAccount { id } } } } }`)
    expect(read.integration).toEqual({
      connector: { status: 'CONNECTED', agentVersion: '1.2.3' },
      permissions: { nodes: [{ name: 'use', resourceType: 'thing' }] },
      resources: {
        nodes: [
          {
            externalId: 'a',
            name: 'a',
            type: 'thing',
            status: 'ERROR',
            statusMessage: 'broken',
            sourceTags: [{ key: 'k', value: '' }],
            userTags: [],
            awsAccount: null,
          },
          {
            externalId: 'b',
            name: 'b',
            type: 'thing',
            status: 'ACTIVE',
            statusMessage: null,
            sourceTags: [],
            userTags: [],
            awsAccount: null,
          },
        ],
      },
    })
  })

  it.each([
    [{}, 'ACTIVE', null, true],
    [{ status: 'WARNING', statusMessage: 'in part' }, 'WARNING', 'in part', true],
    [{ status: 'ERROR', statusMessage: 'no access' }, 'ERROR', 'no access', false],
    [{ runId: 'r', status: 'WARNING', statusMessage: 'slow' }, 'WARNING', 'slow', false],
    [{ runId: 'r' }, 'INITIALIZING', expect.any(String), false],
    [{ runId: 'r', complete: true }, 'ACTIVE', null, true],
  ])('of %j leaves the integration %s', async (input, status, statusMessage, isSynced) => {
    const { key, integrationId } = await scene()
    const { integration } = await report(app, key, { integrationId, ...input })
    expect(integration).toMatchObject({ status, statusMessage })
    expect(integration.lastSyncAt !== null).toBe(isSynced)
  })
})

describe('what is not reported', () => {
  it('stays unless the run says that it is complete', async () => {
    const { own, key, integrationId } = await scene()
    await report(app, key, { integrationId, resources: resources(0, 3), permissions: [{ name: 'use', resourceType: 'thing' }] })
    await report(app, key, { integrationId, resources: resources(0, 1) })
    await report(app, key, { integrationId, runId: 'one', resources: resources(1, 2) })
    expect(await stateOf(own, integrationId)).toEqual({ ACTIVE: ['r000000', 'r000001', 'r000002'] })
  })

  it('of a complete run of many calls is DELETED, and comes back when it is seen again', async () => {
    const { own, key, integrationId } = await scene()
    const permission = (name: string) => ({ name, resourceType: 'thing' })
    await report(app, key, { integrationId, complete: true, resources: resources(0, 6), permissions: [permission('a'), permission('b')] })
    await report(app, key, { integrationId, runId: 'two', resources: resources(0, 2), permissions: [permission('b')] })
    await report(app, key, { integrationId, runId: 'two', resources: resources(2, 3) })
    await report(app, key, { integrationId, runId: 'two', resources: resources(6, 7), complete: true })
    expect(await stateOf(own, integrationId)).toEqual({
      ACTIVE: ['r000000', 'r000001', 'r000002', 'r000006'],
      DELETED: ['r000003', 'r000004', 'r000005'],
    })
    const { integration } = await own.ask(`{ integration(id: "${integrationId}") { permissions { nodes { name } } } }`)
    expect(integration.permissions.nodes).toEqual([{ name: 'b' }])
    await report(app, key, { integrationId, resources: resources(3, 4) })
    expect((await stateOf(own, integrationId)).DELETED).toEqual(['r000004', 'r000005'])
    expect((await rowsOf(app, own.id)).DiscoveryRunPart).toEqual([])
  })

  it('is forgotten by nobody when the last call of a run comes twice', async () => {
    const { own, key, integrationId } = await scene()
    const last = { integrationId, runId: 'one', resources: resources(4, 5), complete: true }
    await report(app, key, { integrationId, runId: 'one', resources: resources(0, 4) })
    await report(app, key, last)
    await report(app, key, last)
    expect(await stateOf(own, integrationId)).toEqual({ ACTIVE: ['r000000', 'r000001', 'r000002', 'r000003', 'r000004'] })
  })

  it('leaves permissions alone where none are spoken of, and takes them where there are none', async () => {
    const { own, key, integrationId } = await scene()
    const count = async () =>
      (await own.ask(`{ integration(id: "${integrationId}") { permissions { totalCount } } }`)).integration.permissions.totalCount
    await report(app, key, { integrationId, complete: true, permissions: [{ name: 'use', resourceType: 'thing' }] })
    await report(app, key, { integrationId, complete: true })
    expect(await count()).toBe(1)
    await report(app, key, { integrationId, complete: true, permissions: [] })
    expect(await count()).toBe(0)
  })

  it('by one of ten calls at once of a run is still known to the run', async () => {
    const { own, key, integrationId } = await scene()
    await report(app, key, { integrationId, resources: resources(0, 150) })
    const parts = Array.from({ length: 10 }, (_, i) => resources(i * 10, i * 10 + 15))
    for (const { errors } of await Promise.all(parts.map((part) => report(app, key, { integrationId, runId: 'all', resources: part })))) {
      expect(errors).toEqual([])
    }
    await report(app, key, { integrationId, runId: 'all', resources: [], complete: true })
    const { ACTIVE, DELETED } = await stateOf(own, integrationId)
    expect([ACTIVE?.length, DELETED?.length]).toEqual([105, 45])
  })
})

describe('the same report again', () => {
  it('writes no resource and no permission', async () => {
    const { own, key, integrationId } = await scene()
    const input = { integrationId, complete: true, resources: resources(0, 500), permissions: [{ name: 'use', resourceType: 'thing' }] }
    await report(app, key, input)
    const versions = async () => {
      const { pool } = app.booted.services.db
      const select = (table: string) => `select xmin::text || xmax::text as "row" from "${table}" where "organizationId" = $1`
      return (await pool.query(`${select('Resource')} union all ${select('IntegrationPermission')}`, [own.id])).rows
    }
    const before = await versions()
    expect((await report(app, key, input)).errors).toEqual([])
    expect(before).toHaveLength(501)
    expect(await versions()).toEqual(before)
  })
})

describe('the same run of many calls again', () => {
  // 12,000 compared each with each take longer than a statement may; the tables of a test are never analyzed, as those of a new server.
  it('writes its connector, its integration and that it was there, and is not compared each with each', { timeout: 60_000 }, async () => {
    const { own, key, integrationId } = await scene()
    const permissions = Array.from({ length: 500 }, (_, i) => ({ name: `use ${i}`, resourceType: 'thing' }))
    const run = async (runId: string) => {
      for (const from of [0, 4_000, 8_000]) {
        const last = from === 8_000 ? { complete: true, permissions } : {}
        expect((await report(app, key, { integrationId, runId, resources: resources(from, from + 4_000), ...last })).errors).toEqual([])
      }
    }
    const versions = async () => {
      // When a key was last used is noted now and then.
      const tables = (await ownedTables(app)).filter(({ name }) => !['Organization', 'ApiKey'].includes(name))
      const select = tables.map(
        ({ name }) => `select '${name}' || ' ' || ctid || ' ' || xmin || ' ' || xmax as "row" from "${name}" where "organizationId" = $1`,
      )
      const { rows } = await app.booted.services.db.pool.query<{ row: string }>(select.join(' union all '), [own.id])
      return new Set(rows.map(({ row }) => row))
    }
    await run('one')
    const before = await versions()
    await run('two')
    const written = [...(await versions())].filter((row) => !before.has(row)).map((row) => row.split(' ')[0])
    expect(before.size).toBeGreaterThan(12_500)
    expect(new Set(written)).toEqual(new Set(['Connector', 'DiscoveryRun', 'Integration']))
    expect(written.length).toBeLessThan(10)
  })
})

describe('a report is refused', () => {
  const V = 'ValidationError'
  const tag = (key: string, value = '') => ({ sourceTags: [{ key, value }] })
  it.each<[string, object, string[]]>([
    ['with a resource twice', { resources: [resource('a'), resource('a')] }, [`${V} VALUE_DUPLICATE input.resources.1.externalId`]],
    [
      'with an empty externalId',
      { resources: [resource('')] },
      [`${V} VALUE_OUT_OF_BOUNDS input.resources.0.externalId`, `${V} VALUE_OUT_OF_BOUNDS input.resources.0.name`],
    ],
    [
      'with a name that cannot be stored',
      { resources: [resource('a', { name: 'a\0b' })] },
      [`${V} VALUE_INCORRECT_FORMAT input.resources.0.name`],
    ],
    [
      'with a tag that cannot be stored',
      { resources: [resource('a', tag('k', '\ud800'))] },
      [`${V} VALUE_INCORRECT_FORMAT input.resources.0.sourceTags.0.value`],
    ],
    ['with a type that is not connected', { resources: [resource('a', { type: 'other' })] }, [`${V} INVALID_VALUE input.resources.0.type`]],
    [
      'with a permission on a type that is not connected',
      { permissions: [{ name: 'use', resourceType: 'other' }] },
      [`${V} INVALID_VALUE input.permissions.0.resourceType`],
    ],
    ['with a status that only this server gives', { status: 'DISABLED' }, [`${V} INVALID_VALUE input.status`]],
    ['with an empty runId', { runId: '' }, [`${V} VALUE_OUT_OF_BOUNDS input.runId`]],
    ['with 5,001 resources', { resources: resources(0, 5_001) }, [`${V} VALUE_OUT_OF_BOUNDS input.resources`]],
  ])('%s, as a whole', async (_what, input, expected) => {
    const { own, key, integrationId } = await scene({ connectedResourceTypes: ['thing'] })
    const before = await rowsOf(app, own.id, { except: ['Connector'] })
    const answer = await report(app, key, { integrationId, resources: [resource('good')], ...input })
    expect(short(answer.errors)).toEqual(expected)
    expect(answer.summary).toBeNull()
    expect(await rowsOf(app, own.id, { except: ['Connector'] })).toEqual(before)
  })

  it('for whatever is not its own, all in the same words', async () => {
    const { own, key } = await scene()
    const other = await app.organization()
    const second = await agentOf(own, 'second')
    const answers = []
    for (const integrationId of [
      second.integrationId,
      done(await call(own, 'createIntegration', custom(own.id, 'of nobody'))).id,
      done(await call(own, 'createIntegration', postgresql(own.id, 'built in'))).id,
      (await agentOf(other)).integrationId,
      newId('int'),
      'nonsense',
    ]) {
      const { errors } = await report(app, key, { integrationId, resources: [resource('a')] })
      expect(short(errors)).toEqual(['NotFoundError NOT_FOUND input.integrationId'])
      answers.push(errors)
    }
    expect(new Set(answers.map((errors) => JSON.stringify(errors))).size).toBe(1)
    expect((await rowsOf(app, own.id)).Resource).toEqual([])
  })

  it('while the integration is switched off', async () => {
    const { own, key, integrationId } = await scene()
    done(await call(own, 'disableIntegration', { id: integrationId }))
    const { errors } = await report(app, key, { integrationId, resources: [resource('a')] })
    expect(errors).toMatchObject([{ __typename: 'PreconditionError', remediation: expect.stringContaining('enableIntegration') }])
    expect(await stateOf(own, integrationId)).toEqual({})
  })

  it('with one resource too many, and what was there can still be reported', async () => {
    const { own, key, integrationId } = await scene()
    for (let i = 0; i < 12_000; i += 4_000) await report(app, key, { integrationId, resources: resources(i, i + 4_000) })
    const { errors } = await report(app, key, { integrationId, resources: resources(11_999, 12_001) })
    expect(errors).toMatchObject([{ __typename: 'QuotaError', limit: 12_000, path: ['input', 'resources'] }])
    expect((await report(app, key, { integrationId, resources: resources(0, 4_000) })).errors).toEqual([])
    const { rows } = await app.booted.services.db.pool.query(
      `select (select count(*)::int from "Resource" where "organizationId" = $1) as "there", sum("resourceCount")::int as "counted"
       from "Integration" where "organizationId" = $1`,
      [own.id],
    )
    expect(rows).toEqual([{ there: 12_000, counted: 12_000 }])
  })
})

describe('a key of a connector', () => {
  it('can report and nothing else, and nobody else can report', async () => {
    const { own, key, integrationId } = await scene()
    const mutation = 'mutation ($input: ReportDiscoveryInput!) { reportDiscovery(input: $input) { errors { code } } }'
    for (const other of [own.key, app.adminKey]) {
      const { errors } = await app.send(other, mutation, { input: { integrationId, resources: [] } })
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missingScopes: ['CONNECTOR'] })
    }
    const { errors } = await app.send(key, `{ organization(id: "${own.id}") { id } }`)
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' })
    const rotate = await app.send(own.key, 'mutation ($id: ID!) { rotateApiKey(input: { id: $id }) { secret } }', { id: key.slice(3, 33) })
    expect(rotate.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missingScopes: ['CONNECTOR'] })
  })

  it('is told once, and ends with its rotation and its connector', async () => {
    const own = await app.organization()
    const { id, key } = await registerConnector(own, 'agent')
    const heartbeat = (with_: string) =>
      app.send(
        with_,
        'mutation { connectorHeartbeat(input: { agentVersion: "2" }) { connector { id status agentVersion } errors { code } } }',
      )
    expect((await heartbeat(key)).data.connectorHeartbeat).toEqual({
      connector: { id, status: 'CONNECTED', agentVersion: '2' },
      errors: [],
    })
    const { rotateConnectorSecret } = await own.ask(
      `mutation { rotateConnectorSecret(input: { id: "${id}" }) { secret connector { version } } }`,
    )
    expect(rotateConnectorSecret.connector.version).toBe(2)
    expect((await heartbeat(key)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
    expect((await heartbeat(rotateConnectorSecret.secret)).errors).toBeUndefined()
    const { id: integrationId } = done(await call(own, 'createIntegration', custom(own.id, 'x', { connectorId: id })))
    const deleted = await own.ask(
      `mutation { deleteConnector(input: { id: "${id}" }) { deletedIds alreadyAbsent organization { id } errors { code } } }`,
    )
    expect(deleted.deleteConnector).toEqual({ deletedIds: [id], alreadyAbsent: false, organization: { id: own.id }, errors: [] })
    expect((await heartbeat(rotateConnectorSecret.secret)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
    const { integration } = await own.ask(`{ integration(id: "${integrationId}") { connector { id } statusMessage } }`)
    expect(integration).toEqual({ connector: null, statusMessage: 'Its connector was deleted: give it another one.' })
    const rows = JSON.stringify(await rowsOf(app, own.id))
    expect(rows).not.toContain(key.slice(-64))
  })

  it('of an agent that is not heard of for two minutes makes its connector DISCONNECTED', async () => {
    const { own, key, connectorId } = await scene()
    const status = async () => (await own.ask(`{ connector(id: "${connectorId}") { status } }`)).connector.status
    expect(await status()).toBe('DISCONNECTED')
    await app.send(key, 'mutation { connectorHeartbeat(input: {}) { errors { code } } }')
    expect(await status()).toBe('CONNECTED')
    await app.booted.services.db.pool.query(
      `update "Connector" set "lastConnectedAt" = "lastConnectedAt" - interval '121 seconds' where "id" = $1`,
      [connectorId],
    )
    expect(await status()).toBe('DISCONNECTED')
  })
})

describe('connectors', () => {
  it('have versions, and names of their own that ten at once get once', async () => {
    const own = await app.organization()
    const { id } = await registerConnector(own, 'one')
    await registerConnector(own, 'two')
    const update = async (input: object) =>
      (
        await own.ask(
          'mutation ($input: UpdateConnectorInput!) { updateConnector(input: $input) { connector { name version } errors { __typename code path } } }',
          { input },
        )
      ).updateConnector
    expect(await update({ id, name: 'uno' })).toEqual({ connector: { name: 'uno', version: 2 }, errors: [] })
    expect(await update({ id, name: 'uno' })).toEqual({ connector: { name: 'uno', version: 2 }, errors: [] })
    expect(short((await update({ id, name: 'two' })).errors)).toEqual(['DuplicateError VALUE_DUPLICATE input.name'])
    expect(short((await update({ id, name: '' })).errors)).toEqual(['ValidationError VALUE_OUT_OF_BOUNDS input.name'])
    expect(short((await update({ id, name: 'x', expectedVersion: 1 })).errors)).toEqual(['ConflictError CONFLICT input.expectedVersion'])
    expect(short((await update({ id: newId('conn'), name: 'x' })).errors)).toEqual(['NotFoundError NOT_FOUND input.id'])
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => registerConnector(own, 'same')))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})
