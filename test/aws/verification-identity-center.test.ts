import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type IdentityCenterInstance, putIdentityCenterInstance } from '../../emulator/services/identity-center.ts'
import type { AssumableRole, VerificationRequest } from '../../src/aws/aws.type.ts'
import { applySetup, newAccount, openStage, requestOf, type Stage, statusesOf } from './verification-stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ attempts: 1 })
})
afterEach(() => {
  stage.emulator.faults.clear()
  stage.tap.reset()
})
afterAll(() => stage.close())

const identity = () => stage.issuer.identityOf('org_one')

/** A member account with IAM_WRITE and its parent, whose IAM_WRITE is installed. */
async function family({ region = null as string | null, isOwn = false } = {}): Promise<VerificationRequest> {
  const parentAccountId = newAccount()
  const login = {
    type: 'identityCenter',
    parentAccountId,
    identity: 'EMAIL',
    identityCenterArn: null,
    identityStoreId: null,
    region,
  } as const
  const parentRequest = requestOf(identity(), 'IAM_WRITE', {
    accountId: parentAccountId,
    componentId: 'component_01parent',
    config: { login },
  })
  await applySetup(stage, parentRequest)
  const { setup, partition, config, componentId } = parentRequest
  const parent: AssumableRole = { componentId, accountId: parentAccountId, partition, setup, config }
  if (isOwn) return { ...parentRequest, parent }
  const request = requestOf(identity(), 'IAM_WRITE', { config: { login }, parent })
  await applySetup(stage, request)
  return request
}

function enable(request: VerificationRequest, region: string, instance: Partial<IdentityCenterInstance> = {}): IdentityCenterInstance {
  const account = stage.emulator.state.account(request.parent?.accountId ?? '')
  return putIdentityCenterInstance(account, region, Date.now(), instance)
}

const regionsAsked = () => stage.tap.calls.filter(({ operation }) => operation === 'ListInstances').map(({ region }) => region)

test('the stored region is asked alone where Identity Center is there, with the credentials of the parent', async () => {
  const request = await family({ region: 'eu-central-1' })
  const { arn, identityStoreId } = enable(request, 'eu-central-1')
  const report = await stage.verify(request)
  expect(statusesOf(report)).toMatchObject({ PARENT_INSTALLED: 'PASSED', IDENTITY_CENTER_INSTANCE: 'PASSED' })
  expect(report.learned.identityCenter).toEqual({ identityCenterArn: arn, identityStoreId, region: 'eu-central-1' })
  expect(regionsAsked()).toEqual(['eu-central-1'])
  const assumed = stage.tap.calls
    .filter(({ operation }) => operation === 'AssumeRoleWithWebIdentity')
    .map(({ params }) => params.get('RoleArn'))
  expect(assumed).toContain(`arn:aws:iam::${request.parent?.accountId}:role/GatehouseIamManager`)
  const parentCalls = stage.emulator.requests.count({ service: 'sso', accountId: request.parent?.accountId })
  expect(parentCalls).toBe(1)
})

test('without a stored region the default one is asked', async () => {
  const request = await family()
  enable(request, 'us-east-1')
  const report = await stage.verify(request)
  expect(report.learned.identityCenter?.region).toBe('us-east-1')
  expect(regionsAsked()).toEqual(['us-east-1'])
})

test('a region that holds none any more leads to all of the partition, and to where it is', async () => {
  const request = await family({ region: 'eu-west-3' })
  enable(request, 'ap-south-1')
  const report = await stage.verify(request)
  expect(report.outcome).toBe('PASSED')
  expect(report.learned.identityCenter?.region).toBe('ap-south-1')
  const asked = regionsAsked()
  expect(asked.slice(0, 2)).toEqual(['eu-west-3', 'us-east-1'])
  expect(new Set(asked).size).toBe(asked.length)
  expect(asked.length).toBeGreaterThan(25)
})

test('a search over all regions draws no warning of a leak', async () => {
  const warnings: string[] = []
  const note = (warning: Error) => void warnings.push(warning.name)
  process.on('warning', note)
  await stage.verify(await family())
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', note)
  expect(warnings).toEqual([])
})

test('in the search over all an error of a region counts as none there', async () => {
  const request = await family()
  enable(request, 'ap-south-1')
  stage.tap.answer = ({ operation, region }) =>
    operation === 'ListInstances' && region !== 'ap-south-1' && region !== 'us-east-1' ? { status: 500, body: '' } : null
  const report = await stage.verify(request)
  expect(report.learned.identityCenter?.region).toBe('ap-south-1')
  expect(report.outcome).toBe('PASSED')
})

test('the account that is its own parent uses its own session', async () => {
  const request = await family({ isOwn: true })
  enable(request, 'us-east-1')
  const report = await stage.verify(request)
  expect(statusesOf(report)).toMatchObject({ PARENT_INSTALLED: 'PASSED', IDENTITY_CENTER_INSTANCE: 'PASSED' })
  const sessions = stage.tap.calls.filter(({ operation, params }) => operation.startsWith('AssumeRole') && !params.has('Policy'))
  expect(sessions).toHaveLength(1)
})

