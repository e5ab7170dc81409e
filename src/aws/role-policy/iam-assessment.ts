/** IAM_ASSESSMENT: reads IAM, the account's access analyzers and its event data stores; changes nothing. */
import { allowInAccount, allowUnconditioned, iamArn, type PolicyScope, regionalArn, type Statement } from './statement.ts'

export function iamAssessmentStatements(scope: PolicyScope): Statement[] {
  const identities = [iamArn(scope, 'user/*'), iamArn(scope, 'group/*'), iamArn(scope, 'role/*')]
  const policies = [iamArn(scope, 'policy/*'), `arn:${scope.partition}:iam::aws:policy/*`]
  return [
    allowInAccount(scope, 'ReadUsersGroupsAndRoles', IDENTITY_READS, identities),
    allowInAccount(scope, 'ListIdentitiesAndReports', IDENTITY_LISTS, '*'),
    allowUnconditioned('ReadManagedPolicies', POLICY_READS, policies),
    allowUnconditioned('GenerateLastAccessedReports', ['iam:GenerateServiceLastAccessedDetails'], [...identities, ...policies]),
    allowUnconditioned(
      'ListPoliciesAnalyzersAndEventDataStores',
      ['access-analyzer:ListAnalyzers', 'cloudtrail:ListEventDataStores', 'iam:ListPolicies'],
      '*',
    ),
    allowInAccount(scope, 'ReadAccessAnalyzers', ANALYZER_READS, regionalArn(scope, 'access-analyzer', 'analyzer/*')),
    allowInAccount(scope, 'ReadEventDataStores', ['cloudtrail:GetEventDataStore'], regionalArn(scope, 'cloudtrail', 'eventdatastore/*')),
  ]
}

const IDENTITY_READS = [
  'iam:GetGroup',
  'iam:GetGroupPolicy',
  'iam:GetRole',
  'iam:GetRolePolicy',
  'iam:GetUser',
  'iam:GetUserPolicy',
  'iam:ListAttachedGroupPolicies',
  'iam:ListAttachedRolePolicies',
  'iam:ListAttachedUserPolicies',
  'iam:ListGroupPolicies',
  'iam:ListGroupsForUser',
  'iam:ListRolePolicies',
  'iam:ListRoleTags',
  'iam:ListUserPolicies',
  'iam:ListUserTags',
]

/** Without resource-level permissions. */
const IDENTITY_LISTS = [
  'iam:GetAccountSummary',
  'iam:GetServiceLastAccessedDetails',
  'iam:GetServiceLastAccessedDetailsWithEntities',
  'iam:ListGroups',
  'iam:ListRoles',
  'iam:ListUsers',
]

const POLICY_READS = ['iam:GetPolicy', 'iam:GetPolicyVersion', 'iam:ListEntitiesForPolicy', 'iam:ListPolicyTags', 'iam:ListPolicyVersions']

/** Every Get and List that takes an analyzer; GetFindingV2 and ListFindingsV2 are authorized as GetFinding and ListFindings. */
const ANALYZER_READS = [
  'access-analyzer:GetAccessPreview',
  'access-analyzer:GetAnalyzedResource',
  'access-analyzer:GetAnalyzer',
  'access-analyzer:GetArchiveRule',
  'access-analyzer:GetFinding',
  'access-analyzer:GetFindingRecommendation',
  'access-analyzer:GetFindingsStatistics',
  'access-analyzer:ListAccessPreviewFindings',
  'access-analyzer:ListAccessPreviews',
  'access-analyzer:ListAnalyzedResources',
  'access-analyzer:ListArchiveRules',
  'access-analyzer:ListFindings',
  'access-analyzer:ListTagsForResource',
]
