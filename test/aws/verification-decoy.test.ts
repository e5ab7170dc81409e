import { createHash } from 'node:crypto'
import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RoleSetup, VerificationReport, VerificationRequest } from '../../src/aws/aws.type.ts'
import { queryRefusal } from '../support/wiretap.ts'
import { administratorClients, applySetup, openStage, requestOf, type Stage } from './verification-stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => {
  stage.tap.reset()
  stage.emulator.faults.clear()
})
afterAll(() => stage.close())

type Request = VerificationRequest & { setup: RoleSetup }
const identity = () => stage.issuer.identityOf('org_one')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const isDecoy = ({ params }: { params: URLSearchParams }) => params.get('RoleSessionName') === 'gatehouse-trust-check'
const decoyCalls = () => stage.tap.calls.filter(isDecoy)
const trustCheck = (report: VerificationReport) => report.checks.find(({ code }) => code === 'TRUST_POLICY_MATCHES')

async function staged(changes: Partial<VerificationRequest> = {}): Promise<Request> {
  const request = requestOf(identity(), 'INVENTORY', changes)
  await applySetup(stage, request)
  return request
}

/** A role that lets in whoever has the audience, while GetRole shows the document as it should be. */
async function trustingByAudienceAlone(): Promise<Request> {
  const request = requestOf(identity(), 'INVENTORY')
  const document = JSON.parse(request.setup.trustPolicy)
  const { StringEquals } = document.Statement[0].Condition
  for (const key of Object.keys(StringEquals)) if (key.endsWith(':sub')) delete StringEquals[key]
  await applySetup(stage, request, { trustPolicy: JSON.stringify(document) })
  stage.tap.rewrite = ({ operation }, body) =>
    operation === 'GetRole'
      ? body.replace(/<AssumeRolePolicyDocument>[^<]*/, `<AssumeRolePolicyDocument>${encodeURIComponent(request.setup.trustPolicy)}`)
      : body
  return request
}

test('the decoy is the reserved subject with the own audience, for 900 s, under a policy that denies everything', async () => {
  const request = await staged()
  await stage.verify(request)
  const [call] = decoyCalls()
  const claims = decodeJwt(call?.params.get('WebIdentityToken') ?? '')
  expect(claims).toMatchObject({ sub: 'organization:decoy', aud: identity().audience, iss: stage.issuer.url })
  expect(call?.params.get('DurationSeconds')).toBe('900')
  expect(JSON.parse(call?.params.get('Policy') ?? '')).toEqual({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
  })
  expect(call?.accessKeyId).toBeNull()
})

test('a role that lets the decoy in fails, although its document matches; what AWS gave is used for nothing', async () => {
  const request = await trustingByAudienceAlone()
  const given: string[] = []
  const { rewrite } = stage.tap
  stage.tap.rewrite = (call, body) => {
    if (isDecoy(call)) given.push(/<AccessKeyId>([^<]+)/.exec(body)?.[1] ?? 'none')
    return rewrite(call, body)
  }
  const report = await stage.verify(request)
  expect(trustCheck(report)).toMatchObject({ status: 'FAILED' })
  expect(trustCheck(report)?.remediation).toContain('update-assume-role-policy')
  expect(report.outcome).toBe('FAILED')
  expect(report.learned.decoyRefusedFor).toBeUndefined()
  expect(given.length).toBeGreaterThan(0)
  expect(stage.tap.calls.filter(({ accessKeyId }) => accessKeyId !== null && given.includes(accessKeyId))).toEqual([])
})

test('a refusal is learned with the hash of the document that AWS holds', async () => {
  const request = await staged()
  const report = await stage.verify(request)
  expect(trustCheck(report)).toMatchObject({ status: 'PASSED' })
  expect(report.learned.decoyRefusedFor).toBe(sha256(request.setup.trustPolicy))
})

