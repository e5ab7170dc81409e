import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { type Data, startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { refusalOf } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'
import { countStatements } from '../support/statements.ts'

let app: TestApp
let own: TestOrganization
let foreign: TestOrganization
beforeAll(async () => {
  app = await startTestApp()
  own = await app.organization()
  foreign = await app.organization()
})
afterAll(() => app.close())

const fields = 'id slug name version createdAt updatedAt'
const errors = 'errors { __typename code message path ... on ConflictError { currentVersion } ... on DuplicateError { existing { id } } }'

async function as(key: string, name: string, type: string, input: object): Promise<Data> {
  const answer = await app.send(key, `mutation ($input: ${type}!) { ${name}(input: $input) { organization { ${fields} } ${errors} } }`, {
    input,
  })
  if (answer.errors) throw new Error(JSON.stringify(answer.errors))
  return answer.data[name]
}
const create = (input: object) => as(app.adminKey, 'createOrganization', 'CreateOrganizationInput', input)
const update = (input: object, key = own.key) => as(key, 'updateOrganization', 'UpdateOrganizationInput', input)
const read = async () => (await own.ask(`{ organization(id: "${own.id}") { ${fields} } }`)).organization

const malformed = (field: string) => ['ValidationError', 'VALUE_INCORRECT_FORMAT', `input.${field}`]
const outOfBounds = (field: string) => ['ValidationError', 'VALUE_OUT_OF_BOUNDS', `input.${field}`]
const badFields: [title: string, change: { slug?: string; name?: string }, refusal: string[]][] = [
  ['an empty slug', { slug: '' }, malformed('slug')],
  ['a slug of 41 characters', { slug: 'a'.repeat(41) }, malformed('slug')],
  ['a slug in capitals', { slug: 'Acme' }, malformed('slug')],
  ['a slug that begins with a hyphen', { slug: '-acme' }, malformed('slug')],
  ['a slug that ends with a hyphen', { slug: 'acme-' }, malformed('slug')],
  ['a slug with a line break', { slug: 'acme\n' }, malformed('slug')],
  ['a slug with an umlaut', { slug: 'ärger' }, malformed('slug')],
  ['an empty name', { name: '' }, outOfBounds('name')],
  ['a name of 201 characters', { name: 'n'.repeat(201) }, outOfBounds('name')],
  ['a name with a control character', { name: 'a\tb' }, malformed('name')],
]

describe('createOrganization', () => {
  test.each(['a', '7', 'a'.repeat(40), 'a--b', '0-9'])('takes the slug "%s"', async (slug) => {
    const made = await create({ slug, name: 'Ä name 🎉' })
    expect(made).toMatchObject({ organization: { slug, name: 'Ä name 🎉', version: 1 }, errors: [] })
  })

  test.each(badFields)('refuses %s', async (_title, change, refusal) => {
    expect(refusalOf(await create({ slug: 'fine', name: 'Fine', ...change }))).toEqual(refusal)
  })

  test('of one slug by ten callers at once makes one, and tells the others whose it is', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create({ slug: 'contested', name: 'Contested' })))
    const [made] = answers.filter((answer) => answer.organization)
    const refused = answers.filter((answer) => !answer.organization)
    expect(refused).toHaveLength(9)
    for (const answer of refused) {
      expect(answer.errors).toMatchObject([
        { __typename: 'DuplicateError', code: 'VALUE_DUPLICATE', path: ['input', 'slug'], existing: { id: made.organization.id } },
      ])
    }
  })
})

