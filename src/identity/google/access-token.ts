import { readFile } from 'node:fs/promises'
import { importPKCS8, SignJWT } from 'jose'
import { z } from 'zod'
import { IdentityUnusable } from '../../aws/identity-unusable.ts'
import { callGoogle, GoogleUnreachable, refusalText } from './google-call.ts'

/** This server's own Google identity, which may have tokens made for the organizations' accounts. */
export interface AccessTokens {
  /** A token for Google's APIs, kept until shortly before it ends; `fresh` makes a new one. */
  get(options?: { fresh?: boolean }): Promise<string>
}

/** Before its end a token is not used any more. */
const marginMs = 60_000
const scope = 'https://www.googleapis.com/auth/cloud-platform'
const remediation =
  'Give this server a Google identity: run it on Google Cloud with a service account, or set GOOGLE_APPLICATION_CREDENTIALS to the key file of one.'

const keyFile = z.object({ type: z.literal('service_account'), client_email: z.string(), private_key: z.string(), token_uri: z.url() })
type KeyFile = z.infer<typeof keyFile>

/** The service account of a key file. Throws with a sentence for the operator where it is none. */
export async function readKeyFile(path: string): Promise<KeyFile> {
  try {
    return keyFile.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    throw new Error(`${path} is no key file of a Google service account (type service_account)`, { cause: error })
  }
}

/** From a key file where there is one, else from the metadata server that machines of Google Cloud have. */
export function createAccessTokens({ key, metadataHost }: { key: KeyFile | null; metadataHost: string }): AccessTokens {
  const ask = () => (key ? tokenForKey(key) : tokenOfMachine(metadataHost))
  let current: { token: Promise<{ token: string; untilMs: number }> } | null = null
  return {
    async get({ fresh = false } = {}) {
      const known = fresh ? null : await current?.token.catch(() => null)
      if (known && known.untilMs > Date.now()) return known.token
      const made = { token: ask() }
      current = made
      return (await made.token).token
    },
  }
}

async function tokenOfMachine(host: string): Promise<{ token: string; untilMs: number }> {
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`
  const answer = await callGoogle("Google's metadata server", url, () => ({ headers: { 'metadata-flavor': 'Google' } })).catch(
    (error: unknown) => {
      if (error instanceof GoogleUnreachable) throw new GoogleUnreachable(`${error.message}. ${remediation}`, { cause: error })
      throw error
    },
  )
  return tokenIn("Google's metadata server", answer)
}

/** OAuth 2.0 for servers (RFC 7523): a signed assertion for an access token. */
async function tokenForKey({
  client_email: email,
  private_key: pem,
  token_uri: uri,
}: KeyFile): Promise<{ token: string; untilMs: number }> {
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(email)
    .setAudience(uri)
    .setIssuedAt()
    .setExpirationTime('5 minutes')
    .sign(await importPKCS8(pem, 'RS256'))
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
  return tokenIn("Google's token endpoint", await callGoogle("Google's token endpoint", uri, () => ({ method: 'POST', body })))
}

function tokenIn(service: string, answer: { status: number; body: Record<string, unknown> }): { token: string; untilMs: number } {
  const { access_token: token, expires_in: seconds } = answer.body
  if (answer.status === 200 && typeof token === 'string' && typeof seconds === 'number') {
    return { token, untilMs: Date.now() + seconds * 1_000 - marginMs }
  }
  throw new IdentityUnusable({
    expected: `${service} gives this server an access token`,
    actual: `it answered ${refusalText(answer)}`,
    remediation,
  })
}
