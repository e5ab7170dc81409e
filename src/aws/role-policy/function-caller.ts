/** FUNCTION_CALLER: one role an account, in it one inline policy a function. */
import { createHash } from 'node:crypto'
import type { FunctionArn } from '../arn.ts'
import { allowInAccount, type PolicyScope, type Statement } from './statement.ts'

/** IAM's limit for the name of an inline policy, in characters. */
const MAX_POLICY_NAME_LENGTH = 128

export function functionCallerStatements(scope: PolicyScope, { arn }: FunctionArn): Statement[] {
  return [allowInAccount(scope, 'InvokeFunction', ['lambda:InvokeFunction'], arn)]
}

/** `GatehouseInvoke-<region>-<function>[-<qualifier>]`; over 128 characters cut, and ended with 8 hex of the whole name's SHA-256. */
export function functionPolicyName({ region, functionName, qualifier }: FunctionArn): string {
  const suffix = qualifier === null ? '' : `-${qualifier === '$LATEST' ? 'LATEST' : qualifier}`
  const name = `GatehouseInvoke-${region}-${functionName}${suffix}`
  if (name.length <= MAX_POLICY_NAME_LENGTH) return name
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${name.slice(0, MAX_POLICY_NAME_LENGTH - digest.length)}${digest}`
}
