import { CreateAnalyzerCommand } from '@aws-sdk/client-accessanalyzer'
import { CreateEventDataStoreCommand, StopEventDataStoreIngestionCommand } from '@aws-sdk/client-cloudtrail'
import { CreateSAMLProviderCommand } from '@aws-sdk/client-iam'
import { PublishVersionCommand } from '@aws-sdk/client-lambda'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { analyzersOf } from '../../emulator/services/access-analyzer.ts'
import type { AssumableRole, ComponentConfig, VerificationRequest } from '../../src/aws/aws.type.ts'
import {
  administratorClients,
  applySetup,
  newAccount,
  openStage,
  prepareKind,
  requestOf,
  type Stage,
  statusesOf,
} from './verification-stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => {
  stage.tap.reset()
  stage.issuer.problem = null
})
afterAll(() => stage.close())

const identity = () => stage.issuer.identityOf('org_one')
const checkOf = async (request: VerificationRequest, code: string) => {
  const report = await stage.verify(request)
  const check = report.checks.find((candidate) => candidate.code === code)
  if (check === undefined) throw new Error(`no ${code} among ${report.checks.map((candidate) => candidate.code)}`)
  const others = report.checks.filter((candidate) => candidate.code !== code && candidate.status !== 'PASSED')
  expect(others).toEqual([])
  return { ...check, outcome: report.outcome }
}

describe('ACCESS_ANALYZER_ACTIVE', () => {
  const region = 'eu-west-1'
  async function withAnalyzer(create: 'ACTIVE' | 'CREATING' | 'DISABLED' | null) {
    const accountId = newAccount()
    const accessAnalyzerArn = `arn:aws:access-analyzer:${region}:${accountId}:analyzer/ours`
    const request = requestOf(identity(), 'IAM_ASSESSMENT', { accountId, config: { accessAnalyzerArn } })
    await applySetup(stage, request)
    if (create === null) return request
    const { accessAnalyzer } = administratorClients(stage, accountId, region)
    await accessAnalyzer.send(new CreateAnalyzerCommand({ analyzerName: 'ours', type: 'ACCOUNT' }))
    const analyzers = analyzersOf(stage.emulator.state.account(accountId), region)
    const analyzer = analyzers.latest('ours')
    if (analyzer !== undefined) analyzers.put('ours', { ...analyzer, status: create }, Date.now())
    return request
  }

  test('passes with an active analyzer in the region of its ARN', async () => {
    const request = await withAnalyzer('ACTIVE')
    expect(await checkOf(request, 'ACCESS_ANALYZER_ACTIVE')).toMatchObject({ status: 'PASSED', outcome: 'PASSED' })
    const [call] = stage.tap.calls.filter(({ operation }) => operation === 'GET /analyzer/ours')
    expect(call?.region).toBe(region)
  })

  test.each(['CREATING', 'DISABLED'] as const)('fails with one that is %s, and says so', async (status) => {
    const check = await checkOf(await withAnalyzer(status), 'ACCESS_ANALYZER_ACTIVE')
    expect(check).toMatchObject({ status: 'FAILED', outcome: 'FAILED', actual: status })
    expect(check.expected).toContain('analyzer/ours is ACTIVE')
  })

  test('fails without one', async () => {
    const check = await checkOf(await withAnalyzer(null), 'ACCESS_ANALYZER_ACTIVE')
    expect(check).toMatchObject({ status: 'FAILED', outcome: 'FAILED' })
    expect(check.actual).toContain('ResourceNotFound')
    expect(check.remediation).toContain('accessAnalyzerArn')
  })

  test('fails where the role may not read it', async () => {
    const request = await withAnalyzer('ACTIVE')
    stage.emulator.faults.add({ kind: 'refuse', service: 'access-analyzer', accountId: request.accountId })
    const check = await checkOf(request, 'ACCESS_ANALYZER_ACTIVE')
    stage.emulator.faults.clear()
    expect(check).toMatchObject({ status: 'FAILED', outcome: 'FAILED' })
    expect(check.remediation).toContain('access-analyzer:GetAnalyzer')
  })
})

