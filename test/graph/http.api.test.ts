import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'

let app: TestApp
let own: TestOrganization
const logged: string[] = []
beforeAll(async () => {
  app = await startTestApp({ log: { level: 'info', write: (line) => logged.push(line) } })
  own = await app.organization()
})
afterAll(async () => {
  await app?.close()
})

interface Sent {
  method?: string
  path?: string
  headers?: Record<string, string>
  body?: string
  key?: string | null
}
async function send({ method = 'POST', path = '/graphql', headers = {}, body, key = own.key }: Sent) {
  const authorization: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {}
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await fetch(`${app.url}${path}`, { method, headers: { ...type, ...authorization, ...headers }, body })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: text.startsWith('{') ? JSON.parse(text) : null }
}
const inUrl = (query: string) => `/graphql?query=${encodeURIComponent(query)}`
const preflighted = { 'apollo-require-preflight': 'true' }
const standard = { accept: 'application/graphql-response+json' }
const codes = (answer: { json: { errors?: { extensions: { code: string } }[] } | null }) =>
  answer.json?.errors?.map(({ extensions }) => extensions.code)

describe('GraphQL over HTTP', () => {
  it('a query is answered by GET and by POST alike', async () => {
    const byGet = await send({ method: 'GET', path: inUrl('{ viewer { kind } }'), headers: preflighted })
    const byPost = await send({ body: JSON.stringify({ query: '{ viewer { kind } }' }) })
    expect([byGet.status, byGet.json]).toEqual([200, { data: { viewer: { kind: 'API_KEY' } } }])
    expect(byPost.json).toEqual(byGet.json)
    expect(byPost.headers.get('content-type')).toBe('application/json; charset=utf-8')
  })

  it('a page of another site cannot send one: without a header that it may not set, GET and simple POSTs are refused', async () => {
    const simple = [
      { method: 'GET', path: inUrl('{ viewer { kind } }') },
      { body: JSON.stringify({ query: '{ viewer { kind } }' }), headers: { 'content-type': 'text/plain' } },
      { body: 'query={viewer{kind}}', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ]
    for (const call of simple) {
      const { status, text } = await send(call)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(text).not.toContain('API_KEY')
    }
  })

  it('a mutation by GET is refused and does nothing', async () => {
    const mutation = `mutation { updateOrganization(input: { id: "${own.id}", name: "By GET" }) { organization { name } } }`
    const { status } = await send({ method: 'GET', path: inUrl(mutation), headers: preflighted })
    expect(status).toBe(405)
    expect((await own.ask(`{ organization(id: "${own.id}") { name } }`)).organization.name).toBe('Test')
  })

  it('an operation that was not asked for is never run', async () => {
    const mutation = `mutation A { updateOrganization(input: { id: "${own.id}", name: "Not asked for" }) { organization { name } } }`
    const byPost = await send({ body: JSON.stringify({ query: mutation, operationName: 'B' }) })
    const byGet = await send({ method: 'GET', path: `${inUrl(mutation)}&operationName=B`, headers: preflighted })
    const unnamed = await send({ body: JSON.stringify({ query: `${mutation} query B { viewer { kind } }` }) })
    for (const answer of [byPost, byGet, unnamed]) expect([answer.status, codes(answer)]).toEqual([400, ['OPERATION_RESOLUTION_FAILURE']])
    expect((await own.ask(`{ organization(id: "${own.id}") { name } }`)).organization.name).toBe('Test')
  })

  const query = (text: string) => JSON.stringify({ query: text })
  const documentErrors = [
    { what: 'that does not parse', body: query('{ viewer {'), code: 'GRAPHQL_PARSE_FAILED' },
    { what: 'with a field that there is not', body: query('{ nothing }'), code: 'GRAPHQL_VALIDATION_FAILED' },
    { what: 'of more than 1,000 comments', body: query(`${'#\n'.repeat(1_001)}{ viewer { kind } }`), code: 'GRAPHQL_PARSE_FAILED' },
    { what: 'of more than 15,000 tokens', body: query(`{ ${'a '.repeat(15_001)} }`), code: 'GRAPHQL_PARSE_FAILED' },
  ]
  it.each(documentErrors)('a document $what is 400 to who reads GraphQL answers, 200 to who reads JSON', async ({ body, code }) => {
    const [strict, lenient] = [await send({ body, headers: standard }), await send({ body })]
    expect([strict.status, codes(strict), strict.json.data]).toEqual([400, [code], undefined])
    expect([lenient.status, codes(lenient)]).toEqual([200, [code]])
  })

  it('a document just below the limit of tokens is read', async () => {
    const { json } = await send({ body: query(`{ ${Array.from({ length: 4_990 }, (_, i) => `t${i}: __typename`).join(' ')} }`) })
    expect(Object.keys(json.data)).toHaveLength(4_990)
  })

  it.each([
    { what: 'no JSON', body: '{ "query": ' },
    { what: 'no query', body: '{}' },
    { what: 'a query that is no text', body: '{ "query": 7 }' },
    { what: 'variables that are no object', body: '{ "query": "{ viewer { kind } }", "variables": [1] }' },
    { what: 'a list of requests', body: '[{ "query": "{ viewer { kind } }" }]' },
    { what: 'nothing', body: '' },
    { what: 'a text', body: '"{ viewer { kind } }"' },
  ])('a body with $what is 400, with errors in JSON', async ({ body }) => {
    const { status, json, text } = await send({ body })
    expect([status, json?.data], text).toEqual([400, undefined])
    expect(json.errors[0]).toMatchObject({ message: expect.any(String), extensions: { code: expect.any(String) } })
    expect(text).not.toContain('node_modules')
  })

  it('a body of more than a megabyte is 413', async () => {
    const { status, json } = await send({
      body: JSON.stringify({ query: '{ viewer { kind } }', variables: { x: 'x'.repeat(1024 * 1024) } }),
    })
    expect([status, json.errors[0].extensions.code]).toEqual([413, 'BAD_REQUEST'])
  })

  it.each([
    {
      what: 'a name that no operation has',
      body: { query: 'query A { viewer { kind } }', operationName: 'B' },
      code: 'OPERATION_RESOLUTION_FAILURE',
    },
    {
      what: 'a variable of the wrong type',
      body: { query: 'query ($id: ID!) { node(id: $id) { id } }', variables: { id: {} } },
      code: 'BAD_USER_INPUT',
    },
    { what: 'a variable too few', body: { query: 'query ($id: ID!) { node(id: $id) { id } }' }, code: 'BAD_USER_INPUT' },
    { what: 'a bad cursor', body: { query: `{ organizations(after: "x") { totalCount } }` }, code: 'BAD_USER_INPUT' },
  ])('$what is the mistake of the caller: $code', async ({ body, code }) => {
    expect(codes(await send({ body: JSON.stringify(body) }))).toEqual([code])
  })

  it('every answer names its request', async () => {
    const [one, other] = [await send({ body: query('{ viewer { kind } }') }), await send({ body: query('{ viewer {') })]
    const ids = [one, other].map(({ headers }) => headers.get('x-request-id'))
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^[0-9a-f-]{36}$/)])
    expect(new Set(ids).size).toBe(2)
  })
})

