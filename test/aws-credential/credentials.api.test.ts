import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKeyring } from '../../src/secrets/keyring.ts'
import { rewrapRecords } from '../../src/secrets/rewrap-records.ts'
import { sealContext, sealedColumns } from '../../src/secrets/sealed-columns.ts'
import { type Data, startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { rowsOf } from '../support/rows.ts'
import { countStatements } from '../support/statements.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ quotas: { awsCredentials: 6 } })
})
afterAll(() => app.close())

const credential = (accountName: string, digit = '1') => ({
  accountName,
  accessKeyId: `AKIA${digit.repeat(16)}`,
  secretAccessKey: `${accountName.replaceAll(/\W/g, '')}/Sup3r+S3cret/${digit.repeat(24)}`,
})
const fields = 'id accountName accessKeyId createdAt rotatedAt lastUsedAt awsAccount { id } organization { id }'
const refusal = 'errors { __typename code path message ... on QuotaError { limit } }'

const put = async (organization: TestOrganization, credentials: object[]): Promise<Data> =>
  (
    await organization.ask(
      `mutation ($input: PutAwsCredentialsInput!) { putAwsCredentials(input: $input) { credentials { ${fields} } ${refusal} } }`,
      {
        input: { organizationId: organization.id, credentials },
      },
    )
  ).putAwsCredentials
const remove = async (organization: TestOrganization, accountNames: string[]): Promise<Data> =>
  (
    await organization.ask(
      `mutation ($input: DeleteAwsCredentialsInput!) { deleteAwsCredentials(input: $input) { deletedIds deletedAccountNames organization { id } ${refusal} } }`,
      { input: { organizationId: organization.id, accountNames } },
    )
  ).deleteAwsCredentials
const list = async (organization: TestOrganization, args = ''): Promise<Data> =>
  (
    await organization.ask(
      `{ organization(id: "${organization.id}") { awsCredentials${args} { totalCount nodes { ${fields} } pageInfo { hasNextPage endCursor } } } }`,
    )
  ).organization.awsCredentials

test('credentials are put under their account names, answered in the order of the input and listed by name', async () => {
  const organization = await app.organization()
  const payload = await put(organization, [credential('prod'), credential('dev')])
  expect(payload.errors).toEqual([])
  expect(payload.credentials.map(({ accountName }: Data) => accountName)).toEqual(['prod', 'dev'])
  expect(payload.credentials[0]).toMatchObject({
    id: expect.stringMatching(/^cred_/),
    rotatedAt: null,
    lastUsedAt: null,
    awsAccount: null,
    organization: { id: organization.id },
  })
  const page = await list(organization, '(first: 1)')
  expect(page).toMatchObject({ totalCount: 2, nodes: [{ accountName: 'dev' }], pageInfo: { hasNextPage: true } })
  expect((await list(organization, `(first: 1, after: "${page.pageInfo.endCursor}")`)).nodes).toMatchObject([{ accountName: 'prod' }])
})

test('a credential of a known name is replaced and keeps its id; the same once more changes nothing at all', async () => {
  const organization = await app.organization()
  const [first] = (await put(organization, [credential('prod')])).credentials
  const [second] = (await put(organization, [credential('prod', '2')])).credentials
  expect(second).toMatchObject({ id: first.id, accessKeyId: credential('prod', '2').accessKeyId, createdAt: first.createdAt })
  expect(second.rotatedAt).not.toBeNull()
  const before = await rowsOf(app, organization.id)
  expect((await put(organization, [credential('prod', '2')])).credentials).toEqual([second])
  expect(await rowsOf(app, organization.id)).toEqual(before)
})