describe('CLOUDTRAIL_LAKE_ENABLED', () => {
  const region = 'eu-west-1'
  const accessLogs = (accountId: string, cloudLakeArn: string | null, assessment: AssumableRole | null): VerificationRequest => ({
    trigger: 'VERIFY',
    kind: 'ACCESS_LOGS',
    componentId: 'component_01logs',
    accountId,
    partition: 'AWS',
    itemId: accountId,
    setup: null,
    config: { cloudLakeArn },
    identity: identity(),
    assessment,
    parent: null,
    decoyRefusedFor: null,
  })
  async function withStore({ isStopped = false, isApplied = true } = {}) {
    const { accountId, partition, setup, config, componentId } = requestOf(identity(), 'IAM_ASSESSMENT')
    if (isApplied) await applySetup(stage, { accountId, partition, setup })
    const { cloudTrail } = administratorClients(stage, accountId, region)
    const { EventDataStoreArn = '' } = await cloudTrail.send(new CreateEventDataStoreCommand({ Name: 'events' }))
    if (isStopped) await cloudTrail.send(new StopEventDataStoreIngestionCommand({ EventDataStore: EventDataStoreArn }))
    return { arn: EventDataStoreArn, accountId, assessment: { componentId, accountId, partition, setup, config } }
  }

  test('passes with an enabled store, read through the IAM_ASSESSMENT role in the region of its ARN', async () => {
    const { arn, accountId, assessment } = await withStore()
    const report = await stage.verify(accessLogs(accountId, arn, assessment))
    expect(statusesOf(report)).toEqual({ SERVICE_ACCOUNT_CONFIGURED: 'PASSED', CLOUDTRAIL_LAKE_ENABLED: 'PASSED' })
    const assumed = stage.tap.calls.find(({ operation }) => operation === 'AssumeRoleWithWebIdentity')
    expect(assumed?.params.get('RoleArn')).toBe(`arn:aws:iam::${accountId}:role/GatehouseIamAssessment`)
    expect(assumed?.params.get('RoleSessionName')).toBe('gatehouse-component_01logs')
    expect(stage.tap.calls.find(({ operation }) => operation === 'GetEventDataStore')?.region).toBe(region)
  })

  test('fails with a store that is stopped, without the advice to create one', async () => {
    const { arn, accountId, assessment } = await withStore({ isStopped: true })
    const check = await checkOf(accessLogs(accountId, arn, assessment), 'CLOUDTRAIL_LAKE_ENABLED')
    expect(check).toMatchObject({ status: 'FAILED', outcome: 'FAILED', actual: 'STOPPED_INGESTION' })
    expect(check.remediation).not.toMatch(/create/i)
  })

  test('fails without the store, without the advice to create one', async () => {
    const { accountId, assessment } = await withStore()
    const arn = `arn:aws:cloudtrail:${region}:${accountId}:eventdatastore/00000000-0000-0000-0000-000000000000`
    const check = await checkOf(accessLogs(accountId, arn, assessment), 'CLOUDTRAIL_LAKE_ENABLED')
    expect(check).toMatchObject({ status: 'FAILED', outcome: 'FAILED' })
    expect(check.actual).toContain('EventDataStoreNotFound')
    expect(check.remediation).not.toMatch(/create/i)
  })

  test('fails where the account has no IAM_ASSESSMENT installed, without asking AWS', async () => {
    const { arn, accountId } = await withStore()
    const check = await checkOf(accessLogs(accountId, arn, null), 'CLOUDTRAIL_LAKE_ENABLED')
    expect(check).toMatchObject({ status: 'FAILED', outcome: 'FAILED' })
    expect(check.remediation).toContain('IAM_ASSESSMENT')
    expect(stage.tap.calls).toEqual([])
  })

  test('fails where the IAM_ASSESSMENT role cannot be assumed', async () => {
    const { arn, accountId, assessment } = await withStore({ isApplied: false })
    const check = await checkOf(accessLogs(accountId, arn, assessment), 'CLOUDTRAIL_LAKE_ENABLED')
    expect(check).toMatchObject({ status: 'FAILED', outcome: 'FAILED' })
    expect(check.remediation).toContain(`Verify the IAM_ASSESSMENT component of account ${accountId}`)
  })

  test('is skipped where the server has no identity', async () => {
    const { arn, accountId, assessment } = await withStore()
    stage.issuer.problem = { expected: 'a', actual: 'b', remediation: 'c' }
    const report = await stage.verify(accessLogs(accountId, arn, assessment))
    expect(statusesOf(report)).toEqual({ SERVICE_ACCOUNT_CONFIGURED: 'FAILED', CLOUDTRAIL_LAKE_ENABLED: 'SKIPPED' })
    expect(report.checks[1]?.message).toContain('SERVICE_ACCOUNT_CONFIGURED')
  })

  test.each([null, undefined])('without an ARN (%s) only the identity is checked, and the report says so', async (cloudLakeArn) => {
    const report = await stage.verify(accessLogs(newAccount(), cloudLakeArn ?? null, null))
    expect(statusesOf(report)).toEqual({ SERVICE_ACCOUNT_CONFIGURED: 'PASSED' })
    expect(report.checks[0]?.message).toContain('no event data store is configured')
    expect(stage.tap.calls).toEqual([])
  })
})

