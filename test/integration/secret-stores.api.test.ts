import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { putSecret, type Secret, secretsOf } from '../../emulator/services/secrets-manager.ts'
import { newId } from '../../src/platform/typeid.ts'
import { stateOf } from '../connector/agents.ts'
import { type Data, startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { breakSetup, newAccount } from '../support/aws-setup.ts'
import { type Tenant, tenant } from '../support/component-story.ts'
import { type PostgresServer, startPostgresServer, withoutServers } from '../support/postgres-server.ts'
import { ownedTables, rowsOf } from '../support/rows.ts'
import { json, startTestVault, type TestVault } from '../support/vault.ts'
import { call, custom, done, errorFields, postgresql, short, validate } from './integrations.ts'

const login = { username: 'reader', password: 'a well-kept secret' }
const region = 'eu-west-1'
let app: TestApp
let vault: TestVault
let server: PostgresServer
let own: Tenant
let account: string
beforeAll(async () => {
  if (withoutServers) return
  vault = await startTestVault()
  const env = { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8,::1/128', GATEHOUSE_VAULT_ADDR: `${vault.url}/`, GATEHOUSE_VAULT_TOKEN: vault.token }
  app = await startTestApp({ worker: true, quotas: { runningOperations: 100 }, env })
  server = await startPostgresServer(18)
  await server.run(`create role reader login password '${login.password}'`)
  own = await tenant(app)
  account = newAccount()
  await own.bring({ kind: 'INVENTORY', itemId: account }, 'INSTALLED')
}, 60_000)
afterAll(async () => {
  await app?.close()
  await vault?.close()
  await server?.stop()
})
beforeEach(() => {
  if (vault) vault.asked = []
})
afterEach(() => {
  if (vault) vault.answer = null
})

const inVault = (path: string, secretEngine = 'kv') => ({ hashicorpVault: { secretEngine, path } })
const inAws = ({ arn }: Pick<Secret, 'arn'>, of = region) => ({ aws: { region: of, secretId: arn } })
const put = (values: object | string, more: { tags?: Record<string, string>; of?: string; binary?: string } = {}) =>
  putSecret(app.aws.state.account(more.of ?? account), region, app.aws.state.now(), {
    name: newId('op'),
    ...(more.binary ? { binary: more.binary } : { text: typeof values === 'string' ? values : JSON.stringify(values) }),
    tags: more.tags ?? { GatehouseAccess: 'true' },
  })

const target = () => ({ host: 'localhost', port: server.port, tlsMode: 'disable' })
const input = ({ id }: TestOrganization, secretStore: object, config: object = target()) =>
  postgresql(id, `Shop ${newId('op')}`, { config, secretStore, connectedResourceTypes: ['database'] })
const make = async (owner: TestOrganization, secretStore: object, config?: object): Promise<string> =>
  done(await call(owner, 'createIntegration', input(owner, secretStore, config))).id
async function refresh({ ask }: TestOrganization, id: string): Promise<Data> {
  const { refreshIntegration } = await ask(
    `mutation { refreshIntegration(input: { id: "${id}", wait: true }) { operation { status statusMessage } ${errorFields} } }`,
  )
  return refreshIntegration.operation
}
/** What the refresh says that cannot read the secret. */
async function failure(owner: TestOrganization, id: string): Promise<string> {
  const operation = await refresh(owner, id)
  const { integration } = await owner.ask(`{ integration(id: "${id}") { status statusMessage } }`)
  expect(operation.status).toBe('FAILED')
  expect(integration).toEqual({ status: 'ERROR', statusMessage: operation.statusMessage })
  return operation.statusMessage
}
/** Of an integration whose store was good when it was given. */
const overwrite = (id: string, store: object) =>
  app.booted.services.db.pool.query('update "Integration" set "secretStore" = $2 where "id" = $1', [id, store])

/** Every row of every organization, with the queue's. */
async function everything(): Promise<string> {
  const { pool } = app.booted.services.db
  const tables = [...new Set((await ownedTables(app)).map(({ name }) => `"${name}"`)), 'graphile_worker._private_jobs']
  const texts = []
  for (const table of tables)
    texts.push((await pool.query(`select coalesce(string_agg(t::text, ' '), '') as "text" from ${table} t`)).rows[0].text)
  return texts.join('\n')
}

describe.skipIf(withoutServers)('a secret is read at the refresh', () => {
  it('out of Vault, below the id of the organization, and anew each time', async () => {
    vault.secrets.set(`kv/${own.id}/team.a/shop`, { ...login, note: 1 })
    const id = await make(own, inVault(`${own.id}/team.a/shop`))
    expect(vault.asked).toEqual([])
    expect((await refresh(own, id)).statusMessage).toBeNull()
    expect(await stateOf(own, id)).toEqual({ ACTIVE: ['database:postgres'] })
    vault.secrets.set(`kv/${own.id}/team.a/shop`, { ...login, password: 'another' })
    expect(await failure(own, id)).toMatch(/user name or the password.*in its store/)
    expect(vault.asked).toEqual(Array(2).fill(`/v1/kv/data/${own.id}/team.a/shop`))
  })

  it('out of AWS Secrets Manager, through the INVENTORY role of its account', async () => {
    const secret = put({ ...login, engine: 'postgres', dbname: 'shop' })
    app.aws.requests.reset()
    const id = await make(own, inAws(secret))
    expect((await refresh(own, id)).statusMessage).toBeNull()
    expect(await stateOf(own, id)).toEqual({ ACTIVE: ['database:postgres'] })
  })

  it('and stands nowhere in the database, nor does the token of Vault', async () => {
    const rows = await everything()
    expect(rows).toContain(`${own.id}/team.a/shop`)
    expect(rows).not.toContain(login.password)
    expect(rows).not.toContain(vault.token)
  })

  it('out of the store that an update names', async () => {
    vault.secrets.set(`kv/${own.id}/old`, { ...login, password: 'gone' })
    const id = await make(own, inVault(`${own.id}/old`))
    await failure(own, id)
    done(await call(own, 'updateIntegration', { id, secretStore: inAws(put(login)) }))
    expect((await refresh(own, id)).status).toBe('SUCCEEDED')
  })
})

const V = 'ValidationError'
const arnOf = (parts: Partial<Record<'partition' | 'service' | 'region' | 'account' | 'resource', string>>) => {
  const {
    partition = 'aws',
    service = 'secretsmanager',
    region: at = region,
    account: of = '111122223333',
    resource = 'secret:shop-AbC123',
  } = parts
  return { arn: `arn:${partition}:${service}:${at}:${of}:${resource}` }
}
const wrongPath = [`${V} VALUE_INCORRECT_FORMAT input.secretStore.hashicorpVault.path`]
const wrongEngine = [`${V} VALUE_INCORRECT_FORMAT input.secretStore.hashicorpVault.secretEngine`]
const wrongArn = [`${V} VALUE_INCORRECT_FORMAT input.secretStore.aws.secretId`]
const refused: [string, () => object, string[]][] = [
  ...[
    'shop',
    '/shop',
    `${newId('org')}/shop`,
    'OWN',
    'OWN/',
    'OWNx/shop',
    '/OWN/shop',
    'OWN//shop',
    'OWN/../kv/shop',
    'OWN/a/..',
    'OWN/./shop',
    'OWN/...',
    'OWN/%2e%2e/shop',
    'OWN/a%2fb',
    'OWN/a%252fb',
    'OWN/a\\b',
    'OWN/..\\b',
    'OWN/a?version=1',
    'OWN/a#b',
    'OWN/a b',
    'OWN/a;b',
    'OWN/ä',
    '../OWN/shop',
    'own/OWN/shop',
  ].map((path): [string, () => object, string[]] => [`the path ${path}`, () => inVault(path.replace('OWN', own.id)), wrongPath]),
  ...[
    'sys',
    'SYS',
    'auth',
    'identity',
    'cubbyhole',
    'ui',
    '..',
    '.',
    'a/b',
    'kv/',
    '/kv',
    'kv/data/x/..',
    'kv%2fx',
    'kv?x',
    'kv#',
    '@evil.example',
    '-kv',
    'k'.repeat(129),
  ].map((engine): [string, () => object, string[]] => [`the engine ${engine}`, () => inVault(`${own.id}/shop`, engine), wrongEngine]),
  ['neither engine nor path', () => inVault('x', 'sys'), [...wrongEngine, ...wrongPath]],
  ['a name for an ARN', () => inAws({ arn: 'shop' }), wrongArn],
  ['a part of an ARN', () => inAws(arnOf({ resource: 'secret:shop' })), wrongArn],
  ['the ARN of another service', () => inAws(arnOf({ service: 'ssm' })), wrongArn],
  ['the ARN of another kind of thing', () => inAws(arnOf({ resource: 'thing:shop-AbC123' })), wrongArn],
  ['an ARN of a partition that is not there', () => inAws(arnOf({ partition: 'aws-cn' })), wrongArn],
  ['an ARN of a region of another partition', () => inAws(arnOf({ region: 'us-gov-west-1' }), 'us-gov-west-1'), wrongArn],
  ['an ARN of a region that is a host', () => inAws(arnOf({ region: 'evil.example/x' }), 'evil.example/x'), wrongArn],
  ['an ARN without account', () => inAws(arnOf({ account: '' })), wrongArn],
  ['an ARN with more to it', () => inAws(arnOf({ resource: 'secret:shop-AbC123:x' })), wrongArn],
  ['an ARN of another region than said', () => inAws(arnOf({}), 'eu-west-2'), [`${V} INVALID_VALUE input.secretStore.aws.region`]],
  ['a store of Google', () => ({ gcp: { project: 'p', secretId: 's' } }), [`${V} INVALID_VALUE input.secretStore.gcp`]],
  ['a store of Azure', () => ({ azure: { vaultUrl: 'https://a.example', name: 's' } }), [`${V} INVALID_VALUE input.secretStore.azure`]],
]

describe.skipIf(withoutServers)('a secret store is refused when it is given, by validateIntegration in the same words, with', () => {
  it.each(refused)('%s', async (_what, storeOf, expected) => {
    const given = input(own, storeOf())
    const { errors, integration } = await call(own, 'createIntegration', given)
    expect(short(errors)).toEqual(expected)
    expect(integration).toBeNull()
    expect(await validate(own, given)).toEqual({ valid: false, errors })
  })

  it('none of it where an agent reads, with rights of its own', async () => {
    const references = [inVault('shop/prod', 'team/kv'), { aws: { region: 'eu-west-1', secretId: 'shop' } }]
    for (const secretStore of references)
      expect(await validate(own, custom(own.id, newId('op'), { secretStore }))).toEqual({ valid: true, errors: [] })
  })
})

describe.skipIf(withoutServers)('a reference that came to be another is not followed', () => {
  it.each<[string, () => object, RegExp]>([
    ['out of the prefix', () => ({ kind: 'HASHICORP_VAULT', secretEngine: 'kv', path: `${newId('org')}/shop` }), /path must begin with/],
    ['up', () => ({ kind: 'HASHICORP_VAULT', secretEngine: 'kv', path: `${own.id}/../x` }), /path must begin with/],
    ['to another API', () => ({ kind: 'HASHICORP_VAULT', secretEngine: 'sys', path: `${own.id}/shop` }), /secretEngine must be/],
    ['to a name', () => ({ kind: 'AWS', region, secretId: 'shop' }), /full ARN/],
    ['to another region', () => ({ kind: 'AWS', region: 'eu-west-2', secretId: arnOf({}).arn }), /ARN is of eu-west-1/],
    ['to a store of agents', () => ({ kind: 'KUBERNETES', namespace: 'n', name: 's' }), /cannot read the store/],
  ])('%s', async (_what, store, words) => {
    const id = await make(own, inVault(`${own.id}/whatever`))
    await overwrite(id, store())
    app.aws.requests.reset()
    expect(await failure(own, id)).toMatch(words)
    expect(vault.asked).toEqual([])
  })
})

describe.skipIf(withoutServers)('the refresh says what to do where Vault', () => {
  const whole = (data: unknown) => (response: Parameters<NonNullable<TestVault['answer']>>[0]) => json(response, 200, { data })
  it.each<[string, TestVault['answer'], RegExp]>([
    ['denies it', (r) => json(r, 403, { errors: ['said by Vault'] }), /does not let this server read.*GATEHOUSE_VAULT_TOKEN/],
    ['has no such secret', (r) => json(r, 404, { errors: [] }), /no secret at kv\/org_.*secretEngine and path/],
    ['is sealed', (r) => json(r, 503, { errors: ['said by Vault'] }), /sealed.*Refresh again/],
    ['fails', (r) => json(r, 500, { errors: ['said by Vault'] }), /answered with an error/],
    ['points elsewhere', (r) => json(r, 307, {}, { location: 'http://169.254.169.254/' }), /redirect.*GATEHOUSE_VAULT_ADDR/],
    ['hangs up', (r) => r.destroy(), /did not answer.*GATEHOUSE_VAULT_ADDR/],
    ['never stops', (r) => flood(r), /far larger/],
    ['has an engine of version 1', whole(login), /no secret of a KV engine of version 2/],
    ['has no values', whole({ data: null, metadata: {} }), /no secret of a KV engine of version 2/],
    ['answers with a page', (r) => r.writeHead(200).end('<html>'), /no secret of a KV engine of version 2/],
    ['has no password', whole({ data: { username: 'reader' }, metadata: {} }), /it has no password/],
    [
      'has what objects inherit',
      whole({ data: { ...JSON.parse('{"__proto__":{"username":"u","password":"p"}}') }, metadata: {} }),
      /no username.*no password/,
    ],
    ['has a password that is none', whole({ data: { ...login, password: 7 }, metadata: {} }), /password must be a text/],
    ['has a name with a NUL', whole({ data: { ...login, username: 'reader\0options\0x' }, metadata: {} }), /control characters/],
    ['has it for another host', whole({ data: { ...login, host: 'db.example.com' }, metadata: {} }), /for another host/],
    ['has it for another port', whole({ data: { ...login, host: 'localhost', port: 5432 }, metadata: {} }), /for another port/],
  ])('%s', async (_what, answer, words) => {
    const id = await make(own, inVault(`${own.id}/faulty`))
    vault.answer = answer
    const message = await failure(own, id)
    expect(message).toMatch(words)
    for (const never of ['said by Vault', login.password, vault.token]) expect(message).not.toContain(never)
    expect(vault.asked).toEqual([`/v1/kv/data/${own.id}/faulty`])
  })
})

describe.skipIf(withoutServers)('a Vault that says nothing, or stops in the middle,', () => {
  it('is not waited for', { timeout: 30_000 }, async () => {
    // Refreshes of one organization run one after the other.
    const tenants = await Promise.all(['silent', 'half'].map(async (path) => ({ path, owner: await app.organization() })))
    vault.answer = (response) => {
      if (vault.asked.at(-1)?.endsWith('/half')) response.writeHead(200).write('{"data":')
    }
    const messages = await Promise.all(
      tenants.map(async ({ path, owner }) => failure(owner, await make(owner, inVault(`${owner.id}/${path}`)))),
    )
    for (const message of messages) expect(message).toMatch(/did not answer.*GATEHOUSE_VAULT_ADDR/)
  })
})

function flood(response: Parameters<NonNullable<TestVault['answer']>>[0]): void {
  const more = () => response.writable && response.write('x'.repeat(100_000), more)
  response.writeHead(200)
  more()
}

describe.skipIf(withoutServers)('the refresh says what to do where the secret in AWS', () => {
  it.each<[string, () => { arn: string }, RegExp]>([
    ['is not there', () => arnOf({ account }), /GetSecretValue: AccessDenied.*GatehouseAccess=true/],
    ['has no tag', () => put(login, { tags: {} }), /GetSecretValue: AccessDenied.*GatehouseAccess=true/],
    ['has the tag with another value', () => put(login, { tags: { GatehouseAccess: 'false' } }), /AccessDenied.*GatehouseAccess=true/],
    ['is to be deleted', () => deleted(put(login)), /GetSecretValue: InvalidRequest.*marked for deletion/],
    ['is binary', () => put('', { binary: 'AAAA' }), /no JSON object/],
    ['is a text', () => put('a well-kept secret'), /no JSON object/],
    ['is a list', () => put('["a well-kept secret"]'), /no JSON object/],
    ['has no password', () => put({ username: 'reader' }), /it has no password/],
    ['is for another host', () => put({ ...login, host: 'db.example.com' }), /for another host/],
    [
      'is of an account without INVENTORY',
      () => arnOf({ account: newAccount() }),
      /INVENTORY component of that account, which is not installed/,
    ],
    ['is of another partition', () => arnOf({ account, partition: 'aws-us-gov', region: 'us-gov-west-1' }), /INVENTORY component/],
  ])('%s', async (_what, secretOf, words) => {
    const secret = secretOf()
    const id = await make(own, inAws(secret, secret.arn.split(':')[3]))
    const message = await failure(own, id)
    expect(message).toMatch(words)
    expect(message).not.toContain(login.password)
  })

  it('lies behind a role that is not as it was, or a component that was removed', async () => {
    const number = newAccount()
    const component = await own.bring({ kind: 'INVENTORY', itemId: number }, 'INSTALLED')
    const id = await make(own, inAws(put(login, { of: number })))
    expect((await refresh(own, id)).status).toBe('SUCCEEDED')
    breakSetup(app.aws, component)
    expect(await failure(own, id)).toMatch(/AccessDenied/)
    await own.calls.remove(component.id)
    expect(await failure(own, id)).toMatch(/not installed/)
  })
})

function deleted(secret: Secret): Secret {
  const secrets = secretsOf(app.aws.state.account(account), region)
  secrets.put(secret.name, { ...secret, deletedAt: new Date(app.aws.state.now() + 1e9) }, app.aws.state.now())
  return secret
}

describe.skipIf(withoutServers)('another organization', () => {
  it('reads no secret of this one, whatever it names', async () => {
    const other = await tenant(app)
    vault.secrets.set(`kv/${own.id}/mine`, login)
    const theirs = await call(other, 'createIntegration', input(other, inVault(`${own.id}/mine`)))
    expect(short(theirs.errors)).toEqual(wrongPath)
    const id = await make(other, inAws(put(login)))
    expect(await failure(other, id)).toMatch(/not installed/)
    await overwrite(id, { kind: 'HASHICORP_VAULT', secretEngine: 'kv', path: `${own.id}/mine` })
    expect(await failure(other, id)).toMatch(/path must begin with/)
    expect(vault.asked).toEqual([])
  })

  it('with a component for the same account gets nothing through a role that trusts this one', async () => {
    const other = await tenant(app)
    await other.bring({ kind: 'INVENTORY', itemId: newAccount() }, 'INSTALLED')
    await other.calls.stage({ kind: 'INVENTORY', itemId: account })
    // As if its verification had been tricked: AWS itself is the last to refuse.
    await app.booted.services.db.pool.query(`update "Component" set "state" = 'INSTALLED' where "organizationId" = $1`, [other.id])
    const id = await make(other, inAws(put(login)))
    expect(await failure(other, id)).toMatch(/could not be assumed|AccessDenied|InvalidIdentityToken/)
  })
})

describe.skipIf(withoutServers)('with another target', () => {
  it.each<[string, () => object]>([
    ['Vault', () => inVault(`${own.id}/shop`)],
    ['AWS', () => inAws(arnOf({ account }))],
  ])('it has to be said again where in %s the secret lies', async (_what, storeOf) => {
    const id = await make(own, storeOf())
    const config = { ...target(), host: 'elsewhere.example.com' }
    const before = await rowsOf(app, own.id)
    expect(short((await call(own, 'updateIntegration', { id, config })).errors)).toEqual([`${V} REQUIRED_VALUE_MISSING input.secretStore`])
    expect(await rowsOf(app, own.id)).toEqual(before)
    expect(done(await call(own, 'updateIntegration', { id, config, secretStore: storeOf() })).config).toEqual(config)
  })
})

describe.skipIf(withoutServers)('a server without Vault', () => {
  it('takes the reference, and says at the refresh what is missing', async () => {
    const services = app.booted.services
    const known = services.vault
    services.vault = null
    try {
      const id = await make(own, inVault(`${own.id}/shop`))
      expect(await failure(own, id)).toMatch(/has no HashiCorp Vault.*GATEHOUSE_VAULT_ADDR and GATEHOUSE_VAULT_TOKEN/)
    } finally {
      services.vault = known
    }
  })
})
