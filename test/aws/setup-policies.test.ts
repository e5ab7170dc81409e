import * as accessAnalyzer from '@aws-sdk/client-accessanalyzer'
import * as cloudTrail from '@aws-sdk/client-cloudtrail'
import * as iam from '@aws-sdk/client-iam'
import * as resourceExplorer from '@aws-sdk/client-resource-explorer-2'
import * as ssoAdmin from '@aws-sdk/client-sso-admin'
import { describe, expect, it } from 'vitest'
import { buildRoleSetup, INLINE_POLICY_LIMIT, inlinePolicySize } from '../../src/aws/role-setup.ts'
import { ACCOUNT, CASES, inlineDocumentsOf, statementsOf } from './setups.ts'

/** Actions for which AWS does not tell the resource's account, or that must reach AWS's own managed policies. */
const UNCONDITIONED = [
  'access-analyzer:ListAnalyzers',
  'cloudtrail:ListEventDataStores',
  'ec2:DescribeInstances',
  'ec2:DescribeRegions',
  'iam:GenerateServiceLastAccessedDetails',
  'iam:GetPolicy',
  'iam:GetPolicyVersion',
  'iam:ListEntitiesForPolicy',
  'iam:ListPolicies',
  'iam:ListPolicyTags',
  'iam:ListPolicyVersions',
  'lambda:ListFunctions',
  's3:ListAllMyBuckets',
]

describe.each(CASES)('the policies of $title', ({ kind, partition, arnPartition, identity, setup }) => {
  const statements = statementsOf(setup)
  const allows = statements.filter(({ Effect }) => Effect === 'Allow')

  it('hold for resources of the account alone, but for the actions that cannot be held to it', () => {
    for (const { Action, Condition } of allows) {
      const unconditioned = Action.filter((action) => UNCONDITIONED.includes(action))
      if (Condition === undefined) expect(unconditioned).toEqual(Action)
      else expect([unconditioned, Condition.StringEquals?.['aws:ResourceAccount']]).toEqual([[], ACCOUNT])
    }
  })

  it('deny without condition', () => {
    const denies = statements.filter(({ Effect }) => Effect !== 'Allow')
    expect(denies.map(({ Effect, Condition }) => [Effect, Condition])).toEqual(denies.map(() => ['Deny', undefined]))
    expect(denies).toHaveLength(kind === 'IAM_WRITE' ? 2 : 0)
  })

  it('name every action in full', () => {
    for (const action of statements.flatMap(({ Action }) => Action)) expect(action).toMatch(/^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$/)
  })

  it('name only ARNs of the partition, and of the account where an ARN has one', () => {
    const arns = statements.flatMap(({ Resource, Condition }) => [...Resource, ...Object.values(Condition ?? {}).flatMap(Object.values)])
    for (const arn of arns.filter((value) => value.startsWith('arn:'))) {
      const [, inPartition, service, , account] = arn.split(':')
      expect(inPartition).toBe(arnPartition)
      // sso's ARNs and a directory's users have no account; `aws` is that of AWS's own managed policies.
      const others = service === 'sso' || arn.endsWith(':::user/*') ? [''] : arn.endsWith(':iam::aws:policy/*') ? ['aws'] : [ACCOUNT]
      expect(others).toContain(account)
    }
    expect(`${setup.trustPolicy}${inlineDocumentsOf(setup).join('')}`.match(/arn:(aws[a-z-]*):/g)).not.toContain(
      arnPartition === 'aws' ? 'arn:aws-us-gov:' : 'arn:aws:',
    )
  })

  it('let the role read itself, its provider and the account alias', () => {
    const read = (action: string) => allows.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource)
    const own = `arn:${arnPartition}:iam::${ACCOUNT}:role/${setup.roleName}`
    expect(read('iam:GetRole')).toContain(own)
    expect(read('iam:GetRolePolicy')).toContain(own)
    expect(read('iam:ListAccountAliases')).toEqual(['*'])
    const provider = `arn:${arnPartition}:iam::${ACCOUNT}:oidc-provider/gatehouse.example.com/base`
    expect(read('iam:GetOpenIDConnectProvider')).toEqual(identity.mode === 'issuer' ? [provider] : [])
  })

  it('are valid to IAM: version, unique plain Sids, no duplicate action, all inside the limit of a role', () => {
    for (const document of inlineDocumentsOf(setup)) {
      expect(JSON.parse(document).Version).toBe('2012-10-17')
      const sids = JSON.parse(document).Statement.map(({ Sid }: { Sid: string }) => Sid) as string[]
      expect(new Set(sids).size).toBe(sids.length)
      for (const sid of sids) expect(sid).toMatch(/^[A-Za-z0-9]+$/)
    }
    for (const { Action } of statements) expect(new Set(Action).size).toBe(Action.length)
    expect(inlinePolicySize(inlineDocumentsOf(setup))).toBeLessThanOrEqual(INLINE_POLICY_LIMIT)
  })

  it('are the same text whenever they are built', () => {
    const itemId = kind === 'FUNCTION_CALLER' ? allows.find(({ Sid }) => Sid === 'InvokeFunction')?.Resource[0] : ACCOUNT
    expect(buildRoleSetup({ kind, itemId: itemId ?? '', accountId: ACCOUNT, partition, identity })).toEqual(setup)
  })
})

it('grants every unconditioned action somewhere, so that none of the exceptions is idle', () => {
  const granted = CASES.flatMap(({ setup }) => statementsOf(setup)).flatMap(({ Action }) => Action)
  expect(UNCONDITIONED.filter((action) => !granted.includes(action))).toEqual([])
})

it('counts inline policies as IAM does: without whitespace', () => {
  expect(inlinePolicySize([])).toBe(0)
  expect(inlinePolicySize(['{ "a":\n\t"b" }', '{}'])).toBe('{"a":"b"}'.length + 2)
})

describe('an action names an operation of the service', () => {
  const clients: Record<string, object> = {
    'access-analyzer': accessAnalyzer,
    cloudtrail: cloudTrail,
    iam,
    'resource-explorer-2': resourceExplorer,
    sso: ssoAdmin,
  }
  const actions = new Set(CASES.flatMap(({ setup }) => statementsOf(setup)).flatMap(({ Action }) => Action))
  const known = [...actions].filter((action) => clients[action.split(':')[0] ?? ''] !== undefined)

  it.each(known)('%s', (action) => {
    const [service = '', operation = ''] = action.split(':')
    expect(Object.keys(clients[service] ?? {})).toContain(`${operation}Command`)
  })

  it('for every service whose client is at hand', () => {
    expect(new Set(known.map((action) => action.split(':')[0]))).toEqual(new Set(Object.keys(clients)))
  })
})
