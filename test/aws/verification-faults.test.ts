import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { FaultInput } from '../../emulator/faults.ts'
import type { VerificationReport, VerificationRequest } from '../../src/aws/aws.type.ts'
import { createVerifier } from '../../src/aws/verification/verify.ts'
import { queryRefusal } from '../support/wiretap.ts'
import { applySetup, openStage, prepareKind, requestOf, type Stage, statusesOf } from './verification-stage.ts'

const limits = { timeLimitMs: 5_000, callTimeoutMs: 800, attempts: 2, stsTimeoutMs: 1_000, stsAttempts: 2 }
let stage: Stage
beforeAll(async () => {
  stage = await openStage(limits)
})
afterEach(() => {
  stage.emulator.faults.clear()
  stage.tap.reset()
  stage.issuer.mood = 'answering'
})
afterAll(() => stage.close())

const identity = () => stage.issuer.identityOf('org_one')
async function staged(kind: 'INVENTORY' | 'FUNCTION_CALLER' = 'INVENTORY'): Promise<VerificationRequest> {
  const request = requestOf(identity(), kind)
  await applySetup(stage, request)
  await prepareKind(stage, request)
  return request
}
async function timed(verification: Promise<VerificationReport>): Promise<{ report: VerificationReport; ms: number }> {
  const start = performance.now()
  const report = await verification
  return { report, ms: performance.now() - start }
}
const isWholeRole = (report: VerificationReport) => report.checks.length === 10 && report.outcome === 'PASSED'

