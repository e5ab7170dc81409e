import { CommonRefusal } from './errors.ts'
import { inlinePolicies } from './iam/iam.state.ts'
import { parseArn } from './identifiers.ts'
import { type ContextValues, PolicyContext, tagKeys } from './policy/context.ts'
import { type PolicyDocument, parsePolicy } from './policy/document.ts'
import { type Decision, decide } from './policy/evaluate.ts'
import type { Call, Target } from './service.ts'

/**
 * Lets the call pass, or refuses it in AWS's words: the caller's policies and, for a session, its session policies must allow the action.
 * `isOpenToOthers` where the thing asked for has a policy of its own that let another account in already.
 */
export function authorize(call: Call, action: string, target: Target | 'account' | 'none', { isOpenToOthers = false } = {}): void {
  const { arn, shownAs, tags, context: extra }: Target = typeof target === 'string' ? { arn: '*' } : target
  const owner = target === 'none' ? undefined : (parseArn(arn)?.accountId ?? call.account.id)
  const refuse = (why: string): never => {
    const asked = `User: ${call.caller.arn} is not authorized to perform: ${action} on resource: ${shownAs ?? arn}`
    throw new CommonRefusal('accessDenied', `${asked} ${why}`)
  }
  const keys: ContextValues = { 'aws:ResourceAccount': owner, ...tagKeys('aws:ResourceTag', tags), ...extra }
  const context = new PolicyContext(requestKeys(call), callerKeys(call), keys)
  for (const { kind, policies } of policySets(call)) {
    const decision = decide(policies, { action, resource: arn, context })
    if (decision !== 'allow') refuse(reason(decision, kind, action))
  }
  if (!isOpenToOthers && owner !== undefined && owner !== call.account.id) {
    refuse(`because no resource-based policy allows the ${action} action`)
  }
}

/** The condition keys that every request has. */
export function requestKeys(exchange: { nowMs: number; region?: string }): ContextValues {
  return {
    'aws:CurrentTime': new Date(exchange.nowMs).toISOString(),
    'aws:EpochTime': String(Math.floor(exchange.nowMs / 1000)),
    'aws:SecureTransport': 'true',
    'aws:SourceIp': '127.0.0.1',
    'aws:RequestedRegion': exchange.region,
  }
}

function callerKeys({ caller }: Call): ContextValues {
  return {
    'aws:PrincipalAccount': caller.accountId,
    'aws:PrincipalArn': caller.principalArn,
    'aws:PrincipalType': caller.kind === 'role' ? 'AssumedRole' : 'User',
    'aws:userid': caller.userId,
    'aws:username': caller.kind === 'user' ? caller.userName : undefined,
    ...(caller.kind === 'role' ? tagKeys('aws:PrincipalTag', caller.role.tags) : {}),
  }
}

interface PolicySet {
  kind: 'identity-based' | 'session'
  policies: PolicyDocument[]
}

/** Every set has to allow the action; an administrator has none that could refuse it. */
function policySets({ caller, account, nowMs }: Call): PolicySet[] {
  if (caller.kind === 'user') {
    return caller.policy === undefined ? [] : [{ kind: 'identity-based', policies: [parsePolicy(caller.policy)] }]
  }
  const inline = inlinePolicies(account, caller.role).page(nowMs, Number.POSITIVE_INFINITY).values
  const sets: PolicySet[] = [{ kind: 'identity-based', policies: inline.map(({ document }) => parsePolicy(document)) }]
  const { sessionPolicies } = caller.session
  if (sessionPolicies.length > 0) sets.push({ kind: 'session', policies: sessionPolicies.map(parsePolicy) })
  return sets
}

function reason(decision: Decision, kind: PolicySet['kind'], action: string): string {
  const article = kind === 'session' ? 'a' : 'an'
  return decision === 'explicitDeny'
    ? `with an explicit deny in ${article} ${kind} policy`
    : `because no ${kind} policy allows the ${action} action`
}
