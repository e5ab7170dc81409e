import { describe, expect, it } from 'vitest'
import type { RoleKind } from '../../src/aws/aws.type.ts'
import { actionsByKind } from '../../src/aws/role-setup.ts'
import { ACCOUNT, allowing, KINDS, setupOf, statementsOf } from './setups.ts'

const IAM = `arn:aws:iam::${ACCOUNT}`

describe('a kind is granted exactly', () => {
  const self = ['iam:GetOpenIDConnectProvider', 'iam:GetRole', 'iam:GetRolePolicy', 'iam:ListAccountAliases']
  const expected: Record<RoleKind, string[]> = {
    IAM_ASSESSMENT: [
      ...self,
      ...prefixed(
        'access-analyzer:Get',
        'AccessPreview AnalyzedResource Analyzer ArchiveRule Finding FindingRecommendation FindingsStatistics',
      ),
      ...prefixed(
        'access-analyzer:List',
        'AccessPreviewFindings AccessPreviews AnalyzedResources Analyzers ArchiveRules Findings TagsForResource',
      ),
      ...['cloudtrail:GetEventDataStore', 'cloudtrail:ListEventDataStores'],
      ...['iam:GenerateServiceLastAccessedDetails', 'iam:GetAccountSummary'],
      ...prefixed('iam:GetServiceLastAccessedDetails', ' WithEntities'),
      ...prefixed('iam:Get', 'Group GroupPolicy Policy PolicyVersion User UserPolicy'),
      ...prefixed('iam:List', 'AttachedGroupPolicies AttachedRolePolicies AttachedUserPolicies EntitiesForPolicy GroupPolicies Groups'),
      ...prefixed('iam:List', 'GroupsForUser Policies PolicyTags PolicyVersions RolePolicies RoleTags Roles UserPolicies UserTags Users'),
    ],
    IAM_WRITE: [
      ...self,
      ...prefixed('iam:', 'AddUserToGroup RemoveUserFromGroup AttachRolePolicy AttachUserPolicy DetachRolePolicy DetachUserPolicy'),
      ...prefixed('iam:', 'CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion TagPolicy CreateRole PutRolePolicy'),
      ...prefixed('iam:', 'GetSAMLProvider GetUser ListUsers ListUserTags'),
      ...['identitystore:ListUsers', 'sso:ListInstances'],
      ...prefixed('sso:', 'CreateAccountAssignment DeleteAccountAssignment ListAccountAssignments'),
      ...prefixed('sso:DescribeAccountAssignment', 'CreationStatus DeletionStatus'),
      ...prefixed('sso:', 'CreatePermissionSet DeletePermissionSet DescribePermissionSet ListPermissionSets ProvisionPermissionSet'),
      ...prefixed('sso:', 'DescribePermissionSetProvisioningStatus GetInlinePolicyForPermissionSet PutInlinePolicyToPermissionSet'),
      ...prefixed('sso:', 'DeleteInlinePolicyFromPermissionSet AttachManagedPolicyToPermissionSet DetachManagedPolicyFromPermissionSet'),
      ...prefixed('sso:', 'ListManagedPoliciesInPermissionSet AttachCustomerManagedPolicyReferenceToPermissionSet'),
      ...prefixed('sso:', 'DetachCustomerManagedPolicyReferenceFromPermissionSet ListCustomerManagedPolicyReferencesInPermissionSet'),
    ],
    FUNCTION_CALLER: [...self, 'lambda:InvokeFunction'],
    INVENTORY: [
      ...self,
      ...['iam:ListRoles', 'iam:GetAccountAuthorizationDetails', 's3:ListAllMyBuckets', 'lambda:ListFunctions', 'tag:GetResources'],
      ...prefixed('resource-explorer-2:', 'ListIndexes ListViews GetDefaultView Search ListResources'),
      ...['ec2:DescribeInstances', 'ec2:DescribeRegions', 'secretsmanager:GetSecretValue'],
    ],
  }

  it.each(KINDS)('what the README lists: %s', (kind) => {
    expect(actionsByKind()[kind]).toEqual(expected[kind].toSorted())
  })
})

