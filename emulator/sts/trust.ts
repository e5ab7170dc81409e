import type { Caller } from '../caller.ts'
import { parseArn } from '../identifiers.ts'
import { type ContextValues, PolicyContext } from '../policy/context.ts'
import { type Principals, parsePolicy } from '../policy/document.ts'
import { type Decision, decide } from '../policy/evaluate.ts'

/** What a role's trust policy says of a token from this federated provider. */
export function decideForProvider(trustPolicy: string, provider: string, context: ContextValues[]): Decision {
  const isPrincipal = (principals: Principals) =>
    principals === '*' || (principals.get('Federated')?.includes(provider) ?? false) || (principals.get('AWS')?.includes('*') ?? false)
  return decide([parsePolicy(trustPolicy)], {
    action: 'sts:AssumeRoleWithWebIdentity',
    context: new PolicyContext(...context),
    isPrincipal,
  })
}

/** What a role's trust policy says of an AWS caller: by account, by the user's or role's own ARN, or of everyone. */
export function decideForCaller(trustPolicy: string, caller: Caller, context: ContextValues[]): Decision {
  const isCaller = (value: string) => {
    if (value === '*' || value === caller.accountId || value === caller.arn || value === caller.principalArn) return true
    const arn = parseArn(value)
    return arn?.resource === 'root' && arn.accountId === caller.accountId
  }
  const isPrincipal = (principals: Principals) => principals === '*' || (principals.get('AWS')?.some(isCaller) ?? false)
  return decide([parsePolicy(trustPolicy)], { action: 'sts:AssumeRole', context: new PolicyContext(...context), isPrincipal })
}