describe('of several instances', () => {
  const organization = { ownerAccountId: '999999999999' }
  const cases = {
    'the organization-wide one is taken': [[{}, organization], 1],
    'the active one is taken': [[{ ...organization, status: 'DELETE_IN_PROGRESS' }, {}], 1],
    'the organization-wide active one is taken': [[{ ...organization, status: 'CREATE_IN_PROGRESS' }, {}, organization], 2],
  } as const
  test.each(Object.entries(cases))('%s', async (_name, [instances, expected]) => {
    const request = await family()
    const made = instances.map((instance) => enable(request, 'us-east-1', instance))
    const report = await stage.verify(request)
    expect(report.learned.identityCenter?.identityCenterArn).toBe(made[expected]?.arn)
  })
})

describe('IDENTITY_CENTER_INSTANCE fails', () => {
  test('where no region has one', async () => {
    const report = await stage.verify(await family())
    expect(report.checks.at(-1)).toMatchObject({ code: 'IDENTITY_CENTER_INSTANCE', status: 'FAILED', actual: 'none in any region' })
    expect(report.checks.at(-1)?.remediation).toContain('Enable IAM Identity Center')
    expect(report.learned.identityCenter).toBeUndefined()
  })

  test('where the only one is not active', async () => {
    const request = await family()
    enable(request, 'us-east-1', { status: 'CREATE_IN_PROGRESS' })
    const report = await stage.verify(request)
    expect(report.checks.at(-1)).toMatchObject({ code: 'IDENTITY_CENTER_INSTANCE', status: 'FAILED' })
    expect(report.checks.at(-1)?.actual).toContain('CREATE_IN_PROGRESS')
    expect(report.learned.identityCenter).toBeUndefined()
  })

  test('where the parent may not list it, naming the refusal', async () => {
    const request = await family()
    stage.emulator.faults.add({ kind: 'refuse', service: 'sso', accountId: request.parent?.accountId })
    const report = await stage.verify(request)
    expect(report.checks.at(-1)).toMatchObject({ code: 'IDENTITY_CENTER_INSTANCE', status: 'FAILED' })
    expect(report.checks.at(-1)?.actual).toContain('AccessDenied')
    expect(report.checks.at(-1)?.remediation).toContain('sso:ListInstances')
  })

  test("where the parent's role cannot be assumed any more", async () => {
    const request = await family()
    stage.tap.answer = ({ operation, params }) =>
      operation === 'AssumeRoleWithWebIdentity' && params.get('RoleArn')?.includes(request.parent?.accountId ?? '-')
        ? { status: 403, body: '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>' }
        : null
    const report = await stage.verify(request)
    expect(statusesOf(report)).toMatchObject({ ROLE_ASSUMABLE: 'PASSED', PARENT_INSTALLED: 'PASSED', IDENTITY_CENTER_INSTANCE: 'FAILED' })
    expect(report.checks.at(-1)?.remediation).toContain(`IAM_WRITE component of account ${request.parent?.accountId}`)
  })
})

test('a parent without IAM_WRITE fails PARENT_INSTALLED and skips the search', async () => {
  const request = await family()
  const report = await stage.verify({ ...request, parent: null })
  expect(statusesOf(report)).toMatchObject({ ROLE_ASSUMABLE: 'PASSED', PARENT_INSTALLED: 'FAILED', IDENTITY_CENTER_INSTANCE: 'SKIPPED' })
  expect(report.checks.at(-1)?.message).toContain('PARENT_INSTALLED')
  expect(regionsAsked()).toEqual([])
})

describe('AWS not answering is never "no Identity Center"', () => {
  test('where the stored region is out of order', async () => {
    const request = await family({ region: 'eu-central-1' })
    enable(request, 'eu-central-1')
    stage.tap.answer = ({ operation, region }) =>
      operation === 'ListInstances' && region === 'eu-central-1' ? { status: 503, body: '' } : null
    const report = await stage.verify(request)
    expect(report).toMatchObject({ outcome: 'UNREACHABLE', upstream: { service: 'IAM Identity Center', retryable: true } })
    expect(statusesOf(report)).toMatchObject({ PARENT_INSTALLED: 'PASSED', ROLE_ASSUMABLE: 'PASSED' })
    expect(statusesOf(report)).not.toHaveProperty('IDENTITY_CENTER_INSTANCE')
  })

  test('where the default region is out of order and no other has one', async () => {
    const request = await family()
    stage.tap.answer = ({ operation, region }) =>
      operation === 'ListInstances' && region === 'us-east-1' ? { status: 503, body: '' } : null
    expect(await stage.verify(request)).toMatchObject({ outcome: 'UNREACHABLE' })
  })

  test('where every region breaks the connection', async () => {
    const request = await family()
    stage.emulator.faults.add({ kind: 'reset', service: 'sso' })
    expect(await stage.verify(request)).toMatchObject({ outcome: 'UNREACHABLE', upstream: { service: 'IAM Identity Center' } })
  })
})
