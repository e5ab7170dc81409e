/** IAM_WRITE: grants and takes access through Gatehouse's own policies, groups and Identity Center; never touches its own roles. */
import { allowInAccount, deny, iamArn, type PolicyScope, type Statement } from './statement.ts'

export function iamWriteStatements(scope: PolicyScope): Statement[] {
  const ownPolicies = iamArn(scope, 'policy/Gatehouse*')
  const identityCenterRoles = iamArn(scope, 'role/aws-reserved/sso.amazonaws.com/*')
  const sso = `arn:${scope.partition}:sso:::`
  const directory = [
    `arn:${scope.partition}:identitystore::${scope.accountId}:identitystore/*`,
    `arn:${scope.partition}:identitystore:::user/*`,
  ]
  return [
    allowInAccount(scope, 'ManageGroupMembership', ['iam:AddUserToGroup', 'iam:RemoveUserFromGroup'], iamArn(scope, 'group/*')),
    allowInAccount(scope, 'AttachGatehousePolicies', ATTACHMENTS, [iamArn(scope, 'user/*'), iamArn(scope, 'role/*')], {
      ArnLike: { 'iam:PolicyARN': ownPolicies },
    }),
    // IAM authorizes tags given at creation as TagPolicy too, when the policy has no tag yet: so the request's tag is asked for.
    allowInAccount(scope, 'CreateGatehousePolicies', ['iam:CreatePolicy', 'iam:TagPolicy'], ownPolicies, {
      StringEquals: { 'aws:RequestTag/ManagedBy': 'Gatehouse' },
    }),
    allowInAccount(
      scope,
      'ManageGatehousePolicies',
      ['iam:CreatePolicyVersion', 'iam:DeletePolicy', 'iam:DeletePolicyVersion'],
      ownPolicies,
      { StringEquals: { 'aws:ResourceTag/ManagedBy': 'Gatehouse' } },
    ),
    allowInAccount(scope, 'WriteIdentityCenterRoles', ['iam:CreateRole', 'iam:PutRolePolicy'], identityCenterRoles),
    allowInAccount(scope, 'ManageIdentityCenterAccess', IDENTITY_CENTER, [`${sso}account/*`, `${sso}instance/*`, `${sso}permissionSet/*`]),
    allowInAccount(scope, 'ListDirectoryUsers', ['identitystore:ListUsers'], directory),
    allowInAccount(
      scope,
      'ReadLogins',
      ['iam:GetSAMLProvider', 'iam:GetUser', 'iam:ListUserTags'],
      [iamArn(scope, 'saml-provider/*'), iamArn(scope, 'user/*')],
    ),
    allowInAccount(scope, 'ListUsersAndInstances', ['iam:ListUsers', 'sso:ListInstances'], '*'),
    deny('LeaveGatehouseRolesAlone', ROLE_CHANGES, iamArn(scope, 'role/Gatehouse*')),
    deny('AssumeNoRole', ['sts:AssumeRole'], '*'),
  ]
}

const ATTACHMENTS = ['iam:AttachRolePolicy', 'iam:AttachUserPolicy', 'iam:DetachRolePolicy', 'iam:DetachUserPolicy']

const IDENTITY_CENTER = [
  'sso:AttachCustomerManagedPolicyReferenceToPermissionSet',
  'sso:AttachManagedPolicyToPermissionSet',
  'sso:CreateAccountAssignment',
  'sso:CreatePermissionSet',
  'sso:DeleteAccountAssignment',
  'sso:DeleteInlinePolicyFromPermissionSet',
  'sso:DeletePermissionSet',
  'sso:DescribeAccountAssignmentCreationStatus',
  'sso:DescribeAccountAssignmentDeletionStatus',
  'sso:DescribePermissionSet',
  'sso:DescribePermissionSetProvisioningStatus',
  'sso:DetachCustomerManagedPolicyReferenceFromPermissionSet',
  'sso:DetachManagedPolicyFromPermissionSet',
  'sso:GetInlinePolicyForPermissionSet',
  'sso:ListAccountAssignments',
  'sso:ListCustomerManagedPolicyReferencesInPermissionSet',
  'sso:ListManagedPoliciesInPermissionSet',
  'sso:ListPermissionSets',
  'sso:ProvisionPermissionSet',
  'sso:PutInlinePolicyToPermissionSet',
]

const ROLE_CHANGES = [
  'iam:AttachRolePolicy',
  'iam:DeleteRole',
  'iam:DeleteRolePermissionsBoundary',
  'iam:DeleteRolePolicy',
  'iam:DetachRolePolicy',
  'iam:PutRolePermissionsBoundary',
  'iam:PutRolePolicy',
  'iam:TagRole',
  'iam:UntagRole',
  'iam:UpdateAssumeRolePolicy',
  'iam:UpdateRole',
]
