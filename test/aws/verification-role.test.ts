import {
  CreateAccountAliasCommand,
  DeleteRolePolicyCommand,
  type IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RoleKind, RoleSetup, VerificationRequest } from '../../src/aws/aws.type.ts'
import { queryRefusal } from '../support/wiretap.ts'
import { applySetup, newAccount, openStage, prepareKind, ROLE_KINDS, requestOf, type Stage, statusesOf } from './verification-stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => {
  stage.tap.reset()
  stage.issuer.problem = null
})
afterAll(() => stage.close())

const ROLE_CHECKS = [
  'SERVICE_ACCOUNT_CONFIGURED',
  'OIDC_PROVIDER_EXISTS',
  'ROLE_ASSUMABLE',
  'ACCOUNT_MATCHES',
  'PARTITION_MATCHES',
  'ROLE_EXISTS',
  'TRUST_POLICY_MATCHES',
  'INLINE_POLICY_EXISTS',
  'INLINE_POLICY_MATCHES',
]
const KIND_CHECKS: Record<RoleKind, string[]> = {
  IAM_ASSESSMENT: [],
  IAM_WRITE: [],
  FUNCTION_CALLER: ['LAMBDA_INVOCABLE'],
  INVENTORY: ['RESOURCE_EXPLORER_INDEX'],
}
const identity = () => stage.issuer.identityOf('org_one')
const allOf = (kind: RoleKind, status: string) => Object.fromEntries([...ROLE_CHECKS, ...KIND_CHECKS[kind]].map((code) => [code, status]))

type Request = VerificationRequest & { setup: RoleSetup }
interface Mutation {
  /** What this customer's AWS account has otherwise; without it the setup as handed out. */
  arrange?: (request: Request) => Promise<unknown>
  /** What AWS says otherwise, on the line. */
  tap?: (request: Request) => void
  /** Beyond PASSED. */
  statuses: Record<string, string>
  /** Of the first failed check. */
  remediation: RegExp
  /** Kinds that have it otherwise. */
  only?: RoleKind[]
}

const rewriteTrust = (policy: string, change: (statement: Record<string, unknown>) => unknown) => {
  const document = JSON.parse(policy)
  return JSON.stringify({ ...document, Statement: [document.Statement].flat().flatMap(change) })
}
const afterwards = async (request: Request, change: (iam: IAMClient, request: Request) => Promise<unknown>) =>
  change(await applySetup(stage, request), request)

