import { AwsError } from '../errors.ts'
import { uniqueId } from '../identifiers.ts'
import { tagKeys } from '../policy/context.ts'
import type { Call, Target } from '../service.ts'
import type { Account } from '../state.ts'
import { percentEncode } from '../wire/xml.ts'
import { fromTags } from './iam.fields.ts'
import { type IamRole, iamOf, roleArn, writableInlinePolicies } from './iam.state.ts'

/** Puts a role into the account without a call, replacing one of that name by another role: for tests that need many. */
export function putRole(
  account: Account,
  nowMs: number,
  role: Pick<IamRole, 'name' | 'trustPolicy'> & Partial<IamRole> & { inlinePolicies?: Record<string, string>; visibleAtMs?: number },
): IamRole {
  const made: IamRole = {
    name: role.name,
    path: role.path ?? '/',
    id: role.id ?? uniqueId('AROA'),
    trustPolicy: role.trustPolicy,
    description: role.description,
    maxSessionSeconds: role.maxSessionSeconds ?? 3600,
    tags: role.tags,
    createdAtMs: role.createdAtMs ?? nowMs,
  }
  iamOf(account).roles.put(role.name, made, nowMs, role.visibleAtMs)
  for (const [name, document] of Object.entries(role.inlinePolicies ?? {})) {
    writableInlinePolicies(account, made).put(name, { name, document }, nowMs)
  }
  return made
}

export function visibleRole({ account, nowMs }: Pick<Call, 'account' | 'nowMs'>, name: string): IamRole {
  return iamOf(account).roles.visible(name, nowMs) ?? noSuchRole(name)
}

export function latestRole(account: Account, name: string): IamRole {
  return iamOf(account).roles.latest(name) ?? noSuchRole(name)
}

/** What IAM asks its policies about: the role's ARN with its path, which a caller of a missing role can't know. Refusals name it otherwise. */
export function aboutRole({ RoleName }: { RoleName: string }, { account }: Pick<Call, 'account'>): Target {
  const role = iamOf(account).roles.latest(RoleName)
  const context = tagKeys('iam:ResourceTag', role?.tags)
  return { arn: roleArn(account, role ?? { path: '/', name: RoleName }), shownAs: `role ${RoleName}`, tags: role?.tags, context }
}

export function describeRole(account: Account, role: IamRole) {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: roleArn(account, role),
    CreateDate: new Date(role.createdAtMs),
    AssumeRolePolicyDocument: percentEncode(role.trustPolicy),
    Description: role.description,
    MaxSessionDuration: role.maxSessionSeconds,
    Tags: fromTags(role.tags),
  }
}

function noSuchRole(name: string): never {
  throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404)
}
