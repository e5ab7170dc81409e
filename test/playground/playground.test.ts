import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { playground } from '../../src/playground/playground.ts'

const script = 'console.log("the page")'
let root: string
let app: FastifyInstance

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gatehouse-playground-'))
  await mkdir(join(root, 'assets'))
  await writeFile(join(root, 'index.html'), '<!doctype html><title>Gatehouse</title>')
  await writeFile(join(root, 'assets/index-Ab3_x-9Z.js'), script)
  await writeFile(join(root, 'assets/index-Ab3_x-9Z.js.br'), brotliCompressSync(script))
  app = Fastify()
  await app.register(playground, { root })
  app.get('/readyz', () => 'ready')
})

afterAll(async () => {
  await app.close()
  await rm(root, { recursive: true })
})

describe('the playground', () => {
  it.each(['/', '/index.html', '/assets/index-Ab3_x-9Z.js'])(
    '%s runs and loads nothing but what this server sent, in no frame',
    async (url) => {
      const { statusCode, headers } = await app.inject(url)
      expect(statusCode).toBe(200)
      const policy = new Map(
        String(headers['content-security-policy'])
          .split('; ')
          .map((part) => [part.split(' ')[0], part]),
      )
      expect(policy.get('default-src')).toBe("default-src 'none'")
      expect(policy.get('script-src')).toBe("script-src 'self'")
      expect(policy.get('worker-src')).toBe("worker-src 'self'")
      expect(policy.get('connect-src')).toBe("connect-src 'self'")
      for (const name of ['frame-ancestors', 'base-uri', 'form-action']) expect(policy.get(name)).toBe(`${name} 'none'`)
      expect([...policy.values()].join()).not.toMatch(/unsafe-eval|https?:|blob:|\*/)
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    },
  )

  it.each([
    ['/', 'no-cache'],
    ['/index.html', 'no-cache'],
    ['/assets/index-Ab3_x-9Z.js', 'public, max-age=31536000, immutable'],
  ])('%s may be kept as long as its name means the same: %s', async (url, expected) => {
    for (const encoding of ['identity', 'br']) {
      const { headers } = await app.inject({ url, headers: { 'accept-encoding': encoding } })
      expect(headers['cache-control']).toBe(expected)
    }
  })

  it('sends the compressed twin to those who take it, and says that the answer depends on it', async () => {
    const { headers, rawPayload } = await app.inject({ url: '/assets/index-Ab3_x-9Z.js', headers: { 'accept-encoding': 'gzip, br' } })
    expect(headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding' })
    expect(headers['content-type']).toContain('javascript')
    expect(brotliDecompressSync(rawPayload).toString()).toBe(script)
    const plain = await app.inject('/assets/index-Ab3_x-9Z.js')
    expect(plain.body).toBe(script)
    expect(plain.headers).toMatchObject({ vary: 'accept-encoding' })
  })

  it.each([
    '/assets/index-Ab3_x-9Y.js',
    '/assets/',
    '/assets/../../package.json',
    '/%2e%2e/package.json',
    '/assets/index-Ab3_x-9Z.js.br',
    '/nothing',
  ])('%s is not found and not kept', async (url) => {
    const { statusCode, headers } = await app.inject(url)
    expect(statusCode).toBe(404)
    expect(headers['cache-control']).toBeUndefined()
  })

  it('leaves the answers of other routes alone', async () => {
    const { headers } = await app.inject('/readyz')
    expect(headers['content-security-policy']).toBeUndefined()
  })

  it('refuses to start without a built page and names the command that builds it', async () => {
    await expect(Fastify().register(playground, { root: join(root, 'assets') })).rejects.toThrow('npm run build')
  })
})
