import { decodeJwt } from 'jose'
import { LRUCache } from 'lru-cache'
import type { AwsIdentity, TokenSource } from '../../aws/aws.type.ts'
import { IdentityUnusable } from '../../aws/identity-unusable.ts'
import type { AccessTokens } from './access-token.ts'
import { type GoogleAccount, googleAudience } from './google-account.ts'
import { callGoogle, refusalText } from './google-call.ts'

export interface GoogleTokensOptions {
  /** Of the organizations; each has one. */
  accounts: GoogleAccount[]
  /** Reserved: no organization ever has it. */
  decoy: GoogleAccount
  /** Of IAM Credentials, without trailing slash. */
  endpointUrl: string
  accessTokens: AccessTokens
}

/** Google's tokens live an hour; one is used until this long before its end. */
const marginMs = 600_000
const keptTokens = 10_000

/** Tokens of the organizations' Google service accounts, made by IAM Credentials (generateIdToken). */
export function createGoogleTokens({ accounts, decoy, endpointUrl, accessTokens }: GoogleTokensOptions): TokenSource {
  const kept = new LRUCache<string, { token: string; untilMs: number }>({ max: keptTokens })
  const accountOf = ({ subject }: AwsIdentity) => accounts.find(({ uniqueId }) => uniqueId === subject)

  async function generate({ email, uniqueId }: GoogleAccount, audience: string): Promise<{ token: string; untilMs: number }> {
    const url = `${endpointUrl}/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}:generateIdToken`
    const answer = await callGoogle('Google IAM Credentials', url, async (attempt) => ({
      method: 'POST',
      // An access token that was withdrawn before its time is refused with 401: the next try has a new one.
      headers: { authorization: `Bearer ${await accessTokens.get({ fresh: attempt > 0 })}`, 'content-type': 'application/json' },
      body: JSON.stringify({ audience, includeEmail: false }),
    }))
    const { token } = answer.body
    if (answer.status !== 200 || typeof token !== 'string') {
      throw new IdentityUnusable({
        expected: `Google IAM Credentials makes tokens of ${email} for this server`,
        actual: `it answered ${refusalText(answer)}`,
        remediation: `See that ${email} exists and is enabled, that the API iamcredentials.googleapis.com is on, and that this server's own Google identity has the role roles/iam.serviceAccountOpenIdTokenCreator on it.`,
      })
    }
    const claims = decodeJwt(token)
    if (claims.azp !== uniqueId || claims.sub !== uniqueId || claims.aud !== audience) {
      throw new IdentityUnusable({
        expected: `A token of ${email} with azp and sub ${uniqueId} and aud ${audience}`,
        actual: `azp ${String(claims.azp)}, sub ${String(claims.sub)}, aud ${String(claims.aud)}`,
        remediation: `Give ${email} with its own unique id: gcloud iam service-accounts describe ${email} --format='value(uniqueId)'. An account that was deleted and made anew has another one and cannot stand for the organization any more.`,
      })
    }
    return { token, untilMs: (claims.exp ?? 0) * 1_000 - marginMs }
  }

  return {
    async token(identity, { decoy: isDecoy = false } = {}) {
      const account = isDecoy ? decoy : accountOf(identity)
      if (identity.mode !== 'google' || !account)
        throw new Error(`The identity of ${identity.organizationId} is not of an account this server has.`)
      const audience = googleAudience(identity.organizationId)
      const name = `${account.uniqueId} ${audience}`
      const known = kept.get(name)
      if (known && known.untilMs > Date.now()) return known.token
      const made = await generate(account, audience)
      kept.set(name, made)
      return made.token
    },
    identityProblem: (_issuer, identity) =>
      accountOf(identity)
        ? null
        : {
            expected: `GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS holds this organization's account, of the unique id ${identity.subject}`,
            actual: `${accounts.length} other accounts`,
            remediation: 'Put the account back into GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS and restart this server. It is given out for good.',
          },
  }
}
