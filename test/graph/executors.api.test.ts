import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { execute, getOperationAST, NoUnusedVariablesRule, parse, specifiedRules, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Scope } from '../../src/auth/scope.ts'
import { createContext } from '../../src/context.ts'
import { createExecutor } from '../../src/platform/executor.ts'
import { exampleGroups } from '../../src/playground/page/examples.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Everything, makeEverything } from '../tenancy/everything.ts'
import { expectSameAnswer } from './comparable.ts'
import { randomQuery } from './random-query.ts'
import { schema } from './schema-walk.ts'

let app: TestApp
let own: Everything
beforeAll(async () => {
  app = await startTestApp()
  own = await makeEverything(app, 'walnut', '111122223333')
})
afterAll(() => app?.close())

const compiled = createExecutor(schema)
// The cases share a head, and not each uses all of it.
const rules = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule)

/** Runs the document both ways, each with a context of its own, and tells how many errors there were. */
async function compare(text: string, variables: Record<string, unknown> = {}, scopes: Scope[] = ['ADMIN'], operationName?: string) {
  const document = parse(text)
  expect(validate(schema, document, rules)).toEqual([])
  const viewer = {
    kind: 'API_KEY' as const,
    subject: own.idOf('ApiKey'),
    label: 'test',
    scopes,
    organizationIds: [own.id],
    apiKeyId: own.idOf('ApiKey'),
    verifiedEmail: null,
  }
  const context = () => createContext(app.booted.services, viewer, 'test')
  // Twice, since the second time finds the query compiled.
  const given = { document, operationName, variables, documentHash: text }
  await compiled({ ...given, context: context() })
  const answer = await compiled({ ...given, context: context() })
  const reference = await execute({ schema, document, operationName, variableValues: variables, contextValue: context() })
  expectSameAnswer(answer, reference)
  return reference
}

