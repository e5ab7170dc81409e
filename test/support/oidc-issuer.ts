import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { AwsIdentity, TokenSource } from '../../src/aws/aws.type.ts'

export interface OidcIssuer extends TokenSource {
  url: string
  /** An organization's identity with this issuer; the audience is made from the id, so that two organizations never share one. */
  identityOf(organizationId: string): AwsIdentity
  /** Every token this issuer signed. */
  issued: string[]
  /** `failing` answers 503, `silent` takes requests and never answers. */
  mood: 'answering' | 'failing' | 'silent'
  /** What identityProblem says from now on. */
  problem: ReturnType<TokenSource['identityProblem']>
  close(): Promise<void>
}

/** The unique id of the Google account that is reserved as the decoy. */
const googleDecoy = '100000000000000000000'

/**
 * An OIDC issuer on 127.0.0.1 with one RS256 key, signing for whichever organization it is asked for; for one in google mode with
 * the claims of Google's tokens.
 */
export async function startOidcIssuer(): Promise<OidcIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const kid = randomUUID()
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }
  const server = createServer((request, response) => {
    if (issuer.mood === 'silent') return
    const documents: Record<string, unknown> = {
      '/.well-known/openid-configuration': {
        issuer: issuer.url,
        jwks_uri: `${issuer.url}/.well-known/jwks.json`,
        authorization_endpoint: `${issuer.url}/authorize`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      },
      '/.well-known/jwks.json': { keys: [jwk] },
    }
    const document = issuer.mood === 'failing' ? undefined : documents[request.url ?? '']
    response.writeHead(issuer.mood === 'failing' ? 503 : document === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(document ?? {}))
  })
  const issuer: OidcIssuer = {
    url: await listen(server),
    issued: [],
    mood: 'answering',
    problem: null,
    identityOf(organizationId) {
      const digits = BigInt(`0x${Buffer.from(organizationId).toString('hex')}`) % 10n ** 20n
      const audience = `1${digits.toString().padStart(20, '0')}`
      return { mode: 'issuer', organizationId, issuer: issuer.url, subject: `organization:${organizationId}`, audience }
    },
    async token(identity, { decoy = false } = {}) {
      const now = Math.floor(Date.now() / 1000)
      const token = await new SignJWT(identity.mode === 'google' ? { azp: decoy ? googleDecoy : identity.subject } : {})
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid })
        .setIssuer(issuer.url)
        .setSubject(decoy ? (identity.mode === 'google' ? googleDecoy : 'organization:decoy') : identity.subject)
        .setAudience(identity.mode === 'google' ? `gatehouse:${identity.organizationId}` : identity.audience)
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(now + 300)
        .setJti(randomUUID())
        .sign(privateKey)
      issuer.issued.push(token)
      return token
    },
    identityProblem: () => issuer.problem,
    close: () => close(server),
  }
  return issuer
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
}
