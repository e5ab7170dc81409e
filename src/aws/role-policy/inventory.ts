/** INVENTORY: lists roles and resources; reads only secrets that are tagged for Gatehouse. */
import { allowInAccount, allowUnconditioned, type PolicyScope, regionalArn, type Statement } from './statement.ts'

export function inventoryStatements(scope: PolicyScope): Statement[] {
  return [
    allowInAccount(
      scope,
      'ListRolesAndResources',
      [
        'iam:GetAccountAuthorizationDetails',
        'iam:ListRoles',
        'resource-explorer-2:GetDefaultView',
        'resource-explorer-2:ListIndexes',
        'resource-explorer-2:ListViews',
        'tag:GetResources',
      ],
      '*',
    ),
    allowInAccount(
      scope,
      'SearchResources',
      // AWS authorizes a call of ListResources as Search; its own name is granted for whoever reads or simulates the policy.
      ['resource-explorer-2:ListResources', 'resource-explorer-2:Search'],
      regionalArn(scope, 'resource-explorer-2', 'view/*'),
    ),
    allowUnconditioned(
      'ListWithoutResourceExplorer',
      ['ec2:DescribeInstances', 'ec2:DescribeRegions', 'lambda:ListFunctions', 's3:ListAllMyBuckets'],
      '*',
    ),
    allowInAccount(scope, 'ReadTaggedSecrets', ['secretsmanager:GetSecretValue'], regionalArn(scope, 'secretsmanager', 'secret:*'), {
      StringEquals: { 'aws:ResourceTag/GatehouseAccess': 'true' },
    }),
  ]
}
