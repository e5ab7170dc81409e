import { request } from 'node:http'
import { ApolloServer } from '@apollo/server'
import { parse } from 'graphql'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { contentTypes, KnownOperations } from '../../src/known-operations.ts'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'

let app: TestApp
let own: TestOrganization
let other: TestOrganization
beforeAll(async () => {
  app = await startTestApp()
  own = await app.organization()
  other = await app.organization()
})
afterAll(() => app?.close())

const byApollo = vi.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest')
beforeEach(() => {
  byApollo.mockClear()
})

interface Sent {
  query: string
  variables?: unknown
  operationName?: unknown
  extensions?: unknown
}

interface Raw {
  status: number | undefined
  headers: Record<string, unknown>
  body: string
}

function send(sent: Sent, { key = own.key, headers = {} }: { key?: string | null; headers?: Record<string, string> } = {}): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const authorization = key ? { authorization: `Bearer ${key}` } : {}
    const call = request(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization, ...headers },
    })
    call.on('error', reject)
    call.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => {
        const { date: _date, 'x-request-id': id, ...others } = response.headers
        resolve({ status: response.statusCode, headers: others, body: body.replaceAll(String(id), 'the request') })
      })
    })
    call.end(JSON.stringify(sent))
  })
}

let texts = 0
/** The same again, under a text that no request has had yet. */
const fresh = (sent: Sent): Sent => ({ ...sent, query: `${sent.query} # ${++texts}` })

/** Sends it as the first that comes with its text, then again, and tells how often Apollo Server was asked in between. */
async function twice(sent: Sent, options: Parameters<typeof send>[1] = {}) {
  const text = fresh(sent)
  const first = await send(text, options)
  expect(byApollo).toHaveBeenCalledOnce()
  const second = await send(text, options)
  return { first, second, askedAgain: byApollo.mock.calls.length === 2 }
}

const viewer = '{ viewer { kind subject scopes } organizations { nodes { id name createdAt } } }'
const named = 'query ($id: ID!) { organization(id: $id) { id name } }'