describe('AWS out of order is UNREACHABLE, never FAILED, and known in time', () => {
  const everySts = { service: 'sts', operation: 'AssumeRoleWithWebIdentity' }
  const faults: Record<string, FaultInput & { upstream: string; kept: string[] }> = {
    'STS is silent': { kind: 'silent', ...everySts, upstream: 'AWS STS', kept: ['SERVICE_ACCOUNT_CONFIGURED'] },
    'STS is slower than it may be': {
      kind: 'slow',
      delayMs: 5_000,
      ...everySts,
      upstream: 'AWS STS',
      kept: ['SERVICE_ACCOUNT_CONFIGURED'],
    },
    'STS throttles': { kind: 'throttle', ...everySts, upstream: 'AWS STS', kept: ['SERVICE_ACCOUNT_CONFIGURED'] },
    'STS breaks the connection': { kind: 'reset', ...everySts, upstream: 'AWS STS', kept: ['SERVICE_ACCOUNT_CONFIGURED'] },
    'STS answers 500': { kind: 'error500', ...everySts, upstream: 'AWS STS', kept: ['SERVICE_ACCOUNT_CONFIGURED'] },
    'IAM is silent': {
      kind: 'silent',
      service: 'iam',
      upstream: 'AWS IAM',
      kept: ['ROLE_ASSUMABLE', 'ACCOUNT_MATCHES', 'PARTITION_MATCHES'],
    },
    'IAM throttles': { kind: 'throttle', service: 'iam', upstream: 'AWS IAM', kept: ['ROLE_ASSUMABLE', 'ACCOUNT_MATCHES'] },
    'IAM throttles with 503': { kind: 'throttle', httpStatus: 503, service: 'iam', upstream: 'AWS IAM', kept: ['ROLE_ASSUMABLE'] },
    'IAM breaks the connection': { kind: 'reset', service: 'iam', upstream: 'AWS IAM', kept: ['ROLE_ASSUMABLE', 'ACCOUNT_MATCHES'] },
    'IAM answers 500': { kind: 'error500', service: 'iam', upstream: 'AWS IAM', kept: ['ROLE_ASSUMABLE', 'ACCOUNT_MATCHES'] },
    'GetRole alone is silent': {
      kind: 'silent',
      operation: 'GetRole',
      upstream: 'AWS IAM',
      kept: ['OIDC_PROVIDER_EXISTS', 'ROLE_ASSUMABLE', 'ACCOUNT_MATCHES'],
    },
    'GetRolePolicy alone answers 500': {
      kind: 'error500',
      operation: 'GetRolePolicy',
      upstream: 'AWS IAM',
      kept: ['ROLE_EXISTS', 'TRUST_POLICY_MATCHES', 'RESOURCE_EXPLORER_INDEX'],
    },
    'Resource Explorer is silent': {
      kind: 'silent',
      service: 'resource-explorer-2',
      upstream: 'AWS Resource Explorer',
      kept: ['TRUST_POLICY_MATCHES', 'INLINE_POLICY_MATCHES'],
    },
  }
  test.each(Object.entries(faults))('%s', async (_name, { upstream, kept, ...fault }) => {
    const request = await staged()
    stage.emulator.faults.add(fault)
    const { report, ms } = await timed(stage.verify(request))
    expect(report).toMatchObject({ outcome: 'UNREACHABLE', upstream: { service: upstream, retryable: true } })
    expect(report.upstream?.message).toContain(upstream)
    expect(statusesOf(report)).toMatchObject(Object.fromEntries(kept.map((code) => [code, 'PASSED'])))
    expect(report.checks.filter(({ status }) => status !== 'PASSED')).toEqual([])
    expect(ms).toBeLessThan(limits.timeLimitMs + 500)
  })

  test('Lambda throttles, while every check of the role is kept', async () => {
    const request = await staged('FUNCTION_CALLER')
    stage.emulator.faults.add({ kind: 'throttle', service: 'lambda' })
    const { report } = await timed(stage.verify(request))
    expect(report).toMatchObject({ outcome: 'UNREACHABLE', upstream: { service: 'AWS Lambda', retryable: true } })
    expect(report.checks).toHaveLength(9)
  })

  test('nothing listens where AWS should be', async () => {
    const verifier = createVerifier({ endpointUrl: 'http://127.0.0.1:1', awsRegion: null, ...limits }, stage.issuer)
    const { report, ms } = await timed(verifier.verify(requestOf(identity(), 'INVENTORY')))
    verifier.close()
    expect(report).toMatchObject({ outcome: 'UNREACHABLE', upstream: { service: 'AWS STS', retryable: true } })
    expect(ms).toBeLessThan(2_000)
  })

  const strangers = {
    'a page of a proxy that refuses': { status: 403, body: '<html>Forbidden</html>' },
    'an empty refusal': { status: 403, body: '' },
    'a redirection': { status: 302, body: '' },
    'what is no XML': { status: 200, body: 'hello' },
  }
  test.each(Object.entries(strangers))('something else answers in place of IAM: %s', async (_name, answer) => {
    const request = await staged()
    stage.tap.answer = ({ operation }) => (operation === 'GetRole' ? answer : null)
    const report = await stage.verify(request)
    expect(report).toMatchObject({ outcome: 'UNREACHABLE', upstream: { service: 'AWS IAM', retryable: true } })
  })

  test('a body that never ends', async () => {
    const sockets = createServer((_request, response) => response.writeHead(200, { 'content-length': '1000' }).write('<Assume'))
    await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve))
    const endpointUrl = `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`
    const verifier = createVerifier({ endpointUrl, awsRegion: null, ...limits }, stage.issuer)
    const { report, ms } = await timed(verifier.verify(requestOf(identity(), 'INVENTORY')))
    verifier.close()
    sockets.closeAllConnections()
    sockets.close()
    expect(report).toMatchObject({ outcome: 'UNREACHABLE', upstream: { service: 'AWS STS' } })
    expect(ms).toBeLessThan(limits.timeLimitMs + 500)
  })

  test('many slow answers end with the time limit, and what came before it stays', async () => {
    const request = await staged()
    const verifier = createVerifier(
      { endpointUrl: stage.tap.url, awsRegion: null, ...limits, timeLimitMs: 1_500, callTimeoutMs: 5_000 },
      stage.issuer,
    )
    stage.emulator.faults.add({ kind: 'slow', delayMs: 4_000, service: 'iam' })
    const { report, ms } = await timed(verifier.verify(request))
    verifier.close()
    expect(report).toMatchObject({ outcome: 'UNREACHABLE', upstream: { service: 'AWS IAM' } })
    expect(report.upstream?.message).toContain('time limit')
    expect(statusesOf(report)).toMatchObject({ ROLE_ASSUMABLE: 'PASSED' })
    expect(ms).toBeLessThan(3_000)
  })
})

