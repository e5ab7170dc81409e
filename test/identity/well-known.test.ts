import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import type { Issuer } from '../../src/identity/issuer.ts'
import { wellKnown } from '../../src/identity/well-known.ts'

let app: FastifyInstance
afterEach(() => app.close())

const key = { kty: 'RSA', n: 'AQ', e: 'AQAB', alg: 'RS256', use: 'sig', kid: 'a' } as const

function serve(url: string, overrides: Partial<Issuer> = {}): FastifyInstance {
  const discoveryDocument: Issuer['discoveryDocument'] = () => ({
    issuer: url,
    jwks_uri: `${url}/.well-known/jwks.json`,
    authorization_endpoint: `${url}/authorize`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  })
  app = fastify()
  app.register(wellKnown, { issuer: { url, discoveryDocument, jwks: () => ({ keys: [key] }), ...overrides } })
  return app
}

const paths = ['/.well-known/openid-configuration', '/.well-known/jwks.json']

describe.each([
  ['https://gatehouse.example.com', ['']],
  ['https://gatehouse.example.com/eu/one', ['', '/eu/one']],
])('an issuer at %s', (url, bases) => {
  test.each(bases.flatMap((base) => paths.map((path) => `${base}${path}`)))(
    'answers GET %s to anyone, as JSON that may be cached for minutes',
    async (path) => {
      const response = await serve(url).inject({ url: path })
      expect(response.statusCode).toBe(200)
      expect(response.headers['content-type']).toMatch(/^application\/json\b/)
      const maxAge = /^public, max-age=(\d+)$/.exec(String(response.headers['cache-control']))?.[1]
      expect(Number(maxAge)).toBeGreaterThanOrEqual(60)
      expect(Number(maxAge)).toBeLessThanOrEqual(3600)
      expect(response.json()).toMatchObject(
        path.endsWith('jwks.json') ? { keys: [key] } : { issuer: url, jwks_uri: `${url}/.well-known/jwks.json` },
      )
    },
  )
})

test('the issuer is the public URL, whatever host the request names', async () => {
  const headers = { host: 'attacker.example.net', 'x-forwarded-host': 'attacker.example.net', 'x-forwarded-proto': 'http' }
  const response = await serve('https://gatehouse.example.com').inject({ url: paths[0] ?? '', headers })
  expect(response.json().issuer).toBe('https://gatehouse.example.com')
  expect(response.body).not.toContain('attacker')
})

test('nothing is served below another path', async () => {
  expect((await serve('https://gatehouse.example.com/eu').inject({ url: `/us${paths[0]}` })).statusCode).toBe(404)
})

test('a failure is not cached', async () => {
  const jwks = () => {
    throw new Error('The issuer has no keys: it has not been started.')
  }
  const response = await serve('https://gatehouse.example.com', { jwks }).inject({ url: '/.well-known/jwks.json' })
  expect(response.statusCode).toBe(500)
  expect(response.headers['cache-control']).toBeUndefined()
})
