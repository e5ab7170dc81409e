import { parseArn } from '../identifiers.ts'
import { isKnownOperator } from './condition.ts'
import { malformedPolicy, type PolicyDocument, parsePolicy, type Statement } from './document.ts'

/** Accepts a role's trust policy as IAM does, or throws MalformedPolicyDocument in IAM's words. */
export function checkTrustPolicy(text: string): PolicyDocument {
  const policy = parsePolicy(text)
  checkSids(policy)
  for (const statement of policy.statements) {
    if (statement.resources || statement.notResources) throw malformedPolicy('Has prohibited field Resource')
    if (!statement.principals && !statement.notPrincipals) throw malformedPolicy('Missing required field Principal')
    if (!statement.actions && !statement.notActions) throw malformedPolicy('Missing required field Action')
    for (const action of statement.actions ?? []) {
      if (!/^sts:/i.test(action)) throw malformedPolicy('AssumeRole policy may only specify STS AssumeRole actions.')
    }
    checkPrincipals(statement)
    checkConditions(statement)
  }
  return policy
}

/** Accepts an inline or session policy as IAM does, or throws MalformedPolicyDocument in IAM's words. */
export function checkIdentityPolicy(text: string): PolicyDocument {
  const policy = parsePolicy(text)
  checkSids(policy)
  for (const statement of policy.statements) {
    if (statement.principals || statement.notPrincipals) throw malformedPolicy('Policy document should not specify a principal.')
    const actions = statement.actions ?? statement.notActions
    if (!actions?.length) throw malformedPolicy('Policy statement must contain actions.')
    const resources = statement.resources ?? statement.notResources
    if (!resources?.length) throw malformedPolicy('Policy statement must contain resources.')
    for (const action of actions) {
      if (action !== '*' && !/^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(action)) {
        throw malformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
      }
    }
    for (const resource of resources) {
      if (resource !== '*' && !resource.startsWith('arn:')) throw malformedPolicy(`Resource ${resource} must be in ARN format or "*".`)
    }
    checkConditions(statement)
  }
  return policy
}

function checkSids(policy: PolicyDocument): void {
  const sids = policy.statements.flatMap((statement) => statement.sid ?? [])
  if (new Set(sids).size < sids.length) throw malformedPolicy('Statement IDs (SID) in a single policy must be unique.')
}

function checkConditions(statement: Statement): void {
  for (const { operator } of statement.conditions) {
    if (!isKnownOperator(operator)) throw malformedPolicy(`Invalid Condition type : ${operator}.`)
  }
}

function checkPrincipals(statement: Statement): void {
  const principals = statement.principals ?? statement.notPrincipals
  if (!(principals instanceof Map)) return
  for (const value of principals.get('AWS') ?? []) {
    const isWellFormed = value === '*' || /^\d{12}$/.test(value) || ['iam', 'sts'].includes(parseArn(value)?.service ?? '')
    if (!isWellFormed) throw malformedPolicy(`Invalid principal in policy: "AWS":"${value}"`)
  }
  for (const value of principals.get('Federated') ?? []) {
    const isWellFormed = /^[a-z][a-z0-9.-]*\.com$/.test(value) || /^(oidc|saml)-provider\/./.test(parseArn(value)?.resource ?? '')
    if (!isWellFormed) throw malformedPolicy(`Invalid principal in policy: "FEDERATED":"${value}"`)
  }
}