test('a trust policy that was mended while the old one still counts is tried again before it fails', async () => {
  const request = await staged()
  let tries = 0
  stage.tap.answer = (call) => {
    if (!isDecoy(call)) return null
    tries += 1
    return tries > 1 ? null : { status: 200, body: credentialsAnswer }
  }
  expect(trustCheck(await stage.verify(request))).toMatchObject({ status: 'PASSED' })
  expect(tries).toBe(2)
})

const credentialsAnswer = `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIADECOY</AccessKeyId>
<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`

describe('the decoy runs', () => {
  const other = sha256('another document')
  const cases = [
    { trigger: 'VERIFY', known: null, runs: true },
    { trigger: 'VERIFY', known: 'same', runs: true },
    { trigger: 'CONFIGURE', known: null, runs: true },
    { trigger: 'CONFIGURE', known: 'same', runs: true },
    { trigger: 'SCHEDULED', known: null, runs: true },
    { trigger: 'SCHEDULED', known: other, runs: true },
    { trigger: 'SCHEDULED', known: 'same', runs: false },
  ] as const
  test.each(cases)('on $trigger with the last refusal for $known: $runs', async ({ trigger, known, runs }) => {
    const request = await staged({ trigger })
    const decoyRefusedFor = known === 'same' ? sha256(request.setup.trustPolicy) : known
    const report = await stage.verify({ ...request, decoyRefusedFor })
    expect(decoyCalls()).toHaveLength(runs ? 1 : 0)
    expect(trustCheck(report)).toMatchObject({ status: 'PASSED' })
    expect(report.learned.decoyRefusedFor).toBe(runs ? sha256(request.setup.trustPolicy) : undefined)
  })

  test('on SCHEDULED again once the document changed, also where the new one matches', async () => {
    const request = await staged({ trigger: 'SCHEDULED' })
    const document = JSON.parse(request.setup.trustPolicy)
    document.Statement[0].Condition.Bool = { 'aws:SecureTransport': 'true' }
    const changed = JSON.stringify(document)
    const { iam } = administratorClients(stage, request.accountId)
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: request.setup.roleName, PolicyDocument: changed }))
    const report = await stage.verify({ ...request, decoyRefusedFor: sha256(request.setup.trustPolicy) })
    expect(decoyCalls()).toHaveLength(1)
    expect(report.learned.decoyRefusedFor).toBe(sha256(changed))
  })

  test('never where the document does not match', async () => {
    const request = await staged()
    stage.tap.rewrite = ({ operation }, body) => (operation === 'GetRole' ? body.replaceAll('org_one', 'org_two') : body)
    expect(trustCheck(await stage.verify(request))).toMatchObject({ status: 'FAILED' })
    expect(decoyCalls()).toEqual([])
  })

  test('never where the own token was refused', async () => {
    const report = await stage.verify(requestOf(identity(), 'INVENTORY'))
    expect(report.outcome).toBe('FAILED')
    expect(decoyCalls()).toEqual([])
  })
})

describe('a decoy that proves nothing is mentioned and fails nothing', () => {
  const answers = {
    'an invalid token': queryRefusal('InvalidIdentityToken', 'Incorrect token audience'),
    'a policy that AWS does not take': queryRefusal('MalformedPolicyDocument', 'no'),
    throttling: queryRefusal('Throttling', 'Rate exceeded'),
    'an error of AWS': queryRefusal('InternalFailure', 'no', 500),
    'an issuer that AWS cannot reach': queryRefusal('IDPCommunicationError', 'no'),
    'an answer without credentials': { status: 200, body: '<AssumeRoleWithWebIdentityResponse/>' },
  }
  test.each(Object.entries(answers))('%s', async (_name, answer) => {
    const request = await staged()
    stage.tap.answer = (call) => (isDecoy(call) ? answer : null)
    const report = await stage.verify(request)
    expect(report).toMatchObject({ outcome: 'PASSED', upstream: null })
    expect(trustCheck(report)?.message).toContain('could not be tried')
    expect(report.learned.decoyRefusedFor).toBeUndefined()
  })
})
