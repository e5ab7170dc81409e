import net, { type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stateOf } from '../connector/agents.ts'
import { call, custom, done, errorFields, postgresql } from '../integration/integrations.ts'
import { type Data, startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { type binaries, type PostgresServer, startPostgresServer } from '../support/postgres-server.ts'

let app: TestApp
const servers = new Map<keyof typeof binaries, PostgresServer>()
const hostile: net.Server[] = []
beforeAll(async () => {
  app = await startTestApp({ worker: true, quotas: { runningOperations: 100 }, env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8,::1/128' } })
  servers.set(18, await startPostgresServer(18))
  servers.set(15, await startPostgresServer(15, { tls: true }))
  for (const server of servers.values()) {
    await server.run('create database shop; ')
    await server.run(
      `create role reader login password 'a well-kept secret'; create role staff; create role clerk login; grant staff to clerk;
       create schema sales authorization staff; create table sales."order" (id int); create table public.plain (id int); create view public.seen as select 1 as one;
       create table public."a.b" (id int); create table sales.parted (id int) partition by range (id);
       create table sales.parted_1 partition of sales.parted for values from (0) to (10); grant select, insert on sales."order" to clerk`,
      'shop',
    )
  }
}, 60_000)
afterAll(async () => {
  await app?.close()
  for (const server of servers.values()) await server.stop()
  for (const server of hostile) server.close()
})

const of = (version: keyof typeof binaries) => servers.get(version) as PostgresServer
const refreshed = 'operation { id status statusMessage finishedAt summary { total succeeded failed } subject { id } kind }'
const refresh = async ({ ask }: Pick<TestOrganization, 'ask'>, id: string, wait = true): Promise<Data> =>
  (
    await ask(`mutation ($input: RefreshIntegrationInput!) { refreshIntegration(input: $input) { ${refreshed} ${errorFields} } }`, {
      input: { id, wait },
    })
  ).refreshIntegration
const make = async (own: TestOrganization, config: object, more: object = {}): Promise<string> =>
  done(
    await call(
      own,
      'createIntegration',
      postgresql(own.id, 'Shop', { config: { host: 'localhost', database: 'shop', ...config }, ...more }),
    ),
  ).id
const integrationOf = async ({ ask }: TestOrganization, id: string): Promise<Data> =>
  (await ask(`{ integration(id: "${id}") { status statusMessage lastSyncAt version operations { totalCount } } }`)).integration

describe.each([
  { version: 18 as const, config: () => ({ port: of(18).port, tlsMode: 'disable' }), privileges: ['MAINTAIN'] },
  { version: 15 as const, config: () => ({ port: of(15).port, caCertificate: of(15).ca }), privileges: [] },
])('PostgreSQL $version', ({ version, config, privileges }) => {
  it('is read: databases, schemas, tables, roles and privileges, and what is dropped is DELETED', async () => {
    const own = await app.organization()
    const id = await make(own, config())
    const { operation, errors } = await refresh(own, id)
    expect(errors).toEqual([])
    expect(operation).toMatchObject({ kind: 'INTEGRATION_REFRESH', status: 'SUCCEEDED', statusMessage: null, subject: { id } })
    const integration = await integrationOf(own, id)
    expect(integration).toMatchObject({ status: 'ACTIVE', statusMessage: null, version: 1, operations: { totalCount: 1 } })
    expect(integration.lastSyncAt).not.toBeNull()
    const expected = [
      ...[
        'database:postgres',
        'database:shop',
        'role:admin',
        'role:clerk',
        'role:reader',
        'role:staff',
        'schema:shop.public',
        'schema:shop.sales',
      ],
      ...[
        'table:shop.public."a.b"',
        'table:shop.public.plain',
        'table:shop.public.seen',
        'table:shop.sales."order"',
        'table:shop.sales.parted',
      ],
    ]
    expect((await stateOf(own, id)).ACTIVE?.sort()).toEqual(expected)
    expect(operation.summary).toEqual({ total: expected.length, succeeded: expected.length, failed: 0 })
    const read = await own.ask(`{ integration(id: "${id}") { permissions { nodes { resourceType name } }
      resources(filter: { name: "sales.order" }) { nodes { name type sourceTags { key value } } } } }`)
    expect(read.integration.resources.nodes).toEqual([
      {
        name: 'sales.order',
        type: 'table',
        sourceTags: [
          { key: 'owner', value: 'admin' },
          { key: 'kind', value: 'table' },
        ],
      },
    ])
    const permissions = read.integration.permissions.nodes.map(({ resourceType, name }: Data) => `${resourceType} ${name}`)
    const onTables = ['DELETE', 'INSERT', ...privileges, 'REFERENCES', 'SELECT', 'TRIGGER', 'TRUNCATE', 'UPDATE']
    expect(permissions).toEqual([
      ...['CONNECT', 'CREATE', 'TEMPORARY'].map((name) => `database ${name}`),
      'role MEMBER',
      ...['CREATE', 'USAGE'].map((name) => `schema ${name}`),
      ...onTables.map((name) => `table ${name}`),
    ])

    await of(version).run('drop table public.plain', 'shop')
    expect((await refresh(own, id)).operation.status).toBe('SUCCEEDED')
    expect((await stateOf(own, id)).DELETED).toEqual(['table:shop.public.plain'])
    await of(version).run('create table public.plain (id int)', 'shop')
    expect((await refresh(own, id)).operation.status).toBe('SUCCEEDED')
    expect((await stateOf(own, id)).DELETED).toBeUndefined()
  })

  it('is read in the types that are connected alone', async () => {
    const own = await app.organization()
    const id = await make(own, config(), { connectedResourceTypes: ['schema'] })
    await refresh(own, id)
    expect(await stateOf(own, id)).toEqual({ ACTIVE: ['schema:shop.public', 'schema:shop.sales'] })
  })
})

/** A server on this machine that does as told with whoever connects. */
async function server(behave: (socket: net.Socket) => void): Promise<number> {
  const made = net.createServer((socket) => behave(socket.on('error', () => undefined)))
  hostile.push(made)
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  return (made.address() as AddressInfo).port
}

const unused = async () => {
  const port = await server(() => undefined)
  await new Promise((resolve) => hostile.pop()?.close(resolve))
  return port
}
const message = (type: string, body: Buffer) => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), length, body])
}
const wrongPassword = { secretStore: { builtIn: { parameters: { username: 'reader', password: 'wrong' } } } }
const plain = { tlsMode: 'disable' }