describe('LAMBDA_INVOCABLE', () => {
  async function withFunction(qualifier: string | null, isThere = true) {
    const accountId = newAccount()
    const functionArn = `arn:aws:lambda:ap-south-1:${accountId}:function:approve`
    const itemId = qualifier === null ? functionArn : `${functionArn}:${qualifier}`
    const request = requestOf(identity(), 'FUNCTION_CALLER', { accountId, itemId })
    await applySetup(stage, request)
    if (isThere) await prepareKind(stage, { ...request, itemId: functionArn })
    return request
  }

  test('passes with a dry run on the ARN, in its region', async () => {
    expect(await checkOf(await withFunction(null), 'LAMBDA_INVOCABLE')).toMatchObject({ status: 'PASSED' })
    const call = stage.tap.calls.find(({ operation }) => operation.includes('/invocations'))
    expect(call).toMatchObject({ region: 'ap-south-1', headers: { 'x-amz-invocation-type': 'DryRun' } })
  })

  test('passes with the version that the ARN names', async () => {
    const request = await withFunction('1')
    const { lambda } = administratorClients(stage, request.accountId, 'ap-south-1')
    await lambda.send(new PublishVersionCommand({ FunctionName: 'approve' }))
    expect(await checkOf(request, 'LAMBDA_INVOCABLE')).toMatchObject({ status: 'PASSED' })
  })

  test('fails where the dry run is answered with anything but 204', async () => {
    const request = await withFunction(null)
    stage.tap.answer = ({ operation }) => (operation.includes('/invocations') ? { status: 200, body: '{}' } : null)
    const check = await checkOf(request, 'LAMBDA_INVOCABLE')
    expect(check).toMatchObject({ status: 'FAILED', outcome: 'FAILED', actual: 'status 200' })
  })

  const failures = { 'the function': [null, false], 'the alias': ['live', true], 'the version': ['7', true] } as const
  test.each(Object.entries(failures))('fails without %s', async (_name, [qualifier, isThere]) => {
    const check = await checkOf(await withFunction(qualifier, isThere), 'LAMBDA_INVOCABLE')
    expect(check).toMatchObject({ status: 'FAILED', outcome: 'FAILED' })
    expect(check.actual).toContain('ResourceNotFound')
    expect(check.remediation).toContain('Create the function')
  })

  test('fails where Lambda denies the call', async () => {
    const request = await withFunction(null)
    stage.emulator.faults.add({ kind: 'refuse', service: 'lambda', accountId: request.accountId })
    const check = await checkOf(request, 'LAMBDA_INVOCABLE')
    stage.emulator.faults.clear()
    expect(check).toMatchObject({ status: 'FAILED', outcome: 'FAILED' })
    expect(check.remediation).toContain('lambda:InvokeFunction')
  })
})

