import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import { putOidcProvider } from '../../emulator/iam/oidc-providers.ts'
import { putRole } from '../../emulator/iam/role.ts'
import { clientsOf, refusalOf, sessionOf } from './clients.ts'
import { trustPolicy } from './documents.ts'
import { startIssuer, type TestIssuer } from './oidc-issuer.ts'

const accountId = '123456789012'
const audience = '112233445566778899001'
const subject = 'organization:org_1'
const roleArn = `arn:aws:iam::${accountId}:role/GatehouseIamAssessment`
const denied = { name: 'AccessDenied', message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity', status: 403 }

let issuer: TestIssuer
let google: TestIssuer
let emulator: AwsEmulator
let url: string
let nowMs: number

beforeAll(async () => {
  issuer = await startIssuer('/tenant', () => nowMs)
  google = await startIssuer('', () => nowMs)
})
beforeEach(async () => {
  nowMs = Date.now()
  const issuerOptions = { cacheMs: 0, timeoutMs: 1500 }
  emulator = createAwsEmulator({ now: () => nowMs, google: { issuer: google.url, jwksUrl: google.jwksUrl }, issuer: issuerOptions })
  url = await emulator.listen()
  const account = emulator.state.account(accountId)
  putOidcProvider(account, nowMs, { url: issuer.url, clientIds: [audience] })
  putRole(account, nowMs, { name: 'GatehouseIamAssessment', trustPolicy: trust({ StringEquals: exactly(audience, subject) }) })
})
afterEach(async () => {
  issuer.behaviour = 'answer'
  await emulator.close()
})
afterAll(async () => {
  await issuer.close()
  await google.close()
})

const providerArn = () => `arn:aws:iam::${accountId}:oidc-provider/${issuer.name}`
const trust = (conditions: Record<string, Record<string, string | string[]>>, ...more: object[]) =>
  trustPolicy(providerArn(), conditions, ...more)
const exactly = (aud: string, sub: string) => ({ [`${issuer.name}:aud`]: aud, [`${issuer.name}:sub`]: sub })
const setTrust = (document: string) =>
  putRole(emulator.state.account(accountId), nowMs, { name: 'GatehouseIamAssessment', trustPolicy: document })

interface AssumeOptions {
  token?: string
  role?: string
  duration?: number
  policy?: string
  policyArns?: { arn: string }[]
}

async function assume({ token, role = roleArn, duration, policy, policyArns }: AssumeOptions = {}) {
  return clientsOf(url).sts.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: role,
      RoleSessionName: 'gatehouse-cmp_1',
      WebIdentityToken: token ?? (await issuer.token({ aud: audience, sub: subject })),
      DurationSeconds: duration,
      Policy: policy,
      PolicyArns: policyArns,
    }),
  )
}

describe('a token that the role trusts', () => {
  test('gets credentials of a session with the role as its identity', async () => {
    const answer = await assume({ duration: 900 })
    expect(answer).toMatchObject({
      SubjectFromWebIdentityToken: subject,
      Audience: audience,
      Provider: providerArn(),
      AssumedRoleUser: { Arn: `arn:aws:sts::${accountId}:assumed-role/GatehouseIamAssessment/gatehouse-cmp_1` },
    })
    expect(answer.Credentials?.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/)
    expect(answer.Credentials?.Expiration?.getTime()).toBe(Math.floor(nowMs / 1000) * 1000 + 900_000)
    const me = await clientsOf(url, { credentials: sessionOf(answer.Credentials) }).sts.send(new GetCallerIdentityCommand({}))
    expect(me).toMatchObject({ Account: accountId, Arn: answer.AssumedRoleUser?.Arn, UserId: answer.AssumedRoleUser?.AssumedRoleId })
  })

  test('is taken again after the issuer changed its key', async () => {
    await assume()
    await issuer.rotate()
    await expect(assume()).resolves.toBeDefined()
  })
})