const SKIPPED_AFTER_ROLE = Object.fromEntries(ROLE_CHECKS.slice(3).map((code) => [code, 'SKIPPED']))
const mutations: Record<string, Mutation> = {
  'the server has no identity that AWS can use': {
    tap: () => {
      stage.issuer.problem = { expected: 'an https URL', actual: 'http://localhost', remediation: 'Set GATEHOUSE_PUBLIC_URL.' }
    },
    statuses: {
      ...Object.fromEntries(ROLE_CHECKS.map((code) => [code, 'SKIPPED'])),
      SERVICE_ACCOUNT_CONFIGURED: 'FAILED',
      kind: 'SKIPPED',
    },
    remediation: /GATEHOUSE_PUBLIC_URL/,
  },
  'the account has nothing': {
    arrange: async () => undefined,
    statuses: { ...SKIPPED_AFTER_ROLE, OIDC_PROVIDER_EXISTS: 'FAILED', ROLE_ASSUMABLE: 'SKIPPED', kind: 'SKIPPED' },
    remediation: /create-open-id-connect-provider --url http.* --client-id-list \d{21}/,
  },
  'the provider does not list the audience': {
    arrange: (request) => applySetup(stage, request, { serviceAccountId: '999999999999999999999' }),
    statuses: { ...SKIPPED_AFTER_ROLE, OIDC_PROVIDER_EXISTS: 'FAILED', ROLE_ASSUMABLE: 'SKIPPED', kind: 'SKIPPED' },
    remediation: /add-client-id-to-open-id-connect-provider .*--client-id \d{21}/,
  },
  'the provider is there and the role is not': {
    arrange: (request) => applySetup(stage, request, { roleName: 'Another' }),
    statuses: { ...SKIPPED_AFTER_ROLE, OIDC_PROVIDER_EXISTS: 'SKIPPED', ROLE_ASSUMABLE: 'FAILED', kind: 'SKIPPED' },
    remediation: /has no role Gatehouse\w+, create it .* If it has, .*update-assume-role-policy/,
  },
  'the role trusts another organization': {
    arrange: (request) => applySetup(stage, request, { trustPolicy: request.setup.trustPolicy.replaceAll('org_one', 'org_two') }),
    statuses: { ...SKIPPED_AFTER_ROLE, OIDC_PROVIDER_EXISTS: 'SKIPPED', ROLE_ASSUMABLE: 'FAILED', kind: 'SKIPPED' },
    remediation: /update-assume-role-policy --role-name Gatehouse\w+/,
  },
  'STS answers for another account': {
    tap: ({ accountId }) => {
      stage.tap.rewrite = ({ operation }, body) =>
        operation === 'GetCallerIdentity' ? body.replaceAll(`<Account>${accountId}`, '<Account>999999999999') : body
    },
    statuses: { ACCOUNT_MATCHES: 'FAILED' },
    remediation: /stage it for the account/,
  },
  'STS answers for another partition': {
    tap: () => {
      stage.tap.rewrite = ({ operation }, body) =>
        operation === 'GetCallerIdentity' ? body.replace('<Arn>arn:aws:', '<Arn>arn:aws-us-gov:') : body
    },
    statuses: { PARTITION_MATCHES: 'FAILED' },
    remediation: /stage it for the partition/,
  },
  'the role is gone after it was assumed': {
    tap: () => {
      stage.tap.answer = ({ operation }) =>
        operation === 'GetRole' ? queryRefusal('NoSuchEntity', 'The role cannot be found.', 404) : null
    },
    statuses: { ROLE_EXISTS: 'FAILED', TRUST_POLICY_MATCHES: 'SKIPPED', INLINE_POLICY_EXISTS: 'SKIPPED', INLINE_POLICY_MATCHES: 'SKIPPED' },
    remediation: /Create the role Gatehouse\w+/,
  },
  'the provider is gone after the role was assumed': {
    tap: () => {
      stage.tap.answer = ({ operation }) =>
        operation === 'GetOpenIDConnectProvider' ? queryRefusal('NoSuchEntity', 'OpenIDConnect Provider not found', 404) : null
    },
    statuses: { OIDC_PROVIDER_EXISTS: 'FAILED' },
    remediation: /create-open-id-connect-provider/,
  },
  'the audience is gone from the provider after the role was assumed': {
    tap: ({ setup }) => {
      stage.tap.rewrite = ({ operation }, body) =>
        operation === 'GetOpenIDConnectProvider' ? body.replaceAll(setup.serviceAccountId, '999999999999999999999') : body
    },
    statuses: { OIDC_PROVIDER_EXISTS: 'FAILED' },
    remediation: /add-client-id-to-open-id-connect-provider/,
  },
  'the role may not read the provider': {
    tap: () => {
      stage.tap.answer = ({ operation }) => (operation === 'GetOpenIDConnectProvider' ? queryRefusal('AccessDenied', 'no', 403) : null)
    },
    statuses: {},
    remediation: /^$/,
  },
  'the role trusts someone else besides': {
    arrange: (request) =>
      afterwards(request, (iam, { setup }) => {
        const trustPolicy = rewriteTrust(setup.trustPolicy, (statement) => [
          statement,
          { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::444455556666:root' }, Action: 'sts:AssumeRole' },
        ])
        return iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: setup.roleName, PolicyDocument: trustPolicy }))
      }),
    statuses: { TRUST_POLICY_MATCHES: 'FAILED' },
    remediation: /update-assume-role-policy/,
  },
  'the role trusts every organization of the issuer with that audience': {
    arrange: (request) =>
      afterwards(request, (iam, { setup }) => {
        const trustPolicy = rewriteTrust(setup.trustPolicy, (statement) => {
          const condition = statement.Condition as { StringEquals: Record<string, string> }
          const onlyAudience = Object.entries(condition.StringEquals).filter(([key]) => key.endsWith(':aud'))
          return { ...statement, Condition: { StringEquals: Object.fromEntries(onlyAudience) } }
        })
        return iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: setup.roleName, PolicyDocument: trustPolicy }))
      }),
    statuses: { TRUST_POLICY_MATCHES: 'FAILED' },
    remediation: /update-assume-role-policy/,
  },
  'the role may not read itself': {
    tap: () => {
      stage.tap.answer = ({ operation }) => (operation.startsWith('GetRole') ? queryRefusal('AccessDenied', 'not authorized', 403) : null)
    },
    statuses: { TRUST_POLICY_MATCHES: 'FAILED', INLINE_POLICY_EXISTS: 'FAILED', INLINE_POLICY_MATCHES: 'FAILED' },
    remediation: /allows iam:GetRole on the role itself/,
  },
  'the inline policy has another name': {
    arrange: (request) => applySetup(stage, request, { inlinePolicyName: 'Another' }),
    statuses: { INLINE_POLICY_EXISTS: 'FAILED', INLINE_POLICY_MATCHES: 'SKIPPED' },
    remediation: /put-role-policy --role-name Gatehouse\w+ --policy-name Gatehouse/,
  },
  'the inline policy grants more': {
    arrange: (request) =>
      afterwards(request, (iam, { setup }) => {
        const inlinePolicy = rewriteTrust(setup.inlinePolicy, (statement) => statement).replace(
          /\]}$/,
          ',{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
        )
        const { roleName, inlinePolicyName } = setup
        return iam.send(new PutRolePolicyCommand({ RoleName: roleName, PolicyName: inlinePolicyName, PolicyDocument: inlinePolicy }))
      }),
    statuses: { INLINE_POLICY_MATCHES: 'FAILED' },
    remediation: /put-role-policy .*--policy-name Gatehouse/,
  },
  "the function caller's own reading policy is gone": {
    arrange: (request) =>
      afterwards(request, (iam, { setup }) =>
        iam.send(new DeleteRolePolicyCommand({ RoleName: setup.roleName, PolicyName: 'GatehouseSelfRead' })),
      ),
    statuses: { TRUST_POLICY_MATCHES: 'FAILED', INLINE_POLICY_EXISTS: 'FAILED', INLINE_POLICY_MATCHES: 'FAILED' },
    remediation: /iam:GetRole/,
    only: ['FUNCTION_CALLER'],
  },
  "the function caller's own reading policy is another": {
    arrange: (request) => {
      const [{ name, document }] = request.setup.additionalInlinePolicies as [{ name: string; document: string }]
      const widened = document.replace('"iam:GetOpenIDConnectProvider"', '["iam:GetOpenIDConnectProvider","iam:ListRoles"]')
      expect(widened).not.toBe(document)
      return applySetup(stage, request, { additionalInlinePolicies: [{ name, document: widened }] })
    },
    statuses: { INLINE_POLICY_MATCHES: 'FAILED' },
    remediation: /--policy-name GatehouseSelfRead/,
    only: ['FUNCTION_CALLER'],
  },
}

