/** Every RoleSetup there is: each kind in each partition under each identity mode. */
import type { AwsIdentity, AwsPartition, RoleKind, RoleSetup } from '../../src/aws/aws.type.ts'
import { buildRoleSetup, type RoleSetupRequest } from '../../src/aws/role-setup.ts'

export const ACCOUNT = '123456789012'
export const KINDS: RoleKind[] = ['IAM_ASSESSMENT', 'IAM_WRITE', 'FUNCTION_CALLER', 'INVENTORY']
export const PARTITIONS: { partition: AwsPartition; arn: 'aws' | 'aws-us-gov'; region: string }[] = [
  { partition: 'AWS', arn: 'aws', region: 'eu-west-1' },
  { partition: 'AWS_US_GOV', arn: 'aws-us-gov', region: 'us-gov-east-1' },
]

export const ISSUER_IDENTITY: AwsIdentity = {
  mode: 'issuer',
  organizationId: 'org_1',
  issuer: 'https://gatehouse.example.com/base',
  subject: 'organization:org_1',
  audience: '123456789012345678901',
}

export const GOOGLE_IDENTITY: AwsIdentity = {
  mode: 'google',
  organizationId: 'org_1',
  issuer: 'accounts.google.com',
  subject: '109876543210987654321',
  audience: '109876543210987654321',
}

export interface Case {
  title: string
  kind: RoleKind
  partition: AwsPartition
  arnPartition: string
  identity: AwsIdentity
  setup: RoleSetup
}

export const CASES: Case[] = KINDS.flatMap((kind) =>
  PARTITIONS.flatMap(({ partition, arn, region }) =>
    [ISSUER_IDENTITY, GOOGLE_IDENTITY].map((identity) => {
      const itemId = kind === 'FUNCTION_CALLER' ? `arn:${arn}:lambda:${region}:${ACCOUNT}:function:approve:live` : ACCOUNT
      const setup = buildRoleSetup({ kind, itemId, accountId: ACCOUNT, partition, identity })
      return { title: `${kind} in ${arn} (${identity.mode} mode)`, kind, partition, arnPartition: arn, identity, setup }
    }),
  ),
)

export function setupOf(kind: RoleKind, changes: Partial<RoleSetupRequest> = {}): RoleSetup {
  const itemId = kind === 'FUNCTION_CALLER' ? `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:approve` : ACCOUNT
  return buildRoleSetup({ kind, itemId, accountId: ACCOUNT, partition: 'AWS', identity: ISSUER_IDENTITY, ...changes })
}

export interface Statement {
  Sid: string
  Effect: string
  Action: string[]
  Resource: string[]
  Condition?: Record<string, Record<string, string>>
}

/** The statements of all inline policies, single values as lists. */
export function statementsOf(setup: RoleSetup): Statement[] {
  return inlineDocumentsOf(setup)
    .flatMap((document) => JSON.parse(document).Statement as Record<string, unknown>[])
    .map((statement) => ({ ...statement, Action: [statement.Action].flat(), Resource: [statement.Resource].flat() }) as Statement)
}

export function inlineDocumentsOf(setup: RoleSetup): string[] {
  return [setup.inlinePolicy, ...setup.additionalInlinePolicies.map(({ document }) => document)]
}

/** The statements that allow an action. */
export function allowing(setup: RoleSetup, action: string): Statement[] {
  return statementsOf(setup).filter(({ Effect, Action }) => Effect === 'Allow' && Action.includes(action))
}