describe('an issuer that AWS cannot ask is named and fails nothing', () => {
  test.each(['failing', 'silent'] as const)('%s', async (mood) => {
    const request = await staged()
    stage.issuer.mood = mood
    const { report, ms } = await timed(stage.verify(request))
    expect(report).toMatchObject({ outcome: 'UNREACHABLE', upstream: { service: 'AWS STS', retryable: true } })
    expect(report.upstream?.message).toContain(stage.issuer.url)
    expect(statusesOf(report)).toEqual({ SERVICE_ACCOUNT_CONFIGURED: 'PASSED' })
    expect(ms).toBeLessThan(limits.timeLimitMs + 500)
  })

  const answers = {
    "Couldn't retrieve verification key": queryRefusal(
      'InvalidIdentityToken',
      "Couldn't retrieve verification key from your identity provider",
    ),
    IDPCommunicationError: queryRefusal('IDPCommunicationError', 'did not respond in time'),
  }
  test.each(Object.entries(answers))('%s', async (_name, answer) => {
    const request = await staged()
    stage.tap.answer = ({ operation }) => (operation === 'AssumeRoleWithWebIdentity' ? answer : null)
    const report = await stage.verify(request)
    expect(report.outcome).toBe('UNREACHABLE')
    expect(report.upstream?.message).toContain(stage.issuer.url)
  })
})

describe('what passes by itself is waited for', () => {
  const passing: Record<string, FaultInput> = {
    'one throttled call': { kind: 'throttle', times: 1 },
    'one broken connection': { kind: 'reset', service: 'iam', times: 1 },
    'one error of STS': { kind: 'error500', service: 'sts', times: 1 },
    'one silent call': { kind: 'silent', service: 'iam', times: 1 },
    'one refusal of STS, as right after the role was made': {
      kind: 'refuse',
      service: 'sts',
      operation: 'AssumeRoleWithWebIdentity',
      times: 1,
    },
    'two refusals of IAM, as right after the policy was put': { kind: 'refuse', operation: 'GetRolePolicy', times: 2 },
  }
  test.each(Object.entries(passing))('%s', async (_name, fault) => {
    const request = await staged()
    stage.emulator.faults.add(fault)
    const report = await stage.verify(request)
    expect(isWholeRole(report)).toBe(true)
  })

  const missing = {
    CreateOpenIDConnectProvider: 'OIDC_PROVIDER_EXISTS',
    CreateRole: 'ROLE_ASSUMABLE',
    PutRolePolicy: 'INLINE_POLICY_EXISTS',
  }
  test.each(Object.keys(missing))('what %s made, in an AWS that shows it a little later', async (operation) => {
    const verifier = createVerifier({ endpointUrl: stage.tap.url, awsRegion: null, consistencyWaitsMs: [150, 450] }, stage.issuer)
    const request = requestOf(identity(), 'IAM_WRITE')
    stage.emulator.faults.add({ kind: 'delayVisibility', operation, delayVisibilityMs: 250 })
    await applySetup(stage, request)
    const report = await verifier.verify(request)
    verifier.close()
    expect(report.outcome).toBe('PASSED')
  })

  test('what stays missing fails after the waits, long before the time limit', async () => {
    const verifier = createVerifier({ endpointUrl: stage.tap.url, awsRegion: null }, stage.issuer)
    const { report, ms } = await timed(verifier.verify(requestOf(identity(), 'INVENTORY')))
    verifier.close()
    expect(report.outcome).toBe('FAILED')
    expect(stage.tap.calls).toHaveLength(3)
    expect(ms).toBeGreaterThan(1_100)
    expect(ms).toBeLessThan(4_000)
  })

  test('a plain refusal that comes slowly is not asked for again past half of the time limit', async () => {
    const verifier = createVerifier(
      { endpointUrl: stage.tap.url, awsRegion: null, timeLimitMs: 1_000, consistencyWaitsMs: [100, 100] },
      stage.issuer,
    )
    stage.emulator.faults.add({ kind: 'slow', service: 'sts', delayMs: 600 })
    const report = await verifier.verify(requestOf(identity(), 'INVENTORY'))
    verifier.close()
    expect(report.outcome).toBe('FAILED')
    expect(stage.tap.calls).toHaveLength(1)
  })
})

describe("the caller's signal", () => {
  test('rejects the verification with its reason, at once', async () => {
    const request = await staged()
    stage.emulator.faults.add({ kind: 'silent', service: 'iam' })
    const controller = new AbortController()
    const verification = stage.verify(request, controller.signal)
    setTimeout(() => controller.abort(new Error('the server stops')), 100)
    const start = performance.now()
    await expect(verification).rejects.toThrow('the server stops')
    expect(performance.now() - start).toBeLessThan(700)
  })

  test('that is aborted already costs no call', async () => {
    const request = await staged()
    stage.tap.reset()
    await expect(stage.verify(request, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late')
    expect(stage.tap.calls).toEqual([])
  })
})
