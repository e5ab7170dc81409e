import { holds } from './condition.ts'
import type { PolicyContext } from './context.ts'
import type { PolicyDocument, Principals, Statement } from './document.ts'
import { fillVariables, matchesArn, matchesWildcards } from './pattern.ts'

export type Decision = 'allow' | 'explicitDeny' | 'implicitDeny'

export interface Question {
  /** Such as `iam:GetRole`; compares case-insensitively. */
  action: string
  /** An ARN, or `*` for an action without a resource type. Left out for trust policies, which name no resource. */
  resource?: string
  context: PolicyContext
  /** For policies that name principals: whether the caller is among them. */
  isPrincipal?(principals: Principals): boolean
}

/** What the policies together say of one request: an explicit Deny wins, then any Allow, else it is denied implicitly. */
export function decide(policies: Iterable<PolicyDocument>, question: Question): Decision {
  let isAllowed = false
  for (const policy of policies) {
    for (const statement of policy.statements) {
      if (statement.effect === 'Allow' && isAllowed) continue
      if (!applies(statement, question, policy.hasVariables)) continue
      if (statement.effect === 'Deny') return 'explicitDeny'
      isAllowed = true
    }
  }
  return isAllowed ? 'allow' : 'implicitDeny'
}

function applies(statement: Statement, question: Question, hasVariables: boolean): boolean {
  return (
    matchesAction(statement, question.action) &&
    (question.resource === undefined || matchesResource(statement, question.resource, question.context, hasVariables)) &&
    matchesPrincipal(statement, question) &&
    statement.conditions.every((condition) => holds(condition, question.context, hasVariables))
  )
}

function matchesAction(statement: Statement, action: string): boolean {
  const asked = action.toLowerCase()
  const isAmong = (patterns: string[]) => patterns.some((pattern) => matchesWildcards(pattern.toLowerCase(), asked))
  if (statement.actions) return isAmong(statement.actions)
  return statement.notActions !== undefined && !isAmong(statement.notActions)
}

function matchesResource(statement: Statement, resource: string, context: PolicyContext, hasVariables: boolean): boolean {
  const isAmong = (patterns: string[]) =>
    patterns.some((pattern) => {
      const filled = hasVariables ? fillVariables(pattern, context) : pattern
      return filled !== undefined && matchesArn(filled, resource)
    })
  if (statement.resources) return isAmong(statement.resources)
  return statement.notResources !== undefined && !isAmong(statement.notResources)
}

function matchesPrincipal(statement: Statement, { isPrincipal }: Question): boolean {
  if (!isPrincipal) return true
  if (statement.principals) return isPrincipal(statement.principals)
  return statement.notPrincipals !== undefined && !isPrincipal(statement.notPrincipals)
}