describe('a token is refused as STS refuses it', () => {
  const invalid = 'InvalidIdentityTokenException'
  const noKey = /^Couldn't retrieve verification key from your identity provider, {2}please reference AssumeRoleWithWebIdentity/
  const hourAgo = () => Math.floor(nowMs / 1000) - 3600
  const rows: { title: string; token: () => Promise<string> | string; name: string; message: RegExp }[] = [
    {
      title: 'of an audience that the provider does not list',
      token: () => issuer.token({ aud: '999999999999999999999', sub: subject }),
      name: invalid,
      message: /^Incorrect token audience$/,
    },
    {
      title: 'whose authorized party the provider does not list',
      token: () => issuer.token({ aud: audience, azp: 'another', sub: subject }),
      name: invalid,
      message: /^Incorrect token audience$/,
    },
    {
      title: 'without an audience',
      token: () => issuer.token({ sub: subject }),
      name: invalid,
      message: /^Incorrect token audience$/,
    },
    {
      title: 'of an issuer the account has no provider for',
      token: () => issuer.token({ iss: `${issuer.url}/other`, aud: audience, sub: subject }),
      name: invalid,
      message: /^No OpenIDConnect provider found in your account for http:\/\/127\.0\.0\.1:\d+\/tenant\/other$/,
    },
    {
      title: 'that has expired',
      token: () => issuer.token({ aud: audience, sub: subject, iat: hourAgo(), nbf: hourAgo(), exp: hourAgo() + 300 }),
      name: 'ExpiredTokenException',
      message: /^Token expired: current date\/time \d+ must be before the expiration date\/time \d+$/,
    },
    {
      title: 'that was issued more than a day ago',
      token: () => issuer.token({ aud: audience, sub: subject, iat: hourAgo() - 86_400 }),
      name: 'ExpiredTokenException',
      message: /24 hours/,
    },
    {
      title: 'that is not valid yet',
      token: () => issuer.token({ aud: audience, sub: subject, nbf: hourAgo() + 7200 }),
      name: invalid,
      message: /nbf/,
    },
    {
      title: 'without an end',
      token: () => issuer.token({ aud: audience, sub: subject, exp: undefined }),
      name: invalid,
      message: /^Missing a required claim: exp$/,
    },
    {
      title: 'without a subject',
      token: () => issuer.token({ aud: audience }),
      name: invalid,
      message: /^Missing a required claim: sub$/,
    },
    {
      title: 'signed with a foreign key under the right key id',
      token: () => issuer.token({ aud: audience, sub: subject }, { withForeignKey: true }),
      name: invalid,
      message: /could not be validated/,
    },
    {
      title: 'signed with the right key in another way than RS256',
      token: () => issuer.token({ aud: audience, sub: subject }, { algorithm: 'RS512' }),
      name: invalid,
      message: /could not be validated/,
    },
    {
      title: 'with a key id that the issuer does not publish',
      token: () => issuer.token({ aud: audience, sub: subject }, { kid: 'unheard-of' }),
      name: invalid,
      message: noKey,
    },
    {
      title: 'whose claims were changed after signing',
      token: async () => tampered(await issuer.token({ aud: audience, sub: 'organization:someone-else' })),
      name: invalid,
      message: /could not be validated/,
    },
    {
      title: 'that claims to need no signature',
      token: async () => unsigned(await issuer.token({ aud: audience, sub: subject })),
      name: invalid,
      message: /could not be validated/,
    },
    { title: 'that is no token at all', token: () => 'not-a-token', name: invalid, message: /not a valid JWT/ },
  ]
  test.each(rows)('$title', async ({ token, name, message }) => {
    const refusal = await refusalOf(assume({ token: await token() }))
    expect(refusal).toMatchObject({ name, status: 400 })
    expect(refusal.message).toMatch(message)
  })

  function tampered(token: string): string {
    const [header, claims, signature] = token.split('.') as [string, string, string]
    const changed = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), sub: subject }
    return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.')
  }

  function unsigned(token: string): string {
    return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`
  }
})

describe('an issuer that STS cannot use', () => {
  const rows = [
    { title: 'keeps silent', behaviour: 'silent' as const, name: 'IDPCommunicationErrorException' },
    { title: 'has an internal error', behaviour: { status: 500 }, name: 'IDPCommunicationErrorException' },
    { title: 'has no discovery document', behaviour: { status: 404 }, name: 'InvalidIdentityTokenException' },
    { title: 'redirects', behaviour: 'redirect' as const, name: 'InvalidIdentityTokenException' },
    { title: 'answers something else than JSON', behaviour: { body: '<html>' }, name: 'InvalidIdentityTokenException' },
    {
      title: 'publishes a discovery document of another issuer',
      behaviour: { body: '{"issuer":"https://elsewhere.example","jwks_uri":"https://elsewhere.example/keys"}' },
      name: 'InvalidIdentityTokenException',
    },
  ]
  test.each(rows)('$title', async ({ behaviour, name }) => {
    const token = await issuer.token({ aud: audience, sub: subject })
    issuer.behaviour = behaviour
    expect(await refusalOf(assume({ token }))).toMatchObject({ name, status: 400 })
  })

  test('that does not listen any more is reported as a missing key', async () => {
    const gone = await startIssuer('', () => nowMs)
    putOidcProvider(emulator.state.account(accountId), nowMs, { url: gone.url, clientIds: [audience] })
    const token = await gone.token({ aud: audience, sub: subject })
    await gone.close()
    expect((await refusalOf(assume({ token }))).message).toMatch(/^Couldn't retrieve verification key/)
  })

  describe('is asked again only when its keys are old or lack the one that a token names', () => {
    let patient: AwsEmulator
    let input: { RoleArn: string; RoleSessionName: string }
    let endpoint: string

    beforeEach(async () => {
      patient = createAwsEmulator({ issuer: { cacheMs: 60_000 } })
      endpoint = await patient.listen()
      const account = patient.state.account(accountId)
      putOidcProvider(account, Date.now(), { url: issuer.url, clientIds: [audience] })
      putRole(account, Date.now(), { name: 'R', trustPolicy: trust({ StringEquals: exactly(audience, subject) }) })
      input = { RoleArn: `arn:aws:iam::${accountId}:role/R`, RoleSessionName: 'many' }
    })
    afterEach(() => patient.close())

    const assumeAt = async () => {
      const WebIdentityToken = await issuer.token({ aud: audience, sub: subject })
      return clientsOf(endpoint).sts.send(new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken }))
    }

    test('many tokens at once cost one look at the keys', async () => {
      const before = issuer.jwksReads
      await Promise.all([assumeAt(), assumeAt(), assumeAt(), assumeAt()])
      expect(issuer.jwksReads - before).toBe(1)
    })

    test('a new key is found a second later, though keys are remembered for a minute', { timeout: 20_000 }, async () => {
      await assumeAt()
      await issuer.rotate()
      await expect.poll(() => assumeAt().then(() => 'accepted', String), { timeout: 10_000, interval: 300 }).toBe('accepted')
    })
  })
})

describe('the trust policy decides', () => {
  const aud = () => `${issuer.name}:aud`
  const sub = () => `${issuer.name}:sub`
  const statement = (overrides: object) => ({
    Effect: 'Allow',
    Principal: { Federated: providerArn() },
    Action: 'sts:AssumeRoleWithWebIdentity',
    ...overrides,
  })
  const only = (overrides: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement(overrides)] })
  const denying = (conditions?: object) => ({ ...statement({ Effect: 'Deny' }), ...(conditions && { Condition: conditions }) })
  const rows: { title: string; document: () => string; isAllowed: boolean }[] = [
    { title: 'exact audience and subject', document: () => trust({ StringEquals: exactly(audience, subject) }), isAllowed: true },
    { title: 'the subject alone', document: () => trust({ StringEquals: { [sub()]: subject } }), isAllowed: true },
    { title: 'one of several subjects', document: () => trust({ StringEquals: { [sub()]: ['x', subject] } }), isAllowed: true },
    {
      title: 'a wildcard in the subject with StringLike',
      document: () => trust({ StringLike: { [sub()]: 'organization:*' } }),
      isAllowed: true,
    },
    { title: 'no condition at all', document: () => only({}), isAllowed: true },
    { title: 'every STS action', document: () => only({ Action: 'sts:*' }), isAllowed: true },
    { title: 'any principal', document: () => only({ Principal: '*' }), isAllowed: true },
    { title: 'condition keys in capitals', document: () => trust({ StringEquals: { [sub().toUpperCase()]: subject } }), isAllowed: true },
    {
      title: 'a key that the token has not, with IfExists',
      document: () => trust({ StringEqualsIfExists: { [`${issuer.name}:amr`]: 'x' } }),
      isAllowed: true,
    },
    { title: 'a Deny that does not apply', document: () => trust({}, denying({ StringEquals: { [sub()]: 'x' } })), isAllowed: true },
    { title: 'another audience', document: () => trust({ StringEquals: exactly('1', subject) }), isAllowed: false },
    { title: 'another subject', document: () => trust({ StringEquals: exactly(audience, 'organization:org_2') }), isAllowed: false },
    {
      title: 'the subject in other letters',
      document: () => trust({ StringEquals: { [sub()]: subject.toUpperCase() } }),
      isAllowed: false,
    },
    { title: 'a wildcard with StringEquals', document: () => trust({ StringEquals: { [sub()]: 'organization:*' } }), isAllowed: false },
    { title: 'a wildcard that does not fit', document: () => trust({ StringLike: { [sub()]: 'organisation:*' } }), isAllowed: false },
    {
      title: 'the audience right, the subject negated',
      document: () => trust({ StringNotEquals: { [sub()]: subject } }),
      isAllowed: false,
    },
    { title: 'a key that the token has not', document: () => trust({ StringEquals: { [`${issuer.name}:amr`]: 'x' } }), isAllowed: false },
    { title: 'the keys of another issuer', document: () => trust({ StringEquals: { 'other.example:aud': audience } }), isAllowed: false },
    { title: 'an operator unknown to IAM', document: () => trust({ StringResembles: { [aud()]: audience } }), isAllowed: false },
    { title: 'another provider', document: () => trustPolicy(`${providerArn()}2`, {}), isAllowed: false },
    {
      title: "another account's provider",
      document: () => trustPolicy(providerArn().replace(accountId, '210987654321'), {}),
      isAllowed: false,
    },
    { title: 'Google', document: () => trustPolicy('accounts.google.com', {}), isAllowed: false },
    { title: 'another action', document: () => only({ Action: 'sts:AssumeRole' }), isAllowed: false },
    {
      title: 'everyone but this provider',
      document: () => only({ Principal: undefined, NotPrincipal: { Federated: providerArn() } }),
      isAllowed: false,
    },
    {
      title: 'all, then a Deny for this subject',
      document: () => trust({}, denying({ StringEquals: { [sub()]: subject } })),
      isAllowed: false,
    },
    { title: 'all, then a Deny for everyone', document: () => trust({}, denying()), isAllowed: false },
  ]
  test.each(rows)('$title: allowed $isAllowed', async ({ document, isAllowed }) => {
    setTrust(document())
    if (isAllowed) await expect(assume()).resolves.toBeDefined()
    else expect(await refusalOf(assume())).toEqual(denied)
  })

  test('for the organization alone: its decoy subject and a foreign organization are refused', async () => {
    for (const other of ['organization:decoy', 'organization:org_2']) {
      expect(await refusalOf(assume({ token: await issuer.token({ aud: audience, sub: other }) }))).toEqual(denied)
    }
  })
})

describe('a role that cannot be found is refused like an untrusting one', () => {
  const rows = [
    { title: 'another name', role: `arn:aws:iam::${accountId}:role/Nobody` },
    { title: 'another path', role: `arn:aws:iam::${accountId}:role/team/GatehouseIamAssessment` },
  ]
  test.each(rows)('$title', async ({ role }) => {
    expect(await refusalOf(assume({ role }))).toEqual(denied)
  })

  test('in an account that nobody has, for lack of a provider', async () => {
    const role = 'arn:aws:iam::000000000001:role/GatehouseIamAssessment'
    expect((await refusalOf(assume({ role }))).message).toMatch(/^No OpenIDConnect provider found/)
    expect(emulator.state.accounts.has('000000000001')).toBe(false)
  })

  test('in the other partition, for lack of a provider', async () => {
    const role = roleArn.replace('arn:aws:', 'arn:aws-us-gov:')
    expect((await refusalOf(assume({ role }))).message).toMatch(/^No OpenIDConnect provider found/)
  })
})

describe('the parameters of a session', () => {
  const rows: { title: string; options: AssumeOptions; name: string; message: RegExp }[] = [
    { title: 'shorter than 15 minutes', options: { duration: 899 }, name: 'ValidationError', message: /greater than or equal to 900/ },
    { title: 'longer than 12 hours', options: { duration: 43_201 }, name: 'ValidationError', message: /less than or equal to 43200/ },
    { title: 'longer than the role allows', options: { duration: 3601 }, name: 'ValidationError', message: /MaxSessionDuration/ },
    { title: 'an ARN of no role', options: { role: 'arn:aws:iam::123456789012:user/x' }, name: 'ValidationError', message: /is invalid/ },
    {
      title: 'a session policy that is no JSON',
      options: { policy: '{' },
      name: 'MalformedPolicyDocumentException',
      message: /invalid Json/,
    },
    {
      title: 'a managed policy that is not known',
      options: { policyArns: [{ arn: 'arn:aws:iam::aws:policy/NoSuchPolicy' }] },
      name: 'MalformedPolicyDocumentException',
      message: /NoSuchPolicy/,
    },
  ]
  test.each(rows)('$title are refused', async ({ options, name, message }) => {
    const refusal = await refusalOf(assume(options))
    expect(refusal).toMatchObject({ name, status: 400 })
    expect(refusal.message).toMatch(message)
  })
})

describe("Google's tokens need no provider", () => {
  const clientId = '109876543210987654321'
  const googleTrust = (conditions: Record<string, string>) => trustPolicy('accounts.google.com', { StringEquals: conditions })
  const token = () => google.token({ aud: 'gatehouse:org_1', azp: clientId, sub: clientId })

  test('aud is the authorized party, oaud the audience, sub the account', async () => {
    setTrust(
      googleTrust({
        'accounts.google.com:aud': clientId,
        'accounts.google.com:oaud': 'gatehouse:org_1',
        'accounts.google.com:sub': clientId,
      }),
    )
    expect(await assume({ token: await token() })).toMatchObject({ Provider: 'accounts.google.com', Audience: clientId })
  })

  test.each<Record<string, string>>([
    { 'accounts.google.com:aud': 'gatehouse:org_1' },
    { 'accounts.google.com:oaud': 'gatehouse:org_2' },
    { 'accounts.google.com:sub': '1' },
  ])('a trust policy with %o refuses', async (conditions) => {
    setTrust(googleTrust(conditions))
    expect(await refusalOf(assume({ token: await token() }))).toEqual(denied)
  })

  test('without an authorized party aud is the audience', async () => {
    setTrust(googleTrust({ 'accounts.google.com:aud': 'gatehouse:org_1' }))
    await expect(assume({ token: await google.token({ aud: 'gatehouse:org_1', sub: clientId }) })).resolves.toBeDefined()
  })

  test('a foreign signature is refused', async () => {
    setTrust(googleTrust({ 'accounts.google.com:sub': clientId }))
    const forged = await google.token({ aud: clientId, sub: clientId }, { withForeignKey: true })
    expect((await refusalOf(assume({ token: forged }))).message).toMatch(/could not be validated/)
  })
})
