/** What a customer creates in an AWS account for a component: one role, its trust policy and its inline policies. Pure. */
import { type FunctionArn, parseFunctionArn } from './arn.ts'
import type { AwsIdentity, AwsPartition, NamedPolicy, RoleKind, RoleSetup } from './aws.type.ts'
import { arnPartitionOf } from './partition.ts'
import { functionCallerStatements, functionPolicyName } from './role-policy/function-caller.ts'
import { iamAssessmentStatements } from './role-policy/iam-assessment.ts'
import { iamWriteStatements } from './role-policy/iam-write.ts'
import { inventoryStatements } from './role-policy/inventory.ts'
import { selfReadStatements } from './role-policy/self-read.ts'
import { iamArn, type PolicyScope, type Statement } from './role-policy/statement.ts'

export interface RoleSetupRequest {
  kind: RoleKind
  /** The account id, or for FUNCTION_CALLER the function's ARN. */
  itemId: string
  accountId: string
  partition: AwsPartition
  identity: AwsIdentity
}

/** IAM's limit for all inline policies of one role together, in characters without whitespace. */
export const INLINE_POLICY_LIMIT = 10_240

/** The roles' names. All FUNCTION_CALLER components of an account share one role. */
export const ROLE_NAMES: Record<RoleKind, string> = {
  IAM_ASSESSMENT: 'GatehouseIamAssessment',
  IAM_WRITE: 'GatehouseIamManager',
  FUNCTION_CALLER: 'GatehouseFunctionCaller',
  INVENTORY: 'GatehouseResourceInventory',
}

/**
 * The documents for one component; the same request always gives the same text. Throws where a FUNCTION_CALLER's `itemId` is not
 * a function's ARN of the account and partition: callers check it with `parseItemId` first.
 */
export function buildRoleSetup(request: RoleSetupRequest): RoleSetup {
  const { kind, accountId, identity } = request
  const scope: PolicyScope = { partition: arnPartitionOf(request.partition), accountId }
  const roleName = ROLE_NAMES[kind]
  const selfRead = selfReadStatements(scope, roleName, identityProviderArn(scope, identity))
  const setup = {
    roleName,
    trustPolicy: trustPolicy(scope, identity),
    serviceAccountId: identity.mode === 'google' ? identity.subject : identity.audience,
    issuer: identity.issuer,
    oidcProviderUrl: identity.mode === 'google' ? null : identity.issuer,
  }
  if (kind === 'FUNCTION_CALLER') {
    const target = functionOf(request)
    const own: NamedPolicy = { name: 'GatehouseSelfRead', document: policyDocument(selfRead) }
    const inlinePolicy = policyDocument(functionCallerStatements(scope, target))
    return { ...setup, inlinePolicyName: functionPolicyName(target), inlinePolicy, additionalInlinePolicies: [own] }
  }
  const inlinePolicy = policyDocument([...ACCOUNT_STATEMENTS[kind](scope), ...selfRead])
  return { ...setup, inlinePolicyName: `${roleName}Policy`, inlinePolicy, additionalInlinePolicies: [] }
}

/** How IAM counts inline policies against INLINE_POLICY_LIMIT: the characters of all of them, whitespace left out. */
export function inlinePolicySize(documents: string[]): number {
  return documents.reduce((size, document) => size + document.replace(/\s/g, '').length, 0)
}

/** Every action that a kind's role is allowed, sorted: what the README lists literally. */
export function actionsByKind(): Record<RoleKind, string[]> {
  return {
    IAM_ASSESSMENT: allowedActions('IAM_ASSESSMENT', EXAMPLE.accountId),
    IAM_WRITE: allowedActions('IAM_WRITE', EXAMPLE.accountId),
    FUNCTION_CALLER: allowedActions('FUNCTION_CALLER', `arn:aws:lambda:us-east-1:${EXAMPLE.accountId}:function:example`),
    INVENTORY: allowedActions('INVENTORY', EXAMPLE.accountId),
  }
}

/** The kinds' actions depend on neither account nor identity. */
const EXAMPLE: Omit<RoleSetupRequest, 'kind' | 'itemId'> = {
  accountId: '111122223333',
  partition: 'AWS',
  identity: { mode: 'issuer', organizationId: 'example', issuer: 'https://example.com', subject: 'organization:example', audience: '0' },
}

/** A document as text has it: a single action stands bare. */
interface PolicyText {
  Statement: { Effect: string; Action: string | string[] }[]
}

function allowedActions(kind: RoleKind, itemId: string): string[] {
  const { inlinePolicy, additionalInlinePolicies } = buildRoleSetup({ ...EXAMPLE, kind, itemId })
  const documents = [inlinePolicy, ...additionalInlinePolicies.map(({ document }) => document)]
  const statements = documents.flatMap((document) => (JSON.parse(document) as PolicyText).Statement)
  return [...new Set(statements.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action))].sort()
}

const ACCOUNT_STATEMENTS: Record<Exclude<RoleKind, 'FUNCTION_CALLER'>, (scope: PolicyScope) => Statement[]> = {
  IAM_ASSESSMENT: iamAssessmentStatements,
  IAM_WRITE: iamWriteStatements,
  INVENTORY: inventoryStatements,
}

function trustPolicy(scope: PolicyScope, identity: AwsIdentity): string {
  const Principal = { Federated: identityProviderArn(scope, identity) ?? GOOGLE }
  const StringEquals = trustConditions(identity)
  return documentText([{ Effect: 'Allow', Principal, Action: 'sts:AssumeRoleWithWebIdentity', Condition: { StringEquals } }])
}

function trustConditions({ mode, organizationId, issuer, subject, audience }: AwsIdentity): Record<string, string> {
  // For Google, AWS compares :aud with the token's azp, which is the service account's unique id as the sub is, and :oaud with its aud.
  if (mode === 'google') {
    return { [`${GOOGLE}:aud`]: subject, [`${GOOGLE}:oaud`]: `gatehouse:${organizationId}`, [`${GOOGLE}:sub`]: subject }
  }
  return { [`${withoutScheme(issuer)}:aud`]: audience, [`${withoutScheme(issuer)}:sub`]: subject }
}

/** Null where AWS has the provider built in. */
function identityProviderArn(scope: PolicyScope, { mode, issuer }: AwsIdentity): string | null {
  return mode === 'google' ? null : iamArn(scope, `oidc-provider/${withoutScheme(issuer)}`)
}

const GOOGLE = 'accounts.google.com'

function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, '')
}

function functionOf({ itemId, accountId, partition }: RoleSetupRequest): FunctionArn {
  const parsed = parseFunctionArn(itemId)
  if ('problem' in parsed) throw new Error(parsed.problem.message)
  if (parsed.accountId !== accountId) throw new Error(`${itemId} is not of the account ${accountId}`)
  if (parsed.partition !== partition) throw new Error(`${itemId} is not of the partition ${partition}`)
  return parsed
}

function policyDocument(statements: Statement[]): string {
  return documentText(statements.map((statement) => ({ ...statement, Action: single(statement.Action) })))
}

function single(actions: string[]): string | string[] {
  return actions.length === 1 && actions[0] !== undefined ? actions[0] : actions
}

function documentText(statements: unknown[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 2)
}