describe.each(ROLE_KINDS)('a verification of %s', (kind) => {
  test('passes every check, in the documented order, where the customer created the setup', async () => {
    const request = requestOf(identity(), kind)
    const iam = await applySetup(stage, request)
    await prepareKind(stage, request)
    await iam.send(new CreateAccountAliasCommand({ AccountAlias: `alias-${request.accountId}` }))
    const report = await stage.verify(request)
    expect(statusesOf(report)).toEqual(allOf(kind, 'PASSED'))
    expect(report.checks.map(({ code }) => code)).toEqual([...ROLE_CHECKS, ...KIND_CHECKS[kind]])
    expect(report).toMatchObject({ outcome: 'PASSED', upstream: null, learned: { accountAlias: `alias-${request.accountId}` } })
  })

  test('passes in GovCloud, with its ARNs and regions', async () => {
    const request = requestOf(identity(), kind, { partition: 'AWS_US_GOV', accountId: newAccount() })
    await applySetup(stage, request)
    await prepareKind(stage, request)
    const report = await stage.verify(request)
    expect(statusesOf(report)).toEqual(allOf(kind, 'PASSED'))
    expect(stage.tap.calls.map(({ region }) => region).filter((region) => region !== null && !region.startsWith('us-gov-'))).toEqual([])
    expect(report.learned.accountAlias).toBeNull()
  })

  const rows = Object.entries(mutations).filter(([, { only }]) => only === undefined || only.includes(kind))
  test.each(rows)('where %s', async (_name, { arrange, tap, statuses, remediation }) => {
    const request = requestOf(identity(), kind)
    await (arrange ?? ((request: Request) => applySetup(stage, request)))(request)
    await prepareKind(stage, request)
    tap?.(request)
    const report = await stage.verify(request)
    const { kind: ofKind, ...changed } = statuses
    // The policy with another name grants the same, so that what needs the grant still passes.
    const expected = {
      ...allOf(kind, 'PASSED'),
      ...Object.fromEntries(KIND_CHECKS[kind].map((code) => [code, ofKind ?? 'PASSED'])),
      ...changed,
    }
    expect(statusesOf(report)).toEqual(expected)
    const failures = report.checks.filter(({ status }) => status === 'FAILED')
    expect(report.outcome).toBe(failures.length > 0 ? 'FAILED' : 'PASSED')
    expect(failures[0]?.remediation ?? '').toMatch(remediation)
    for (const { expected, actual, remediation } of failures) expect([expected, actual, remediation].every(Boolean)).toBe(true)
  })
})
