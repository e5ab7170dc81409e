import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import type { AwsIdentity, TokenSource, VerificationRequest } from '../../src/aws/aws.type.ts'
import { createVerifier, type Verifier } from '../../src/aws/verification/verify.ts'
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts'
import { applySetup, requestOf, statusesOf } from './verification-stage.ts'

let issuer: OidcIssuer
let emulator: AwsEmulator
let awsUrl: string
let verifier: Verifier
let tokens: TokenSource
beforeAll(async () => {
  issuer = await startOidcIssuer()
  emulator = createAwsEmulator({ google: { issuer: issuer.url, jwksUrl: `${issuer.url}/.well-known/jwks.json` } })
  awsUrl = await emulator.listen()
  tokens = issuer
  const delegating: TokenSource = {
    token: (...args) => tokens.token(...args),
    identityProblem: (...args) => tokens.identityProblem(...args),
  }
  verifier = createVerifier({ endpointUrl: awsUrl, awsRegion: null, consistencyWaitsMs: [1] }, delegating)
})
afterEach(() => {
  tokens = issuer
})
afterAll(async () => {
  verifier.close()
  await Promise.all([emulator.close(), issuer.close()])
})

const identity: AwsIdentity = {
  mode: 'google',
  organizationId: 'org_one',
  issuer: 'accounts.google.com',
  subject: '109876543210987654321',
  audience: '109876543210987654321',
}

async function staged(change: (StringEquals: Record<string, string>) => void = () => undefined): Promise<VerificationRequest> {
  const request = requestOf(identity, 'INVENTORY')
  const document = JSON.parse(request.setup.trustPolicy)
  change(document.Statement[0].Condition.StringEquals)
  await applySetup({ awsUrl }, request, { trustPolicy: JSON.stringify(document) })
  return request
}

test('a role that trusts the Google account passes; AWS has the provider built in, so that none is looked for', async () => {
  const report = await verifier.verify(await staged())
  expect(report.outcome).toBe('PASSED')
  expect(statusesOf(report)).toMatchObject({ ROLE_ASSUMABLE: 'PASSED', TRUST_POLICY_MATCHES: 'PASSED' })
  expect(statusesOf(report)).not.toHaveProperty('OIDC_PROVIDER_EXISTS')
  expect(emulator.requests.count({ operation: 'GetOpenIDConnectProvider' })).toBe(0)
  expect(report.learned.decoyRefusedFor).toMatch(/^[0-9a-f]{64}$/)
})

test.each(['sub', 'aud', 'oaud'])('a role without accounts.google.com:%s fails', async (claim) => {
  const request = await staged((conditions) => delete conditions[`accounts.google.com:${claim}`])
  const report = await verifier.verify(request)
  expect(statusesOf(report)).toMatchObject({ ROLE_ASSUMABLE: 'PASSED', TRUST_POLICY_MATCHES: 'FAILED' })
})

test('a role that trusts another organization of the account cannot be assumed', async () => {
  const request = await staged((conditions) => {
    conditions['accounts.google.com:oaud'] = 'gatehouse:org_two'
  })
  expect(statusesOf(await verifier.verify(request))).toMatchObject({ ROLE_ASSUMABLE: 'FAILED', TRUST_POLICY_MATCHES: 'SKIPPED' })
})

test('Google not giving a token is UNREACHABLE and names Google', async () => {
  tokens = { ...issuer, token: () => Promise.reject(new Error('503 Service Unavailable')) }
  const report = await verifier.verify(await staged())
  expect(report).toMatchObject({ outcome: 'UNREACHABLE', upstream: { service: 'Google IAM Credentials', retryable: true } })
  expect(report.upstream?.message).toContain('503')
})

test('Google keeping silent ends with the time limit', async () => {
  const silent = { ...issuer, token: () => new Promise<never>(() => undefined) }
  const impatient = createVerifier({ endpointUrl: awsUrl, awsRegion: null, timeLimitMs: 200 }, silent)
  const report = await impatient.verify(await staged())
  impatient.close()
  expect(report).toMatchObject({ outcome: 'UNREACHABLE', upstream: { service: 'Google IAM Credentials' } })
  expect(statusesOf(report)).toEqual({})
})

test('Google not giving the decoy a token is mentioned and fails nothing', async () => {
  const request = await staged()
  tokens = {
    ...issuer,
    token: (who, options) => (options?.decoy ? Promise.reject(new Error('no such account')) : issuer.token(who, options)),
  }
  const report = await verifier.verify(request)
  expect(report.outcome).toBe('PASSED')
  expect(report.checks.find(({ code }) => code === 'TRUST_POLICY_MATCHES')?.message).toContain('no such account')
})

test('this server failing to sign is its own fault: no report, an error', async () => {
  tokens = { ...issuer, token: () => Promise.reject(new Error('no key that signs')) }
  const request = requestOf(issuer.identityOf('org_one'), 'INVENTORY')
  await expect(verifier.verify(request)).rejects.toThrow('no key that signs')
})