const name201 = 'n'.repeat(201)
const refusals: [string, object[], [string, string, string][]][] = [
  [
    'a temporary key',
    [{ ...credential('a'), accessKeyId: 'ASIA1111111111111111' }],
    [['ValidationError', 'INVALID_VALUE', 'input.credentials.0.accessKeyId']],
  ],
  [
    'a key id with small letters',
    [{ ...credential('a'), accessKeyId: 'akia1111111111111111' }],
    [['ValidationError', 'VALUE_INCORRECT_FORMAT', 'input.credentials.0.accessKeyId']],
  ],
  [
    'a key id that is too short',
    [{ ...credential('a'), accessKeyId: 'AKIA11111111111' }],
    [['ValidationError', 'VALUE_INCORRECT_FORMAT', 'input.credentials.0.accessKeyId']],
  ],
  [
    'a secret with a space',
    [{ ...credential('a'), secretAccessKey: 'not a secret, two words' }],
    [['ValidationError', 'VALUE_INCORRECT_FORMAT', 'input.credentials.0.secretAccessKey']],
  ],
  ['a name that is too long', [credential(name201)], [['ValidationError', 'VALUE_OUT_OF_BOUNDS', 'input.credentials.0.accountName']]],
  [
    'a name twice',
    [credential('a'), credential('b'), credential('a', '2')],
    [['ValidationError', 'VALUE_DUPLICATE', 'input.credentials.2.accountName']],
  ],
  ['none', [], [['ValidationError', 'VALUE_OUT_OF_BOUNDS', 'input.credentials']]],
  ['501', Array.from({ length: 501 }, (_, i) => credential(`a${i}`)), [['ValidationError', 'VALUE_OUT_OF_BOUNDS', 'input.credentials']]],
  [
    'more than the quota',
    Array.from({ length: 7 }, (_, i) => credential(`a${i}`)),
    [['QuotaError', 'QUOTA_EXCEEDED', 'input.credentials']],
  ],
  [
    'several faults, all of them',
    [credential('a'), { ...credential('b'), accessKeyId: 'ASIAx', secretAccessKey: '' }],
    [
      ['ValidationError', 'VALUE_INCORRECT_FORMAT', 'input.credentials.1.accessKeyId'],
      ['ValidationError', 'VALUE_INCORRECT_FORMAT', 'input.credentials.1.secretAccessKey'],
      ['ValidationError', 'INVALID_VALUE', 'input.credentials.1.accessKeyId'],
    ],
  ],
]
test.each(refusals)('%s: refused, and nothing of the call is kept', async (_, credentials, expected) => {
  const organization = await app.organization()
  const before = await rowsOf(app, organization.id)
  const payload = await put(organization, credentials)
  expect(payload.credentials).toBeNull()
  expect(payload.errors.map(({ __typename, code, path }: Data) => [__typename, code, path.join('.')])).toEqual(expected)
  for (const given of credentials as { secretAccessKey: string }[])
    if (given.secretAccessKey) expect(JSON.stringify(payload)).not.toContain(given.secretAccessKey)
  expect(await rowsOf(app, organization.id)).toEqual(before)
})

test('deletion names what it took, passes over what is not there, and is audited', async () => {
  const organization = await app.organization()
  const [prod] = (await put(organization, [credential('prod'), credential('dev')])).credentials
  expect(await remove(organization, ['prod', 'nobody'])).toEqual({
    deletedIds: [prod.id],
    deletedAccountNames: ['prod'],
    organization: { id: organization.id },
    errors: [],
  })
  expect(await remove(organization, ['prod'])).toMatchObject({ deletedIds: [], deletedAccountNames: [], errors: [] })
  expect((await list(organization)).nodes).toMatchObject([{ accountName: 'dev' }])
  const { organization: read } = await organization.ask(
    `{ organization(id: "${organization.id}") { auditEvents(filter: { subjectIds: ["${prod.id}"] }) { nodes { action before after } } } }`,
  )
  const shown = { accountName: 'prod', accessKeyId: prod.accessKeyId }
  expect(read.auditEvents.nodes).toEqual([
    { action: 'awsCredential.delete', before: shown, after: null },
    { action: 'awsCredential.create', before: null, after: shown },
  ])
})

test('two calls at once do not pass the quota together', async () => {
  const organization = await app.organization()
  const four = (name: string) => Array.from({ length: 4 }, (_, i) => credential(`${name}${i}`))
  const payloads = await Promise.all([put(organization, four('a')), put(organization, four('b'))])
  expect(payloads.map(({ errors }) => errors.length).sort()).toEqual([0, 1])
  expect((await list(organization)).totalCount).toBe(4)
})

test('reading needs AWS_READ, writing AWS_CREDENTIALS_WRITE, and another organization sees nothing of it', async () => {
  const [organization, other] = [await app.organization(), await app.organization()]
  const [{ id }] = (await put(organization, [credential('prod')])).credentials
  const writer = await organization.keyWith('AWS_WRITE', 'AWS_READ', 'ORGANIZATIONS_READ')
  const mutation = `mutation { putAwsCredentials(input: { organizationId: "${organization.id}", credentials: [] }) { errors { code } } }`
  expect((await app.send(writer, mutation)).errors?.[0]?.extensions).toMatchObject({
    code: 'FORBIDDEN',
    missingScopes: ['AWS_CREDENTIALS_WRITE'],
  })
  const blind = await organization.keyWith('AWS_CREDENTIALS_WRITE', 'ORGANIZATIONS_READ')
  const read = await app.send(blind, `{ organization(id: "${organization.id}") { id awsCredentials { totalCount } } }`)
  expect(read).toMatchObject({
    data: { organization: { id: organization.id, awsCredentials: null } },
    errors: [{ extensions: { missingScopes: ['AWS_READ'] } }],
  })
  expect((await other.ask(`{ node(id: "${id}") { id } }`)).node).toBeNull()
  expect((await organization.ask(`{ node(id: "${id}") { __typename id } }`)).node).toEqual({ __typename: 'AwsCredential', id })
  const payload = await other.ask(
    `mutation { putAwsCredentials(input: { organizationId: "${organization.id}", credentials: [] }) { errors { code path } } }`,
  )
  expect(payload.putAwsCredentials.errors).toEqual([{ code: 'NOT_FOUND', path: ['input', 'organizationId'] }])
})

