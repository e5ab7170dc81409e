import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

export interface TestIssuer {
  /** http://127.0.0.1:<port>, with a path if one was asked for. */
  url: string
  /** Without scheme, as ARNs and condition keys name it. */
  name: string
  jwksUrl: string
  /** A token of five minutes; a claim given as undefined is left out. */
  token(claims: JWTPayload, options?: { kid?: string; withForeignKey?: boolean }): Promise<string>
  /** From now on signs with a new key under a new id. */
  rotate(): Promise<void>
  /** What the issuer does with requests: answers, keeps silent, or sends this status or body. */
  behaviour: 'answer' | 'silent' | { status: number } | { body: string }
  /** How often keys were asked for. */
  jwksReads: number
  close(): Promise<void>
}

/** An OIDC issuer of the test's own, with RS256 keys, discovery and a key set. */
export async function startIssuer(path = ''): Promise<TestIssuer> {
  const foreign = await generateKeyPair('RS256')
  let signing = await generateKeyPair('RS256')
  let generation = 1
  const server = createServer(async (request, response) => {
    const { behaviour } = issuer
    if (behaviour === 'silent') return
    if (typeof behaviour === 'object') {
      response.writeHead('status' in behaviour ? behaviour.status : 200).end('body' in behaviour ? behaviour.body : '')
      return
    }
    response.setHeader('content-type', 'application/json')
    if (request.url === `${path}/.well-known/openid-configuration`) {
      response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: issuer.jwksUrl }))
    } else if (request.url === `${path}/keys`) {
      issuer.jwksReads++
      const key = { ...(await exportJWK(signing.publicKey)), kid: `key-${generation}`, alg: 'RS256', use: 'sig' }
      response.end(JSON.stringify({ keys: [key] }))
    } else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}${path}`
  const issuer: TestIssuer = {
    url,
    name: url.slice('http://'.length),
    jwksUrl: `${url}/keys`,
    behaviour: 'answer',
    jwksReads: 0,
    token(claims, { kid = `key-${generation}`, withForeignKey = false } = {}) {
      const now = Math.floor(Date.now() / 1000)
      const payload = { iss: url, iat: now, nbf: now, exp: now + 300, ...claims }
      const key = withForeignKey ? foreign.privateKey : signing.privateKey
      return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid }).sign(key)
    },
    async rotate() {
      signing = await generateKeyPair('RS256')
      generation++
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
  return issuer
}