describe('what breaks on our side', () => {
  /** Runs while a table is missing. */
  async function without<T>(table: string, work: () => Promise<T>): Promise<T> {
    const { pool } = app.booted.services.db
    await pool.query(`alter table "${table}" rename to "Gone"`)
    return work().finally(() => pool.query(`alter table "Gone" rename to "${table}"`))
  }
  const linesOf = (requestId: string) => logged.filter((line) => line.includes(requestId)).map((line) => JSON.parse(line))

  const broken = [
    {
      what: 'a query',
      table: 'AuditEvent',
      text: () => `{ organization(id: "${own.id}") { slug auditEvents { nodes { id } } } }`,
      path: ['organization', 'auditEvents'],
      rest: true,
    },
    {
      what: 'a mutation',
      table: 'AuditEvent',
      text: () => `mutation { installAwsIntegration(input: { organizationId: "${own.id}" }) { errors { message } } }`,
      path: ['installAwsIntegration'],
    },
    { what: 'the look-up of the caller', table: 'ApiKey', text: () => '{ viewer { kind } }', path: undefined },
  ]
  it.each(broken)(
    'in $what is told in general words, and the request id finds the rest in the log',
    async ({ table, text, path, rest }) => {
      const answer = await without(table, () => send({ body: JSON.stringify({ query: text() }) }))
      const requestId = answer.headers.get('x-request-id') as string
      expect(answer.json.errors).toEqual([
        expect.objectContaining({
          message: 'Something went wrong on our side.',
          extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false, requestId },
          ...(path ? { path } : {}),
        }),
      ])
      for (const detail of ['Gone', 'relation', 'does not exist', 'at ', 'node_modules', 'stack']) expect(answer.text).not.toContain(detail)
      if (rest) expect(answer.json.data).toEqual({ organization: { slug: own.slug, auditEvents: null } })
      const faults = linesOf(requestId).filter(({ level }) => level === 50)
      expect(faults).toHaveLength(1)
      expect(JSON.stringify(faults[0].err)).toContain(table)
      expect(faults[0].err.stack).toContain('at ')
    },
  )

  it('what a caller did wrong is no fault: it is not in the log as one', async () => {
    const before = logged.length
    await send({ body: JSON.stringify({ query: '{ nothing }' }) })
    await send({ body: JSON.stringify({ query: '{ viewer { kind } }' }), key: 'gh_nobody' })
    await send({ body: JSON.stringify({ query: '{ organizationBySlug(slug: "\\u0000") { id } }' }) })
    expect(logged.slice(before).map((line) => JSON.parse(line).level)).toEqual([30, 30, 30])
  })
})
