import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { applySetup } from '../support/aws-setup.ts'
import { itemOf, tenant } from '../support/component-story.ts'
import { type GoogleMood, type GoogleStandIn, startGoogle } from '../support/google.ts'

let google: GoogleStandIn
let app: TestApp
beforeAll(async () => {
  google = await startGoogle(20)
  app = await startTestApp({ env: google.env, google: { issuer: 'https://accounts.google.com', jwksUrl: google.jwksUrl } })
})
afterEach(() => {
  google.mood = 'well'
})
afterAll(async () => {
  await app?.close()
  await google?.close()
})

const base = `query ($id: ID!) { organization(id: $id) { components(filter: { kinds: [BASE] }) { nodes {
  ... on BaseComponent { serviceAccountEmail serviceAccountId issuer subject } } } } }`

test('an organization is one Google account to AWS, from its installation to an installed component', async () => {
  const own = await tenant(app)
  google.asked.length = 0
  const component = await own.bring(itemOf('INVENTORY'), 'INSTALLED')
  const { organization } = await own.ask(base, { id: own.id })
  const [identity] = organization.components.nodes
  const account = google.accounts.find(({ email }) => email === identity.serviceAccountEmail)
  expect(identity).toEqual({
    serviceAccountEmail: account?.email,
    serviceAccountId: account?.uniqueId,
    issuer: 'accounts.google.com',
    subject: account?.uniqueId,
  })
  // One token for both verifications, one of the decoy for this organization.
  const audience = `gatehouse:${own.id}`
  expect(google.asked).toEqual([
    { email: account?.email, audience, includeEmail: false },
    { email: google.decoy.email, audience, includeEmail: false },
  ])
  const { component: read } = await own.ask(
    'query ($id: ID!) { component(id: $id) { setup { trustPolicy serviceAccountId oidcProviderUrl terraform cloudFormation awsCli } lastVerification { outcome checks { code status } } } }',
    { id: component.id },
  )
  expect(JSON.parse(read.setup.trustPolicy).Statement).toEqual([
    {
      Effect: 'Allow',
      Principal: { Federated: 'accounts.google.com' },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: {
          'accounts.google.com:aud': account?.uniqueId,
          'accounts.google.com:sub': account?.uniqueId,
          'accounts.google.com:oaud': audience,
        },
      },
    },
  ])
  expect(read.setup).toMatchObject({ serviceAccountId: account?.uniqueId, oidcProviderUrl: null })
  for (const recipe of [read.setup.terraform, read.setup.cloudFormation, read.setup.awsCli]) {
    expect(recipe).toContain('accounts.google.com')
    expect(recipe).not.toMatch(/open_?id_?connect|OIDCProvider|create_oidc_provider/i)
  }
  expect(read.lastVerification.outcome).toBe('PASSED')
  expect(read.lastVerification.checks.map(({ code }: Data) => code)).not.toContain('OIDC_PROVIDER_EXISTS')
})

test('a role that trusts another organization cannot be assumed', async () => {
  const [own, other] = [await tenant(app), await tenant(app)]
  const item = itemOf('INVENTORY')
  const theirs = await other.bring(item, 'STAGE')
  const { component } = await own.calls.stage(item)
  // The role of the account trusts the other organization.
  applySetup(app.aws, theirs)
  const refused = await own.calls.verify(component.id)
  expect(refused.errors).toMatchObject([{ code: 'VERIFICATION_FAILED' }])
  expect(checksOf(refused)).toMatchObject({ SERVICE_ACCOUNT_CONFIGURED: 'PASSED', ROLE_ASSUMABLE: 'FAILED' })
})

test('organizations that install at once get an account each; one that is given out never comes back, and the last is followed by QUOTA_EXCEEDED', async () => {
  const few = await startGoogle(3)
  const small = await startTestApp({ env: few.env })
  try {
    const organizations = await Promise.all([1, 2, 3, 4].map(() => small.organization()))
    const install = (id: string) =>
      `mutation { installAwsIntegration(input: { organizationId: "${id}" }) { integration { id } errors { code message ... on QuotaError { limit } } } }`
    const answers = await Promise.all(organizations.map(({ id, ask }) => ask(install(id))))
    const refusals = answers.flatMap(({ installAwsIntegration }) => installAwsIntegration.errors)
    expect(refusals).toEqual([expect.objectContaining({ code: 'QUOTA_EXCEEDED', limit: 3 })])
    const { rows } = await small.booted.services.db.pool.query('select "googleServiceAccount" as "email" from "AwsIdentity" order by 1')
    expect(rows.map(({ email }) => email)).toEqual(few.accounts.map(({ email }) => email))

    const served = organizations.find((_, i) => answers[i].installAwsIntegration.errors.length === 0)
    const waiting = organizations.find((_, i) => answers[i].installAwsIntegration.errors.length > 0)
    if (!served || !waiting) throw new Error('there should be three and one')
    await served.ask('mutation ($input: DeleteOrganizationInput!) { deleteOrganization(input: $input) { deletedIds } }', {
      input: { id: served.id, confirmSlug: served.slug },
    })
    const again = await waiting.ask(install(waiting.id))
    expect(again.installAwsIntegration.errors).toMatchObject([{ code: 'QUOTA_EXCEEDED' }])
  } finally {
    await small.close()
    await few.close()
  }
})

