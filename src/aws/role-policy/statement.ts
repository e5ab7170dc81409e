/** The vocabulary in which the policies of the roles are written. */
import type { ArnPartition } from '../partition.ts'

export interface Statement {
  Sid: string
  Effect: 'Allow' | 'Deny'
  Action: string[]
  Resource: string | string[]
  Condition?: Conditions
}

export type Conditions = Record<string, Record<string, string>>

/** Whose resources a policy speaks of. */
export interface PolicyScope {
  partition: ArnPartition
  accountId: string
}

/** An Allow that holds for resources of the scope's account alone; `conditions` are added to that one. */
export function allowInAccount(
  scope: PolicyScope,
  sid: string,
  actions: string[],
  resource: string | string[],
  conditions: Conditions = {},
): Statement {
  const { StringEquals, ...others } = conditions
  const Condition = { StringEquals: { 'aws:ResourceAccount': scope.accountId, ...StringEquals }, ...others }
  return { Sid: sid, Effect: 'Allow', Action: actions, Resource: resource, Condition }
}

/**
 * An Allow without condition, for two sorts of action only: those without a resource, for which AWS does not tell the resource's
 * account, and reads that must reach AWS's own managed policies, which lie in no account of the customer.
 */
export function allowUnconditioned(sid: string, actions: string[], resource: string | string[]): Statement {
  return { Sid: sid, Effect: 'Allow', Action: actions, Resource: resource }
}

/** A Deny never has a condition: where AWS leaves the condition's key out of a request, the Deny would not hold. */
export function deny(sid: string, actions: string[], resource: string | string[]): Statement {
  return { Sid: sid, Effect: 'Deny', Action: actions, Resource: resource }
}

/** The ARN of an IAM resource of the scope's account. */
export function iamArn(scope: PolicyScope, resource: string): string {
  return `arn:${scope.partition}:iam::${scope.accountId}:${resource}`
}

/** The ARN of a resource of the scope's account in whatever region. */
export function regionalArn(scope: PolicyScope, service: string, resource: string): string {
  return `arn:${scope.partition}:${service}:*:${scope.accountId}:${resource}`
}