describe('the compiled and the interpreting executor answer alike', () => {
  const folder = resolve(import.meta.dirname, '../../src/playground/page')
  const files = ['operations', 'queries'].flatMap((part) => readdirSync(`${folder}/${part}`).map((file) => `${part}/${file}`))
  const queries = files.filter((file) => getOperationAST(parse(readFileSync(`${folder}/${file}`, 'utf8')))?.operation === 'query')

  it.each(queries)('to the example %s', async (file) => {
    const example = exampleGroups.flatMap(({ examples }) => examples).find((one) => `operations/${one.file}` === file)
    const components = [{ id: own.idOf('InventoryComponent'), kind: 'INVENTORY', allowedActions: ['VERIFY', 'STAGE'] }]
    const { errors, data } = await compare(
      readFileSync(`${folder}/${file}`, 'utf8'),
      example?.variables({ organizationId: own.id, components }) ?? { organizationId: own.id },
    )
    expect(errors).toBeUndefined()
    expect(JSON.stringify(data)).toContain('"')
  })

  const everyScope: Scope[] = ['ADMIN']
  const few: Scope[] = ['ORGANIZATIONS_READ', 'COMPONENTS_READ']
  const byId = 'query ($id: ID!, $c: ID = "cmp_0", $yes: Boolean = true, $no: Boolean = false, $first: Int = 2, $ids: [ID!] = ["x"])'
  const tricky: {
    what: string
    text: string
    variables?: Record<string, unknown>
    scopes?: Scope[]
    errors?: number
    operationName?: string
  }[] = [
    {
      what: 'fragments on interfaces',
      text: `query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Component { kind label ...A } ... on ApiKey { name } ... on Node { __typename } } }
      fragment A on Component { state ... on IamWriteComponent { login { __typename ... on IamUserLogin { identity } } } ...B } fragment B on Node { id }`,
    },
    {
      what: 'one field in several fragments',
      text: `${byId} { organization(id: $id) { ...A ...B components(first: 3) { nodes { id } } } }
      fragment A on Organization { slug components(first: 3) { nodes { kind } } } fragment B on Organization { name components(first: 3) { totalCount nodes { itemId } } }`,
    },
    {
      what: 'aliases of one field with other arguments',
      text: `${byId} { a: organization(id: $id) { a: components(first: 1) { nodes { id } } b: components(last: 1) { nodes { id } } c: name } b: organization(id: $c) { id } }`,
    },
    {
      what: '@skip and @include with variables',
      text: `${byId} { organization(id: $id) { slug @skip(if: $yes) name @include(if: $no) id @include(if: $yes) @skip(if: $no) ... @include(if: $no) { version } ... on Organization @skip(if: $no) { createdAt } ...A @include(if: $yes) } }
      fragment A on Organization { components(first: $first) @include(if: $yes) { nodes { id @skip(if: $no) } totalCount @skip(if: $yes) } }`,
    },
    {
      what: '@include given against its default',
      text: `${byId} { organization(id: $id) { slug @skip(if: $yes) name @include(if: $no) } }`,
      variables: { yes: false, no: true },
    },
    { what: 'everything skipped', text: `${byId} { organization(id: $id) @skip(if: $yes) { id } }` },
    {
      what: 'nulls that bubble',
      text: `{ nodes(ids: ["${'x'}", "y"]) { id } organizations { nodes { apiKeys { nodes { id } } components { nodes { lastVerification { component { id } } } } auditEvents { nodes { actor { apiKey { name } } subject { id } } } } } }`,
      scopes: few,
      errors: 2,
    },
    {
      what: 'a root field that cannot be null',
      text: '{ organizations { totalCount } viewer { kind } }',
      scopes: ['AUDIT_READ'],
      errors: 1,
    },
    { what: 'refusals in a list', text: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }', scopes: few, errors: 4 },
    {
      what: 'a variable of the wrong type',
      text: `${byId} { organization(id: $id) { components(first: $first) { totalCount } } }`,
      variables: { first: 'two' },
      errors: 1,
    },
    {
      what: 'a number beyond 32 bits',
      text: `${byId} { organization(id: $id) { components(first: $first) { totalCount } } }`,
      variables: { first: 2 ** 31 },
      errors: 1,
    },
    { what: 'a missing variable', text: `${byId} { organization(id: $id) { id } }`, variables: { id: undefined }, errors: 1 },
    { what: 'null for what cannot be null', text: `${byId} { organization(id: $id) { id } }`, variables: { id: null }, errors: 1 },
    {
      what: 'null for a default',
      text: `${byId} { organization(id: $id) { components(first: $first) { nodes { id } } } }`,
      variables: { first: null },
    },
    { what: 'an object for a scalar', text: `${byId} { organization(id: $id) { id } }`, variables: { id: { a: 1 } }, errors: 1 },
    { what: 'a number as id', text: `${byId} { organization(id: $id) { id } }`, variables: { id: 7 } },
    { what: 'a fraction as id', text: `${byId} { organization(id: $id) { id } }`, variables: { id: 7.5 }, errors: 1 },
    { what: 'one for a list', text: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: { ids: 'x' } },
    {
      what: 'one for a list, in the document',
      text: `{ nodes(ids: "x") { id } organizations { nodes { components(filter: { kinds: INVENTORY }) { nodes { kind } } } } }`,
    },
    { what: 'null in a list', text: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: { ids: ['x', null] }, errors: 1 },
    { what: 'a list in a list', text: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: { ids: [['x']] }, errors: 1 },
    {
      what: 'an input object',
      text: `query ($id: ID!, $f: ComponentFilter) { organization(id: $id) { components(filter: $f) { totalCount nodes { kind } } } }`,
      variables: { f: { kinds: ['INVENTORY', 'BASE'], states: null } },
    },
    {
      what: 'an input object with a field too many',
      text: `query ($id: ID!, $f: ComponentFilter) { organization(id: $id) { components(filter: $f) { totalCount } } }`,
      variables: { f: { kinds: [], wrong: 1 } },
      errors: 1,
    },
    {
      what: 'an array for an input object',
      text: `query ($id: ID!, $f: ComponentFilter) { organization(id: $id) { components(filter: $f) { totalCount } } }`,
      variables: { f: [] },
      errors: 1,
    },
    {
      what: 'a value that the enum does not have',
      text: `query ($id: ID!, $f: ComponentFilter) { organization(id: $id) { components(filter: $f) { totalCount } } }`,
      variables: { f: { kinds: ['base'] } },
      errors: 1,
    },
    {
      what: 'a variable within an input object',
      text: `query ($id: ID!, $k: [ComponentKind!], $n: AwsAccountId!) { organization(id: $id) { components(filter: { kinds: $k, accountIds: [$n] }) { nodes { kind } } } }`,
      variables: { n: '111122223333' },
    },
    {
      what: 'the default of an input field',
      text: `query ($id: ID!, $d: SortDirection! = DESC) { organization(id: $id) { a: integrations(orderBy: { field: NAME }) { nodes { name } } b: integrations(orderBy: { field: NAME, direction: $d }) { nodes { name } } } }`,
    },
    {
      what: 'a default that is an object',
      text: `query ($id: ID!, $f: ComponentFilter = { kinds: [BASE] }, $o: IntegrationOrder = { field: CREATED_AT }) { organization(id: $id) { components(filter: $f) { nodes { kind } } integrations(orderBy: $o) { nodes { name } } } }`,
    },
    {
      what: 'a time as variable and as default',
      text: `query ($id: ID!, $a: DateTime, $b: DateTime = "2100-01-01T00:00:00Z") { organization(id: $id) { auditEvents(filter: { since: $a, until: $b }) { totalCount } } }`,
      variables: { a: '2020-01-01T00:00:00Z' },
    },
    {
      what: 'a time that is none',
      text: `query ($id: ID!, $a: DateTime) { organization(id: $id) { auditEvents(filter: { since: $a }) { totalCount } } }`,
      variables: { a: 'yesterday' },
      errors: 1,
    },
    {
      what: 'a number for a text scalar',
      text: `query ($id: ID!, $n: AwsAccountId!) { organization(id: $id) { awsAccount(accountId: $n) { id } } }`,
      variables: { n: 5 },
      errors: 1,
    },
    {
      what: 'arguments that are refused',
      text: `${byId} { organization(id: $id) { a: components(first: 201) { totalCount } b: components(first: 1, last: 1) { totalCount } slug } }`,
      errors: 2,
    },
    {
      what: 'introspection',
      text: `{ __schema { queryType { name } types { name kind fields(includeDeprecated: true) { name type { name ofType { name } } args { name defaultValue } } } directives { name } } __type(name: "ComponentConfigInput") { isOneOf inputFields { name } } __typename }`,
    },
    {
      what: 'references of a router',
      text: `query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Organization { slug } ... on Component { kind } } _service { sdl } }`,
      variables: { r: [{ __typename: 'Organization', id: 'x' }, { __typename: 'Nothing' }] },
    },
    {
      what: 'one of several operations',
      text: `query A { viewer { kind } } query B($id: ID!) { organization(id: $id) { slug } }`,
      operationName: 'B',
    },
    {
      what: 'no operation of that name',
      text: `query A { viewer { kind } } query B($id: ID!) { organization(id: $id) { slug } }`,
      operationName: 'C',
      errors: 1,
    },
    {
      what: 'several operations and no name',
      text: `query A { viewer { kind } } query B($id: ID!) { organization(id: $id) { slug } }`,
      errors: 1,
    },
    {
      what: 'names that are special in JavaScript',
      text: `${byId} { constructor: organization(id: $id) { hasOwnProperty: slug toString: name prototype: id } }`,
    },
  ]
  it.each(tricky)('to $what', async ({ text, variables, scopes = everyScope, errors = 0, operationName }) => {
    const ids = [
      'Integration',
      'InventoryComponent',
      'BaseComponent',
      'ApiKey',
      'AuditEvent',
      'AwsAccount',
      'BackgroundOperation',
      'Verification',
    ].map(own.idOf)
    const given: Record<string, unknown> = { id: own.id, ids, ...variables }
    if (given.id === undefined) delete given.id
    const answer = await compare(text, given, scopes, operationName)
    expect(answer.errors ?? []).toHaveLength(errors)
  })

  it('to queries made at random', async () => {
    let withData = 0
    for (let seed = 1; seed <= 80; seed += 1) {
      const { text, variables } = randomQuery(seed, own)
      try {
        const { data } = await compare(text, variables, seed % 3 === 0 ? few : everyScope)
        if (JSON.stringify(data).includes('_')) withData += 1
      } catch (error) {
        throw new Error(`seed ${seed}: ${text}\n${JSON.stringify(variables)}\n${String(error)}`, { cause: error })
      }
    }
    expect(withData).toBeGreaterThan(25)
  }, 60_000)
})