describe('a document that is sent again', () => {
  it.each([...contentTypes])('is answered as the first time to a client that accepts %s', async (accept, contentType) => {
    const { first, second, askedAgain } = await twice({ query: viewer }, { headers: accept ? { accept } : {} })
    expect(second).toEqual(first)
    expect([first.status, first.headers['content-type']]).toEqual([200, contentType])
    expect(askedAgain).toBe(false)
  })

  const silent: { what: string; sent: () => Sent; headers?: Record<string, string> }[] = [
    { what: 'variables', sent: () => ({ query: named, variables: { id: own.id } }) },
    { what: 'null in place of what is left out', sent: () => ({ query: viewer, variables: null, operationName: null, extensions: null }) },
    { what: 'one operation of several', sent: () => ({ query: `query A ${viewer} query B { viewer { subject } }`, operationName: 'B' }) },
    { what: 'something that there is not', sent: () => ({ query: named, variables: { id: 'org_00000000000000000000000000' } }) },
    { what: 'another tenant’s', sent: () => ({ query: named, variables: { id: other.id } }) },
    { what: 'a character set', sent: () => ({ query: viewer }), headers: { 'content-type': 'application/json; charset=utf-8' } },
  ]
  it.each(silent)('is answered as the first time, without asking Apollo Server, with $what', async ({ sent, headers }) => {
    const { first, second, askedAgain } = await twice(sent(), { headers })
    expect(second).toEqual(first)
    expect(first.status).toBe(200)
    expect(askedAgain).toBe(false)
  })

  const refused: { what: string; sent: () => Sent; key?: () => string | null; headers?: Record<string, string>; status?: number }[] = [
    { what: 'no credential', sent: () => ({ query: named, variables: { id: own.id } }), key: () => null },
    { what: 'a wrong credential', sent: () => ({ query: viewer }), key: () => 'gh_nothing', status: 401 },
    { what: 'a variable missing', sent: () => ({ query: named }) },
    { what: 'a variable of the wrong type', sent: () => ({ query: named, variables: { id: { of: 'no type' } } }) },
    { what: 'variables that are a list', sent: () => ({ query: named, variables: [own.id] }), status: 400 },
    { what: 'variables that are a text', sent: () => ({ query: named, variables: '{}' }), status: 400 },
    { what: 'an operation that there is not', sent: () => ({ query: `query A ${viewer}`, operationName: 'B' }), status: 400 },
    { what: 'an operation named by a number', sent: () => ({ query: `query A ${viewer}`, operationName: 7 }), status: 400 },
    { what: 'a page that is too large', sent: () => ({ query: '{ organizations(first: 201) { nodes { id } } }' }) },
    {
      what: 'a field whose scope the key lacks',
      sent: () => ({ query: '{ viewer { kind } organizations { nodes { id auditEvents { nodes { id } } } } }' }),
    },
    { what: 'a character that nothing here can hold', sent: () => ({ query: named, variables: { id: 'org_\u0000' } }) },
    { what: 'a subscription', sent: () => ({ query: 'subscription { awsRoleChanged(organizationId: "x") { __typename } }' }) },
    { what: 'a persisted query', sent: () => ({ query: viewer, extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } }) },
    { what: 'a form of answer that there is not', sent: () => ({ query: viewer }), headers: { accept: 'text/html' }, status: 406 },
    {
      what: 'a form that a list of them leads to',
      sent: () => ({ query: viewer }),
      headers: { accept: 'text/html, */*;q=0.1' },
      status: 200,
    },
  ]
  it.each(refused)('is told the same by Apollo Server with $what', async ({ sent, key, headers, status }) => {
    const limited = await own.keyWith('ORGANIZATIONS_READ')
    const { first, second, askedAgain } = await twice(sent(), { key: key ? key() : limited, headers })
    expect(second).toEqual(first)
    expect(askedAgain).toBe(true)
    if (status) expect(first.status).toBe(status)
    // Of each its own error: the documents are valid.
    const codes = (JSON.parse(first.body).errors ?? []).map(({ extensions }: { extensions: { code: string } }) => extensions.code)
    expect(codes).toHaveLength(status === 200 ? 0 : 1)
    expect(codes).not.toContain('GRAPHQL_VALIDATION_FAILED')
  })

  it('is not kept for callers without a credential', async () => {
    const { first, second, askedAgain } = await twice({ query: '{ __typename }' }, { key: null })
    expect([first.body, askedAgain]).toEqual(['{"data":{"__typename":"Query"}}\n', true])
    expect(second).toEqual(first)
  })

  it('is not kept where it is long, and of the others no more than the latest', () => {
    const known = new KnownOperations()
    const learnt = { document: parse('{ __typename }'), documentHash: 'hash' }
    const isKept = (query: string) =>
      known.find({ method: 'POST', headers: { 'content-type': 'application/json' }, body: { query } }) !== null
    const long = '#'.repeat(16 * 1024)
    known.learn(`${long}#`, learnt)
    expect(isKept(`${long}#`)).toBe(false)
    const texts = Array.from({ length: 40 }, (_, index) => `${index} ${long}`.slice(0, long.length))
    for (const text of texts) known.learn(text, learnt)
    const kept = texts.filter(isKept)
    expect(kept).toEqual(texts.slice(-kept.length))
    expect(kept.length * long.length).toBeGreaterThan(400 * 1024)
    expect(kept.length * long.length).toBeLessThanOrEqual(512 * 1024)
  })

  it('is judged by the credential of its own request', async () => {
    const text = fresh({ query: named, variables: { id: own.id } })
    await send(text)
    const [mine, foreign, nobody] = await Promise.all([send(text), send(text, { key: other.key }), send(text, { key: null })])
    expect(JSON.parse(mine.body).data.organization.id).toBe(own.id)
    expect(JSON.parse(foreign.body).data).toEqual({ organization: null })
    expect(JSON.parse(nobody.body).errors[0].extensions.code).toBe('UNAUTHENTICATED')
  })
})

describe('a mutation that is sent again', () => {
  const created = async () =>
    (await own.ask(`{ organization(id: "${own.id}") { apiKeys(first: 200) { totalCount } } }`)).organization.apiKeys.totalCount

  it('is run once a request, also where a part of its answer fails', async () => {
    const text = fresh({
      query: `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id organization { auditEvents(first: 500) { nodes { id } } } } } }`,
      variables: { input: { organizationId: own.id, name: 'Once', scopes: ['ORGANIZATIONS_READ'] } },
    })
    const before = await created()
    for (const count of [1, 2, 3]) {
      const { body } = await send(text)
      expect(JSON.parse(body).errors[0].message).toContain('first must be between')
      expect(await created()).toBe(before + count)
    }
  })

  it('is not run for an address that Apollo Server would fail on', async () => {
    const text = fresh({
      query: 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } } }',
      variables: { input: { organizationId: own.id, name: 'Host', scopes: ['ORGANIZATIONS_READ'] } },
    })
    await send(text)
    const before = await created()
    expect((await send(text, { headers: { host: '%' } })).status).toBe(500)
    expect(await created()).toBe(before)
  })

  it('is run once a request where all is well, without asking Apollo Server', async () => {
    const text = fresh({
      query: 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { name } errors { message } } }',
      variables: { input: { organizationId: own.id, name: 'Again', scopes: ['ORGANIZATIONS_READ'] } },
    })
    const before = await created()
    byApollo.mockClear()
    const answers = [await send(text), await send(text), await send(text)]
    expect(byApollo).toHaveBeenCalledOnce()
    expect(answers.map(({ body }) => JSON.parse(body))).toEqual(
      Array.from({ length: 3 }, () => ({ data: { createApiKey: { apiKey: { name: 'Again' }, errors: [] } } })),
    )
    expect(await created()).toBe(before + 3)
  })
})