describe('the organization of a key', () => {
  test('is read with the key: a request for it is one statement', async () => {
    const query = `query ($r: [_Any!]!) { organization(id: "${own.id}") { ${fields} } _entities(representations: $r) { ... on Organization { ${fields} } } }`
    const { statements, result } = await countStatements(() => own.ask(query, { r: [{ __typename: 'Organization', slug: own.slug }] }))
    expect(result.organization).toMatchObject({ id: own.id, slug: own.slug })
    expect(result._entities).toEqual([result.organization])
    expect(statements.filter((text) => text.includes('"Organization"'))).toHaveLength(1)
  })

  test('is as it stands by then, whoever changed it: before the request, or earlier in it', async () => {
    const { version } = await read()
    await app.booted.services.db.pool.query(`update "Organization" set "name" = 'Elsewhere', "version" = "version" + 1 where "id" = $1`, [
      own.id,
    ])
    expect(await read()).toMatchObject({ name: 'Elsewhere', version: version + 1 })
    const data = await own.ask(
      `mutation ($update: UpdateOrganizationInput!, $key: CreateApiKeyInput!) {
        before: createApiKey(input: $key) { apiKey { organization { name version } } }
        updateOrganization(input: $update) { organization { name } }
        after: createApiKey(input: $key) { apiKey { organization { name version } } }
      }`,
      { update: { id: own.id, name: 'Here' }, key: { organizationId: own.id, name: 'k', scopes: ['ORGANIZATIONS_READ'] } },
    )
    expect(data.before.apiKey.organization).toEqual({ name: 'Elsewhere', version: version + 1 })
    expect(data.after.apiKey.organization).toEqual({ name: 'Here', version: version + 2 })
  })
})

describe('updateOrganization', () => {
  test.each(badFields)('refuses %s, and nothing changes', async (_title, change, refusal) => {
    const before = await rowsOf(app, own.id)
    expect(refusalOf(await update({ id: own.id, ...change }))).toEqual(refusal)
    expect(await rowsOf(app, own.id)).toEqual(before)
  })

  test.each(['name', 'slug'])('cannot clear the %s: null is refused, absent leaves it', async (field) => {
    const before = await rowsOf(app, own.id)
    expect(refusalOf(await update({ id: own.id, [field]: null }))).toEqual(['ValidationError', 'REQUIRED_VALUE_MISSING', `input.${field}`])
    expect((await update({ id: own.id })).errors).toEqual([])
    expect(await rowsOf(app, own.id)).toEqual(before)
  })

  test('of an older version is a ConflictError that names the present one, and nothing changes', async () => {
    const { organization } = await update({ id: own.id, name: 'Renamed', expectedVersion: (await read()).version })
    const stale = await update({ id: own.id, name: 'Lost', expectedVersion: organization.version - 1 })
    expect(refusalOf(stale)).toEqual(['ConflictError', 'CONFLICT', 'input.expectedVersion'])
    expect(stale.errors[0].currentVersion).toBe(organization.version)
    expect(await read()).toEqual(organization)
  })

  test('by ten callers of one version: one wins, the others are told', async () => {
    const { version } = await read()
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, caller) => update({ id: own.id, name: `Name ${caller}`, expectedVersion: version })),
    )
    const won = answers.filter((answer) => answer.errors.length === 0)
    expect(won).toHaveLength(1)
    for (const answer of answers.filter((other) => other !== won[0])) expect(answer.errors).toMatchObject([{ __typename: 'ConflictError' }])
    expect(await read()).toEqual(won[0].organization)
  })

  test('to the slug of another organization is refused without telling whose it is', async () => {
    const before = await rowsOf(app, own.id)
    const refused = await update({ id: own.id, slug: foreign.slug })
    expect(refusalOf(refused)).toEqual(['DuplicateError', 'VALUE_DUPLICATE', 'input.slug'])
    expect(refused.errors[0].existing).toBeNull()
    expect(await rowsOf(app, own.id)).toEqual(before)
  })

  test("of somebody else's is answered as that of an unknown one, and nothing changes", async () => {
    const before = await rowsOf(app, foreign.id)
    for (const id of [foreign.id, newId('org'), 'nonsense']) {
      expect(refusalOf(await update({ id, name: 'Mine' }))).toEqual(['NotFoundError', 'NOT_FOUND', 'input.id'])
    }
    expect(await rowsOf(app, foreign.id)).toEqual(before)
  })

  test('stands in the audit with before and after', async () => {
    const { name } = await read()
    await update({ id: own.id, name: 'Told' })
    const { organization } = await own.ask(
      `{ organization(id: "${own.id}") { auditEvents(first: 1, filter: { action: "organization.update" }) { nodes { outcome before after } } } }`,
    )
    expect(organization.auditEvents.nodes).toEqual([
      { outcome: 'SUCCEEDED', before: { slug: own.slug, name }, after: { slug: own.slug, name: 'Told' } },
    ])
  })
})
