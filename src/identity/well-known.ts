import type { FastifyInstance } from 'fastify'
import type { Issuer } from './issuer.ts'

// Far below the 24 hours a key is published before it signs, and short enough for a key withdrawn after a leak.
const cacheControl = 'public, max-age=300'

/**
 * A Fastify plugin: the two documents AWS reads, without authentication, from memory. Where the public URL has a path they stand below
 * it as well, for a proxy that passes the path on and for one that strips it.
 */
export async function wellKnown(
  app: FastifyInstance,
  { issuer }: { issuer: Pick<Issuer, 'url' | 'discoveryDocument' | 'jwks'> },
): Promise<void> {
  const path = new URL(issuer.url).pathname.replace(/\/+$/, '')
  for (const base of new Set(['', path])) {
    app.get(`${base}/.well-known/openid-configuration`, (_request, reply) => {
      reply.header('cache-control', cacheControl).send(issuer.discoveryDocument())
    })
    app.get(`${base}/.well-known/jwks.json`, (_request, reply) => {
      const jwks = issuer.jwks()
      reply.header('cache-control', cacheControl).send(jwks)
    })
  }
}
