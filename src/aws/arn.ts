/** Reading the ARNs and item ids that callers name: what passes here is safe in a policy, a recipe and a host name. */
import type { AwsPartition, VerifiableKind } from './aws.type.ts'
import { arnPartitionOf, partitionOf, regionBelongsTo } from './partition.ts'

/** Which part of the input is wrong and what was expected, in words for the caller. */
export interface ArnProblem {
  message: string
}

export interface ItemId {
  accountId: string
  /** Set where the item id itself names the partition: a function's ARN. */
  partition?: AwsPartition
  functionArn?: string
}

export interface FunctionArn {
  arn: string
  partition: AwsPartition
  region: string
  accountId: string
  functionName: string
  /** An alias, a version number or `$LATEST`; null for the unqualified function. */
  qualifier: string | null
}

export interface SecretArn {
  arn: string
  partition: AwsPartition
  region: string
  accountId: string
}

export interface ServiceArnExpectation {
  service: 'access-analyzer' | 'cloudtrail'
  resourceType: 'analyzer' | 'eventdatastore'
  partition: AwsPartition
  accountId: string
}

/** What a component's `itemId` names: an AWS account, or for FUNCTION_CALLER a Lambda function. */
export function parseItemId(kind: VerifiableKind, itemId: string): ItemId | { problem: ArnProblem } {
  if (kind !== 'FUNCTION_CALLER') {
    return ACCOUNT_ID.test(itemId) ? { accountId: itemId } : problem('account id', itemId, 'the 12 digits of an AWS account')
  }
  const parsed = parseFunctionArn(itemId)
  if ('problem' in parsed) return parsed
  return { accountId: parsed.accountId, partition: parsed.partition, functionArn: parsed.arn }
}

/** `arn:<partition>:lambda:<region>:<account>:function:<name>[:<qualifier>]`. */
export function parseFunctionArn(arn: string): FunctionArn | { problem: ArnProblem } {
  const [prefix, arnPartition = '', service = '', region = '', accountId = '', type = '', name = '', ...qualifiers] = arn.split(':')
  const partition = partitionOf(arnPartition)
  if (prefix !== 'arn') return problem('ARN', arn, 'a Lambda function ARN, arn:<partition>:lambda:<region>:<account>:function:<name>')
  if (partition === null) return problem("ARN's partition", arnPartition, 'aws or aws-us-gov')
  if (service !== 'lambda') return problem("ARN's service", service, 'lambda')
  if (!regionBelongsTo(region, partition)) return problem("ARN's region", region, `a region of the partition ${arnPartition}`)
  if (!ACCOUNT_ID.test(accountId)) return problem("ARN's account", accountId, '12 digits')
  if (type !== 'function') return problem("ARN's resource type", type, 'function')
  if (!FUNCTION_NAME.test(name)) return problem("ARN's function name", name, '1 to 64 letters, digits, hyphens and underscores')
  const qualifier = qualifiers.length === 0 ? null : qualifiers.join(':')
  if (qualifier !== null && !QUALIFIER.test(qualifier)) return problem("ARN's qualifier", qualifier, 'an alias, a version or $LATEST')
  return { arn, partition, region, accountId, functionName: name, qualifier }
}

/** The region and the last part of an analyzer's or event data store's ARN, which must be of this partition and account. */
export function parseServiceArn(arn: string, expected: ServiceArnExpectation): { region: string; name: string } | { problem: ArnProblem } {
  const { service, resourceType, partition, accountId } = expected
  const form = `arn:${arnPartitionOf(partition)}:${service}:<region>:${accountId}:${resourceType}/<${RESOURCE_NAMES[resourceType].part}>`
  const [prefix, arnPartition = '', actualService = '', region = '', actualAccount = '', resource = '', ...rest] = arn.split(':')
  if (prefix !== 'arn' || rest.length > 0) return problem('ARN', arn, form)
  if (arnPartition !== arnPartitionOf(partition)) return problem("ARN's partition", arnPartition, arnPartitionOf(partition))
  if (actualService !== service) return problem("ARN's service", actualService, service)
  if (!regionBelongsTo(region, partition)) return problem("ARN's region", region, `a region of the partition ${arnPartition}`)
  if (actualAccount !== accountId) return problem("ARN's account", actualAccount, accountId)
  const [actualType = '', ...names] = resource.split('/')
  if (actualType !== resourceType) return problem("ARN's resource type", actualType, resourceType)
  const name = names.join('/')
  const { pattern, part } = RESOURCE_NAMES[resourceType]
  return pattern.test(name) ? { region, name } : problem(`ARN's ${part}`, name, `as in ${form}`)
}

/** `arn:<partition>:secretsmanager:<region>:<account>:secret:<name>-<6 characters>`, as a whole: a part of one names any that begins so. */
export function parseSecretArn(arn: string): SecretArn | { problem: ArnProblem } {
  const [prefix, arnPartition = '', service = '', region = '', accountId = '', type = '', name = '', ...rest] = arn.split(':')
  const partition = partitionOf(arnPartition)
  const form = 'the full ARN of a secret, arn:<partition>:secretsmanager:<region>:<account>:secret:<name>-<6 characters>'
  if (prefix !== 'arn' || rest.length > 0) return problem('ARN', arn, form)
  if (partition === null) return problem("ARN's partition", arnPartition, 'aws or aws-us-gov')
  if (service !== 'secretsmanager') return problem("ARN's service", service, 'secretsmanager')
  if (!regionBelongsTo(region, partition)) return problem("ARN's region", region, `a region of the partition ${arnPartition}`)
  if (!ACCOUNT_ID.test(accountId)) return problem("ARN's account", accountId, '12 digits')
  if (type !== 'secret') return problem("ARN's resource type", type, 'secret')
  if (!SECRET_NAME.test(name)) return problem("ARN's name", name, `with the six characters at its end, as in ${form}`)
  return { arn, partition, region, accountId }
}

const ACCOUNT_ID = /^\d{12}$/
const FUNCTION_NAME = /^[A-Za-z0-9-_]{1,64}$/
const QUALIFIER = /^(\$LATEST|[A-Za-z0-9-_]{1,128})$/
const SECRET_NAME = /^[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}$/
const RESOURCE_NAMES = {
  analyzer: { part: 'name', pattern: /^[A-Za-z][A-Za-z0-9_.-]{0,254}$/ },
  eventdatastore: { part: 'uuid', pattern: /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/ },
}

function problem(part: string, actual: string, expected: string): { problem: ArnProblem } {
  return { problem: { message: `The ${part} is ${JSON.stringify(actual.slice(0, 256))}, expected ${expected}` } }
}
