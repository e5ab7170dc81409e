import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { AwsError } from '../errors.ts'
import { iamOf, oidcProviderArn, withoutScheme } from '../iam/iam.state.ts'
import type { ContextValues } from '../policy/context.ts'
import type { Account } from '../state.ts'
import { type IssuerKeys, noVerificationKey } from './issuer-keys.ts'

/** AWS has Google built in; `issuer` and `jwksUrl` can be pointed elsewhere for tests, the names in policies stay Google's. */
export interface GoogleIssuer {
  issuer: string
  jwksUrl: string
}

export interface VerifiedToken {
  /** As `Principal.Federated` names it: the provider's ARN, or accounts.google.com. */
  provider: string
  subject: string
  audience: string
  /** Condition keys of the token's claims. */
  context: ContextValues
}

interface TrustedIssuer {
  provider: string
  keyPrefix: string
  /** undefined: any audience, the trust policy decides. */
  clientIds: readonly string[] | undefined
  jwksUrl: string | undefined
}

/** AWS does not take tokens older than this, whatever their exp says. */
const redeemWithinSeconds = 86_400

/** What STS does with a token before any trust policy is looked at: known issuer, known audience, signature, times. Throws as STS does. */
export async function verifyWebIdentityToken(
  token: string,
  { account, nowMs, issuerKeys, google }: { account: Account | undefined; nowMs: number; issuerKeys: IssuerKeys; google: GoogleIssuer },
): Promise<VerifiedToken> {
  const claims = decode(token)
  const issuer = claims.iss
  if (!issuer || !/^(https?:\/\/|accounts\.google\.com$)/.test(issuer)) throw invalid('Issuer must be a valid URL')
  const trusted = trustedIssuer(issuer, account, nowMs, google)
  if (!trusted) throw invalid(`No OpenIDConnect provider found in your account for ${issuer}`)
  const audiences = [claims.aud ?? []].flat()
  const authorizedParty = typeof claims.azp === 'string' ? claims.azp : undefined
  // As AWS does it: where the token names an authorized party, that is its audience.
  const candidates = authorizedParty === undefined ? audiences : [authorizedParty]
  const audience = candidates.find((value) => trusted.clientIds?.includes(value) ?? true)
  if (audience === undefined) throw invalid('Incorrect token audience')
  await verifySignature(token, issuer, trusted, issuerKeys, nowMs)
  if (!claims.sub) throw invalid('Missing a required claim: sub')
  const key = (name: string) => `${trusted.keyPrefix}:${name}`
  const context = {
    [key('aud')]: candidates,
    [key('oaud')]: audiences,
    [key('sub')]: claims.sub,
    [key('azp')]: authorizedParty,
    [key('email')]: typeof claims.email === 'string' ? claims.email : undefined,
    [key('amr')]: Array.isArray(claims.amr) ? claims.amr.map(String) : undefined,
    'aws:FederatedProvider': trusted.provider,
  }
  return { provider: trusted.provider, subject: claims.sub, audience, context }
}

function decode(token: string): JWTPayload {
  try {
    decodeProtectedHeader(token)
    return decodeJwt(token)
  } catch {
    throw invalid('The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)')
  }
}

function trustedIssuer(issuer: string, account: Account | undefined, nowMs: number, google: GoogleIssuer): TrustedIssuer | undefined {
  if (issuer === google.issuer || withoutScheme(issuer) === withoutScheme(google.issuer)) {
    const name = 'accounts.google.com'
    return { provider: name, keyPrefix: name, clientIds: undefined, jwksUrl: google.jwksUrl }
  }
  const found = account && iamOf(account).oidcProviders.visible(oidcProviderArn(account, issuer), nowMs)
  return found && { provider: found.arn, keyPrefix: found.url, clientIds: found.clientIds, jwksUrl: undefined }
}

async function verifySignature(
  token: string,
  issuer: string,
  trusted: TrustedIssuer,
  issuerKeys: IssuerKeys,
  nowMs: number,
): Promise<void> {
  const jwksUrl = trusted.jwksUrl
  const verify = async (isStale: boolean) =>
    jwtVerify(token, await issuerKeys.of(issuer, { jwksUrl, isStale }), {
      algorithms: ['RS256'],
      currentDate: new Date(nowMs),
      requiredClaims: ['exp', 'iat'],
      maxTokenAge: redeemWithinSeconds,
    })
  try {
    await verify(false).catch((error: unknown) => {
      if (error instanceof errors.JWKSNoMatchingKey) return verify(true)
      throw error
    })
  } catch (error) {
    throw refusal(error, nowMs)
  }
}

function refusal(error: unknown, nowMs: number): unknown {
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return noVerificationKey()
  if (error instanceof errors.JWTExpired) {
    const now = Math.floor(nowMs / 1000)
    const message =
      error.claim === 'exp'
        ? `Token expired: current date/time ${now} must be before the expiration date/time ${String(error.payload.exp)}`
        : 'Token must be redeemed within 24 hours of issuance'
    return new AwsError('ExpiredTokenException', message, 400)
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return invalid(
      error.reason === 'missing' ? `Missing a required claim: ${error.claim}` : `The token's ${error.claim} claim is not valid.`,
    )
  }
  if (error instanceof errors.JOSEError) {
    return invalid(
      'The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request.',
    )
  }
  return error
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidIdentityToken', message, 400)
}