describe('a server that cannot be read makes the integration an ERROR that says what to do, and nothing counts as gone', () => {
  it.each<[string, () => Promise<object> | object, object, RegExp]>([
    ['a wrong password', () => ({ port: of(18).port, ...plain }), wrongPassword, /user name or the password.*updateIntegration/],
    ['an unknown host', () => ({ host: 'no-such-host.invalid', ...plain }), {}, /no host that Gatehouse connects to.*parameter host/],
    ['a host inside the network', () => ({ host: '10.1.2.3', ...plain }), {}, /no host that Gatehouse connects to.*parameter host/],
    ['a port where nothing listens', async () => ({ port: await unused(), ...plain }), {}, /refused the connection.*listen_addresses/],
    ['a database that is not there', () => ({ port: of(18).port, database: 'nope', ...plain }), {}, /no database nope.*parameter database/],
    ['a server without TLS', () => ({ port: of(18).port }), {}, /does not speak TLS.*tlsMode/],
    ['a certificate of an unknown authority', () => ({ port: of(15).port }), {}, /not signed by an authority.*caCertificate/],
    [
      'a certificate for another name',
      () => ({ port: of(15).port, host: '127.0.0.1', caCertificate: of(15).ca }),
      {},
      /not for 127\.0\.0\.1.*verify-ca/,
    ],
    [
      'something else that listens',
      async () => ({ port: await server((s) => s.end('HTTP/1.1 400 Bad Request\r\n\r\n')), ...plain }),
      {},
      /Check/,
    ],
    ['a server that hangs up', async () => ({ port: await server((s) => s.destroy()), ...plain }), {}, /closed the connection/],
    [
      'a server that repeats the password',
      async () => ({
        port: await server((s) => {
          s.once('data', () => {
            s.write(message('R', Buffer.from([0, 0, 0, 3])))
            s.once('data', (sent) => s.end(message('E', Buffer.from(`SERROR\0C58000\0M${sent.subarray(5).toString()}\0\0`))))
          })
        }),
        ...plain,
      }),
      {},
      /SQLSTATE 58000/,
    ],
    [
      'a server that never stops',
      async () => ({
        port: await server((s) => {
          const flood = () => s.writable && s.write(message('N', Buffer.alloc(1024 * 1024, 'x')), flood)
          s.once('data', flood)
        }),
        ...plain,
      }),
      {},
      /sent far more/,
    ],
  ])('%s', async (_what, config, more, words) => {
    const own = await app.organization()
    const id = await make(own, await config(), more)
    const { operation } = await refresh(own, id)
    expect(operation).toMatchObject({ status: 'FAILED' })
    expect(operation.statusMessage).toMatch(words)
    const integration = await integrationOf(own, id)
    expect(integration).toMatchObject({ status: 'ERROR', statusMessage: operation.statusMessage, lastSyncAt: null })
    expect(JSON.stringify(operation)).not.toContain('a well-kept secret')
    expect(await stateOf(own, id)).toEqual({})
  })

  it('a server that accepts and says nothing', { timeout: 30_000 }, async () => {
    const own = await app.organization()
    const id = await make(own, { port: await server(() => undefined), ...plain })
    await refresh(own, id)
    await expect.poll(async () => (await integrationOf(own, id)).status, { timeout: 20_000 }).toBe('ERROR')
    expect((await integrationOf(own, id)).statusMessage).toMatch(/did not answer in time.*firewall/)
  })

  it('a failure after a success leaves what was found, and the next success takes it up', async () => {
    const own = await app.organization()
    const id = await make(own, { port: of(18).port, ...plain })
    await refresh(own, id)
    const { lastSyncAt } = await integrationOf(own, id)
    const before = await stateOf(own, id)
    done(await call(own, 'updateIntegration', { id, ...wrongPassword }))
    await refresh(own, id)
    expect(await integrationOf(own, id)).toMatchObject({ status: 'ERROR', lastSyncAt })
    expect(await stateOf(own, id)).toEqual(before)
    done(await call(own, 'updateIntegration', { id, secretStore: postgresql(own.id, '').secretStore }))
    await refresh(own, id)
    expect(await integrationOf(own, id)).toMatchObject({ status: 'ACTIVE', statusMessage: null })
  })
})