describe('IAM_WRITE', () => {
  const setup = setupOf('IAM_WRITE')

  it.each(['iam:AttachRolePolicy', 'iam:AttachUserPolicy', 'iam:DetachRolePolicy', 'iam:DetachUserPolicy'])(
    'uses %s only with policies named Gatehouse*',
    (action) => {
      expect(allowing(setup, action).map(({ Condition }) => Condition?.ArnLike)).toEqual([{ 'iam:PolicyARN': `${IAM}:policy/Gatehouse*` }])
    },
  )

  it.each([
    ['iam:CreatePolicy', 'aws:RequestTag/ManagedBy'],
    ['iam:TagPolicy', 'aws:RequestTag/ManagedBy'],
    ['iam:CreatePolicyVersion', 'aws:ResourceTag/ManagedBy'],
    ['iam:DeletePolicy', 'aws:ResourceTag/ManagedBy'],
    ['iam:DeletePolicyVersion', 'aws:ResourceTag/ManagedBy'],
  ])('uses %s only on policies named Gatehouse* and tagged as its own', (action, key) => {
    const Condition = { StringEquals: { 'aws:ResourceAccount': ACCOUNT, [key]: 'Gatehouse' } }
    expect(allowing(setup, action)).toMatchObject([{ Resource: [`${IAM}:policy/Gatehouse*`], Condition }])
  })

  it.each(['iam:CreateRole', 'iam:PutRolePolicy'])("uses %s only for Identity Center's own roles", (action) => {
    expect(allowing(setup, action).map(({ Resource }) => Resource)).toEqual([[`${IAM}:role/aws-reserved/sso.amazonaws.com/*`]])
  })

  it('is denied to change any role of Gatehouse and to assume any role', () => {
    const changes = [
      ...['iam:AttachRolePolicy', 'iam:DetachRolePolicy', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:DeleteRole', 'iam:UpdateRole'],
      ...[
        'iam:UpdateAssumeRolePolicy',
        'iam:PutRolePermissionsBoundary',
        'iam:DeleteRolePermissionsBoundary',
        'iam:TagRole',
        'iam:UntagRole',
      ],
    ]
    const denies = statementsOf(setup).filter(({ Effect }) => Effect === 'Deny')
    expect(denies.map(({ Action, Resource }) => ({ Action: Action.toSorted(), Resource }))).toEqual([
      { Action: changes.toSorted(), Resource: [`${IAM}:role/Gatehouse*`] },
      { Action: ['sts:AssumeRole'], Resource: ['*'] },
    ])
  })
})

describe('IAM_ASSESSMENT', () => {
  const setup = setupOf('IAM_ASSESSMENT')

  it('changes nothing', () => {
    for (const action of statementsOf(setup).flatMap(({ Action }) => Action)) expect(action).toMatch(/:(Get|List|GenerateService)/)
  })

  it("reads findings of the account's analyzers and its event data stores only", () => {
    expect(allowing(setup, 'access-analyzer:GetFinding')[0]?.Resource).toEqual([`arn:aws:access-analyzer:*:${ACCOUNT}:analyzer/*`])
    expect(allowing(setup, 'cloudtrail:GetEventDataStore')[0]?.Resource).toEqual([`arn:aws:cloudtrail:*:${ACCOUNT}:eventdatastore/*`])
  })

  it("reads AWS's managed policies beside the account's", () => {
    expect(allowing(setup, 'iam:GetPolicyVersion')[0]?.Resource).toEqual([`${IAM}:policy/*`, 'arn:aws:iam::aws:policy/*'])
  })
})

describe('INVENTORY', () => {
  it('reads a secret only where it has the tag GatehouseAccess=true', () => {
    const Condition = { StringEquals: { 'aws:ResourceAccount': ACCOUNT, 'aws:ResourceTag/GatehouseAccess': 'true' } }
    const Resource = [`arn:aws:secretsmanager:*:${ACCOUNT}:secret:*`]
    expect(allowing(setupOf('INVENTORY'), 'secretsmanager:GetSecretValue')).toMatchObject([{ Resource, Condition }])
  })
})

function prefixed(prefix: string, names: string): string[] {
  return names.split(' ').map((name) => `${prefix}${name}`)
}