test('installed again, it is the same account', async () => {
  const own = await tenant(app)
  const accountOf = async () => {
    const { rows } = await app.booted.services.db.pool.query(
      'select "googleServiceAccount" from "AwsIdentity" where "organizationId" = $1',
      [own.id],
    )
    return rows
  }
  const before = await accountOf()
  await own.ask('mutation ($input: UninstallAwsIntegrationInput!) { uninstallAwsIntegration(input: $input) { deletedIds } }', {
    input: { organizationId: own.id, confirmSlug: own.slug },
  })
  await own.calls.install()
  expect(before).toHaveLength(1)
  expect(await accountOf()).toEqual(before)
})

describe('what Google answers', () => {
  const staged = async () => {
    const own = await tenant(app)
    const { id } = await own.bring(itemOf('INVENTORY'), 'STAGE')
    return { id, calls: own.calls }
  }

  test.each<[string, GoogleMood]>([
    ['this server may not have tokens made', 403],
    ['the account is gone', 404],
    ['a request that Google does not understand', 400],
    ["another account's token", 'other account'],
    ['an answer without a token', 'garbage'],
  ])('%s: SERVICE_ACCOUNT_CONFIGURED fails and says how to mend it, and AWS is not asked', async (_name, mood) => {
    const { id, calls } = await staged()
    google.mood = mood
    const before = app.aws.requests.count({ operation: 'AssumeRoleWithWebIdentity' })
    const refused = await calls.verify(id)
    expect(checksOf(refused)).toMatchObject({ SERVICE_ACCOUNT_CONFIGURED: 'FAILED', ROLE_ASSUMABLE: 'SKIPPED' })
    const [check] = refused.errors[0].verification.checks
    expect(check.remediation).toMatch(/serviceAccountOpenIdTokenCreator|uniqueId/)
    expect(app.aws.requests.count({ operation: 'AssumeRoleWithWebIdentity' })).toBe(before)
  })

  test.each<[string, GoogleMood]>([
    ['503', 503],
    ['too many requests', 429],
    ['nothing', 'silent'],
  ])('%s: an UpstreamError that can be repeated, never a failed check', async (_name, mood) => {
    const { id, calls } = await staged()
    google.mood = mood
    google.asked.length = 0
    const { errors } = await calls.verify(id)
    expect(errors).toMatchObject([{ code: 'UPSTREAM_UNAVAILABLE', service: 'Google IAM Credentials', retryable: true }])
    if (mood !== 'silent') expect(google.asked).toHaveLength(3)
    google.mood = 'well'
    expect((await calls.verify(id)).errors).toEqual([])
  })

  test('an access token that was withdrawn: a new one is had', async () => {
    const { id, calls } = await staged()
    google.withdraw()
    const before = google.accessTokens.length
    expect((await calls.verify(id)).errors).toEqual([])
    expect(google.accessTokens).toHaveLength(before + 1)
  })
})

test('no token of Google stands in an answer or in the database', async () => {
  const own = await tenant(app)
  await own.bring(itemOf('INVENTORY'), 'INSTALLED')
  const { rows } = await app.booted.services.db.pool.query(
    'select to_jsonb(v)::text as "row" from "Verification" v where "organizationId" = $1',
    [own.id],
  )
  expect(rows.length).toBeGreaterThan(1)
  for (const token of [...google.issued, ...google.accessTokens]) for (const { row } of rows) expect(row).not.toContain(token)
  expect(decodeJwt(google.issued[0] ?? '').azp).toBe(google.accounts[0]?.uniqueId)
})

const checksOf = ({ errors }: Data): Record<string, string> =>
  Object.fromEntries(errors[0].verification.checks.map(({ code, status }: Data) => [code, status]))
