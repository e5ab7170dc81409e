import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose'

export interface TestIssuer {
  /** http://127.0.0.1:<port>, with a path if one was asked for. */
  url: string
  /** Without scheme, as ARNs and condition keys name it. */
  name: string
  jwksUrl: string
  /** A token of five minutes; a claim given as undefined is left out. */
  token(claims: JWTPayload, options?: { kid?: string; algorithm?: string; withForeignKey?: boolean }): Promise<string>
  /** From now on signs with a new key under a new id. */
  rotate(): Promise<void>
  /** What the issuer does with requests: answers, keeps silent, or sends this status or body. */
  behaviour: 'answer' | 'silent' | 'redirect' | { status: number } | { body: string }
  /** How often keys were asked for. */
  jwksReads: number
  close(): Promise<void>
}

/** An OIDC issuer of the test's own, with RS256 keys, discovery and a key set; `clock` gives the epoch milliseconds of its tokens. */
export async function startIssuer(path = '', clock = Date.now): Promise<TestIssuer> {
  const makeKey = () => generateKeyPair('RS256', { extractable: true })
  const foreign = await makeKey()
  let signing = await makeKey()
  let generation = 1
  const server = createServer(async (request, response) => {
    const { behaviour } = issuer
    if (behaviour === 'silent') return
    if (typeof behaviour === 'object') {
      response.writeHead('status' in behaviour ? behaviour.status : 200).end('body' in behaviour ? behaviour.body : '')
      return
    }
    if (behaviour === 'redirect' && !request.url?.startsWith('/moved')) {
      response.writeHead(302, { location: `/moved${request.url}` }).end()
      return
    }
    const asked = request.url?.replace(/^\/moved/, '')
    response.setHeader('content-type', 'application/json')
    if (asked === `${path}/.well-known/openid-configuration`) {
      response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: issuer.jwksUrl }))
    } else if (asked === `${path}/keys`) {
      issuer.jwksReads++
      const key = { ...(await exportJWK(signing.publicKey)), kid: `key-${generation}`, use: 'sig' }
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
    async token(claims, { kid = `key-${generation}`, algorithm = 'RS256', withForeignKey = false } = {}) {
      const now = Math.floor(clock() / 1000)
      const payload = { iss: url, iat: now, nbf: now, exp: now + 300, ...claims }
      const pair = withForeignKey ? foreign : signing
      const key = await importJWK(await exportJWK(pair.privateKey), algorithm)
      return new SignJWT(payload).setProtectedHeader({ alg: algorithm, kid }).sign(key)
    },
    async rotate() {
      signing = await makeKey()
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
