import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

export interface PlaygroundOptions {
  /** The folder of the built page. */
  root: string
}

/** Where the build puts the page; the same from src/ and from dist/. */
export const playgroundRoot = fileURLToPath(new URL('../../dist/playground/page/', import.meta.url))

/** Serves the page at GET / and its files below /assets/. No answer depends on who asks, and none holds a key. */
export async function playground(app: FastifyInstance, { root }: PlaygroundOptions): Promise<void> {
  if (!existsSync(join(root, 'index.html'))) throw new Error(`The playground is not built (${root}). Run: npm run build`)
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(securityHeaders)
  })
  await app.register(fastifyStatic, {
    root,
    // One route a file: whatever else is asked for stays the server's own 404.
    wildcard: false,
    globIgnore: ['**/*.br', '**/*.gz'],
    preCompressed: true,
    cacheControl: false,
    decorateReply: false,
    setHeaders(response, path) {
      response.setHeader('cache-control', hashedName.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
      response.setHeader('vary', 'accept-encoding')
    },
  })
}

const hashedName = /[\\/]assets[\\/][^\\/]+-[\w-]{8}\.\w+(\.br|\.gz)?$/

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  // The Monaco editor writes its theme as <style> elements and positions its lines with style attributes inside HTML
  // text. Neither takes a nonce or a hash. Styles can't reach another origin: no image, font or import may be loaded from one.
  "style-src 'self' 'unsafe-inline'",
  // The editor's style sheet brings its fonts and its squiggles as data: addresses.
  "font-src 'self' data:",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
