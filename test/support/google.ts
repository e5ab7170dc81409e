import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportPKCS8, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import type { GoogleAccount } from '../../src/identity/google/google-account.ts'

/** How generateIdToken answers: as it should, with a status, never, with text that is none of its own, or with another account's token. */
export type GoogleMood = 'well' | number | 'silent' | 'garbage' | 'other account'

export interface GoogleStandIn {
  url: string
  jwksUrl: string
  accounts: GoogleAccount[]
  decoy: GoogleAccount
  /** The settings of a server that finds its Google here. */
  env: Record<string, string>
  mood: GoogleMood
  /** The calls of generateIdToken. */
  asked: { email: string; audience: unknown; includeEmail: unknown }[]
  /** Every token it signed. */
  issued: string[]
  /** Access tokens given out so far; those before the last are refused once `withdraw` was called. */
  accessTokens: string[]
  withdraw(): void
  /** A key file of the server's own service account. */
  keyFile(): Promise<Record<string, string>>
  close(): Promise<void>
}

/** Google at the wire: the metadata server, the token endpoint, IAM Credentials and the keys of its tokens, on one port of 127.0.0.1. */
export async function startGoogle(accountCount = 3): Promise<GoogleStandIn> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const own = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'google', alg: 'RS256', use: 'sig' }
  const account = (name: string, place: number): GoogleAccount => ({
    email: `${name}@gatehouse-test.iam.gserviceaccount.com`,
    uniqueId: String(10n ** 20n + BigInt(place)),
  })
  const accounts = Array.from({ length: accountCount }, (_, i) => account(`tenant-${i + 1}`, i + 1))
  const decoy = account('decoy', 999)
  const withdrawn = new Set<string>()
  const accessToken = () => {
    const token = `ya29.stand-in-${google.accessTokens.length + 1}`
    google.accessTokens.push(token)
    return { access_token: token, expires_in: 3_599, token_type: 'Bearer' }
  }

  async function answer(request: IncomingMessage, body: string): Promise<[number, unknown]> {
    const path = request.url ?? ''
    if (path === '/keys') return [200, { keys: [jwk] }]
    if (path === '/computeMetadata/v1/instance/service-accounts/default/token') {
      return request.headers['metadata-flavor'] === 'Google' ? [200, accessToken()] : [403, {}]
    }
    if (path === '/token') {
      const { grant_type: grant, assertion = '' } = Object.fromEntries(new URLSearchParams(body))
      const checks = { issuer: 'server@gatehouse-test.iam.gserviceaccount.com', audience: `${google.url}/token` }
      const verified = await jwtVerify(assertion, own.publicKey, checks).catch(() => null)
      const isAllowed = grant === 'urn:ietf:params:oauth:grant-type:jwt-bearer' && typeof verified?.payload.scope === 'string'
      return isAllowed ? [200, accessToken()] : [400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }]
    }
    const [, email] = /^\/v1\/projects\/-\/serviceAccounts\/([^:/]+):generateIdToken$/.exec(decodeURIComponent(path)) ?? []
    if (!email || request.method !== 'POST') return [404, {}]
    const bearer = request.headers.authorization?.replace('Bearer ', '') ?? ''
    const { audience, includeEmail } = JSON.parse(body)
    google.asked.push({ email, audience, includeEmail })
    if (!google.accessTokens.includes(bearer) || withdrawn.has(bearer))
      return [401, { error: { message: 'Request had invalid authentication credentials.' } }]
    const named = [...accounts, decoy].find((known) => known.email === email)
    if (typeof google.mood === 'number') return [google.mood, { error: { code: google.mood, message: `Google says ${google.mood}` } }]
    if (google.mood === 'garbage') return [200, '<html>']
    if (!named) return [404, { error: { message: 'Not found' } }]
    return [200, { token: await sign(google.mood === 'other account' ? account('other', 555) : named, audience) }]
  }

  async function sign({ uniqueId }: GoogleAccount, audience: string): Promise<string> {
    const token = await new SignJWT({ azp: uniqueId })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'google' })
      .setIssuer('https://accounts.google.com')
      .setSubject(uniqueId)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('1 hour')
      .sign(privateKey)
    google.issued.push(token)
    return token
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (google.mood === 'silent' && request.url?.includes('generateIdToken')) return
    const [status, body] = await answer(request, Buffer.concat(chunks).toString())
    response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  const google: GoogleStandIn = {
    url: await listen(server),
    jwksUrl: '',
    accounts,
    decoy,
    env: {},
    mood: 'well',
    asked: [],
    issued: [],
    accessTokens: [],
    withdraw() {
      for (const token of google.accessTokens) withdrawn.add(token)
    },
    keyFile: async () => ({
      type: 'service_account',
      client_email: 'server@gatehouse-test.iam.gserviceaccount.com',
      private_key: await exportPKCS8(own.privateKey),
      token_uri: `${google.url}/token`,
    }),
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  google.jwksUrl = `${google.url}/keys`
  const setting = ({ email, uniqueId }: GoogleAccount) => `${email}:${uniqueId}`
  google.env = {
    GATEHOUSE_IDENTITY: 'google',
    GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS: accounts.map(setting).join(','),
    GATEHOUSE_GOOGLE_DECOY_ACCOUNT: setting(decoy),
    GATEHOUSE_GOOGLE_IAM_CREDENTIALS_URL: google.url,
    GCE_METADATA_HOST: new URL(google.url).host,
  }
  return google
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