test('the secret stands nowhere in the database, in no answer and in no audit event', async () => {
  const organization = await app.organization()
  const given = credential('hidden', '7')
  const payload = await put(organization, [given])
  const { pool } = app.booted.services.db
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', "table_schema", "table_name") as "name" from information_schema.tables
     where "table_type" = 'BASE TABLE' and "table_schema" in ('public', 'graphile_worker')`,
  )
  expect(tables.length).toBeGreaterThan(20)
  let dump = ''
  for (const { name } of tables)
    dump += (await pool.query<{ all: string | null }>(`select string_agg(t::text, E'\\n') as "all" from ${name} t`)).rows[0]?.all ?? ''
  expect(dump).toContain(given.accessKeyId)
  for (const form of ['utf8', 'hex', 'base64', 'base64url'] as const) {
    const text = Buffer.from(given.secretAccessKey).toString(form)
    // The last base64 digits depend on what follows.
    expect(dump).not.toContain(text.slice(0, -4))
  }
  expect(JSON.stringify([payload, await list(organization)])).not.toContain(given.secretAccessKey)
})

test('a ciphertext moved to another organization or record does not open, nor one with a flipped bit or an unknown key id', async () => {
  const [a, b] = [await app.organization(), await app.organization()]
  const [mine] = (await put(a, [credential('prod')])).credentials
  const [theirs] = (await put(b, [credential('prod', '3')])).credentials
  const { keyring, db } = app.booted.services
  const sealedOf = async (id: string) =>
    (await db.pool.query<{ sealed: string }>('select "sealedSecret" as "sealed" from "AwsCredential" where "id" = $1', [id])).rows[0]
      ?.sealed ?? ''
  const sealed = await sealedOf(mine.id)
  const column = sealedColumns.awsCredential
  expect(keyring.open(sealed, sealContext(column, mine.id, a.id)).toString()).toBe(credential('prod').secretAccessKey)
  expect(() => keyring.open(sealed, sealContext(column, mine.id, b.id))).toThrow(/does not open/)
  expect(() => keyring.open(sealed, sealContext(column, theirs.id, a.id))).toThrow(/does not open/)
  const flipped = sealed.slice(0, -6) + (sealed.at(-6) === 'A' ? 'B' : 'A') + sealed.slice(-5)
  expect(() => keyring.open(flipped, sealContext(column, mine.id, a.id))).toThrow(/does not open/)
  expect(() => createKeyring([{ id: 'other', key: Buffer.alloc(32, 9) }]).open(sealed, sealContext(column, mine.id, a.id))).toThrow(
    /not among the keys/,
  )
})

test('a rotation of the encryption keys that was cut off is resumed and brings every credential under the new key', async () => {
  const organization = await app.organization()
  const { credentials } = await put(
    organization,
    ['a', 'b', 'c', 'd'].map((name) => credential(name)),
  )
  const { pool } = app.booted.services.db
  const older = { id: 'test', key: Buffer.alloc(32, 7) }
  const both = createKeyring([{ id: 'new', key: Buffer.alloc(32, 8) }, older])
  let writes = 0
  const cutOff = {
    query: (config: { text: string; values: unknown[] }) => {
      if (config.text.startsWith('update') && ++writes > 2) throw new Error('the process was killed')
      return pool.query(config)
    },
  }
  const columns = [sealedColumns.awsCredential]
  await expect(rewrapRecords(cutOff as never, both, columns)).rejects.toThrow('killed')
  const { failed } = await rewrapRecords(pool, both, columns)
  expect(failed).toEqual([])
  const alone = createKeyring([{ id: 'new', key: Buffer.alloc(32, 8) }])
  const { rows } = await pool.query<{ id: string; sealed: string }>(
    'select "id", "sealedSecret" as "sealed" from "AwsCredential" where "organizationId" = $1',
    [organization.id],
  )
  expect(rows.map(({ id }) => id).sort()).toEqual(credentials.map(({ id }: Data) => id).sort())
  for (const { id, sealed } of rows)
    expect(alone.open(sealed, sealContext(sealedColumns.awsCredential, id, organization.id)).toString()).toContain('Sup3r')
  await rewrapRecords(pool, createKeyring([older, { id: 'new', key: Buffer.alloc(32, 8) }]), columns)
})

test('putting one credential or six takes the same number of statements', async () => {
  const [one, six] = [await app.organization(), await app.organization()]
  const few = await countStatements(() => put(one, [credential('a')]))
  const many = await countStatements(() =>
    put(
      six,
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => credential(name)),
    ),
  )
  expect(many.statements.length).toBe(few.statements.length)
})