describe('the certificate', () => {
  it.each(['verify-ca', 'require'])('is not asked for the name with %s', async (tlsMode) => {
    const own = await app.organization()
    const ca = tlsMode === 'require' ? {} : { caCertificate: of(15).ca }
    const id = await make(own, { port: of(15).port, host: '127.0.0.1', tlsMode, ...ca })
    expect((await refresh(own, id)).operation.status).toBe('SUCCEEDED')
  })
})

describe('a refresh', () => {
  it('that is under way is what a second call gets, and cancelled it leaves the integration as it was', async () => {
    const own = await app.organization()
    const id = await make(own, { port: await server(() => undefined), ...plain })
    const started = await Promise.all(Array.from({ length: 5 }, () => refresh(own, id, false)))
    expect(new Set(started.map(({ operation }) => operation.id)).size).toBe(1)
    expect((await integrationOf(own, id)).status).toBe('REFRESHING')
    await own.ask(`mutation { cancelOperation(input: { id: "${started[0].operation.id}" }) { errors { code } } }`)
    expect(await integrationOf(own, id)).toMatchObject({ status: 'INITIALIZING', statusMessage: 'The last refresh was cancelled.' })
  })

  it('ends when the integration is switched off or deleted', async () => {
    const own = await app.organization()
    const id = await make(own, { port: await server(() => undefined), ...plain })
    const { operation } = await refresh(own, id, false)
    done(await call(own, 'disableIntegration', { id }))
    const statusOf = async (operationId: string) => (await own.ask(`{ operation(id: "${operationId}") { status } }`)).operation.status
    expect(await statusOf(operation.id)).toBe('CANCELLED')
    expect((await integrationOf(own, id)).status).toBe('DISABLED')
    expect((await refresh(own, id)).errors).toMatchObject([{ __typename: 'PreconditionError', path: ['input', 'id'] }])
    done(await call(own, 'enableIntegration', { id }))
    const again = await refresh(own, id, false)
    await own.ask(`mutation { deleteIntegration(input: { id: "${id}" }) { deletedIds } }`)
    expect(await statusOf(again.operation.id)).toBe('CANCELLED')
  })

  it('of what an agent reads is refused and names the way', async () => {
    const own = await app.organization()
    const { id } = done(await call(own, 'createIntegration', custom(own.id, 'x')))
    const { operation, errors } = await refresh(own, id)
    expect(operation).toBeNull()
    expect(errors).toMatchObject([{ __typename: 'PreconditionError', remediation: expect.stringContaining('connectorId') }])
  })
})