describe('SAML_PROVIDER_EXISTS', () => {
  const config: ComponentConfig = {
    login: { type: 'federated', provider: { type: 'okta', appId: '0oabc', identityProvider: 'Okta', multiAccountParentId: null } },
  }

  test('passes with the provider of that name in the account', async () => {
    const request = requestOf(identity(), 'IAM_WRITE', { config })
    const iam = await applySetup(stage, request)
    await iam.send(
      new CreateSAMLProviderCommand({
        Name: 'Okta',
        SAMLMetadataDocument: `<EntityDescriptor entityID="okta">${'x'.repeat(1000)}</EntityDescriptor>`,
      }),
    )
    expect(await checkOf(request, 'SAML_PROVIDER_EXISTS')).toMatchObject({ status: 'PASSED' })
  })

  test('fails without it, and names its ARN', async () => {
    const request = requestOf(identity(), 'IAM_WRITE', { config })
    await applySetup(stage, request)
    const check = await checkOf(request, 'SAML_PROVIDER_EXISTS')
    expect(check).toMatchObject({ status: 'FAILED', expected: `arn:aws:iam::${request.accountId}:saml-provider/Okta` })
    expect(check.remediation).toContain('create-saml-provider --name Okta')
  })
})

describe('RESOURCE_EXPLORER_INDEX', () => {
  test('is skipped without an index, says how to get one, and does not fail the verification', async () => {
    const request = requestOf(identity(), 'INVENTORY')
    await applySetup(stage, request)
    const report = await stage.verify(request)
    expect(report.outcome).toBe('PASSED')
    expect(report.checks.at(-1)).toMatchObject({ code: 'RESOURCE_EXPLORER_INDEX', status: 'SKIPPED' })
    expect(report.checks.at(-1)?.remediation).toContain('create-index')
  })

  test('fails where the role may not list the indexes', async () => {
    const request = requestOf(identity(), 'INVENTORY')
    await applySetup(stage, request)
    stage.emulator.faults.add({ kind: 'refuse', service: 'resource-explorer-2', accountId: request.accountId })
    const check = await checkOf(request, 'RESOURCE_EXPLORER_INDEX')
    stage.emulator.faults.clear()
    expect(check).toMatchObject({ status: 'FAILED', outcome: 'FAILED' })
    expect(check.remediation).toContain('resource-explorer-2:ListIndexes')
  })
})

test('a configuration that names nothing adds no check', async () => {
  const login = { type: 'iam', identity: 'EMAIL', tagName: null } as const
  for (const [kind, config] of [
    ['IAM_ASSESSMENT', { accessAnalyzerArn: null }],
    ['IAM_WRITE', { login: null }],
    ['IAM_WRITE', { login }],
  ] as const) {
    const request = requestOf(identity(), kind, { config })
    await applySetup(stage, request)
    const report = await stage.verify(request)
    expect(report.outcome).toBe('PASSED')
    expect(report.checks).toHaveLength(9)
  }
})

test('an ARN whose region could be a host of its own never reaches a client', async () => {
  const accountId = newAccount()
  for (const region of ['evil.example', 'us-gov-west-1', 'cn-north-1', '']) {
    const accessAnalyzerArn = `arn:aws:access-analyzer:${region}:${accountId}:analyzer/a`
    const request = requestOf(identity(), 'IAM_ASSESSMENT', { accountId, config: { accessAnalyzerArn } })
    if (region === 'evil.example') await applySetup(stage, request)
    await expect(stage.verify(request)).rejects.toThrow('names no region of its partition')
  }
})
