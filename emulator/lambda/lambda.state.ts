import { AwsError } from '../errors.ts'
import { parseArn } from '../identifiers.ts'
import { ReplicatedMap } from '../replicated-map.ts'
import type { Call, Target } from '../service.ts'
import { perRegion } from '../state.ts'

export interface LambdaFunction {
  /** Without qualifier. */
  arn: string
  name: string
  runtime: string | undefined
  role: string
  handler: string | undefined
  description: string
  codeSha256: string
  codeBytes: number
  lastModifiedAt: Date
  revisionId: string
  /** Published versions count from 1. */
  publishedVersions: number
  /** Alias to version. */
  aliases: ReadonlyMap<string, string>
  tags: Record<string, string>
  /** What an invocation answers; without it the event comes back as it was sent, since no code is run here. */
  respond?: (event: string) => string
}

/** How a call names a function: by name, partial or full ARN, with the qualifier in it or beside it. */
export interface FunctionReference {
  FunctionName: string
  Qualifier?: string | undefined
}

/** An account's functions of one region, by name. */
export const functionsOf = perRegion(() => new ReplicatedMap<LambdaFunction>())

/** Resolves a reference; refuses functions of another region and contradicting qualifiers as Lambda does. */
export function locate({ FunctionName, Qualifier }: FunctionReference, { account, region }: Pick<Call, 'account' | 'region'>) {
  const arn = parseArn(FunctionName)
  if (arn && arn.region !== region) {
    refuse('ResourceNotFoundException', `Functions from '${arn.region}' are not reachable in this region ('${region}')`, 404)
  }
  const [name = '', derived] = (arn?.resource ?? FunctionName).replace(/^(\d{12}:)?function:/, '').split(':')
  if (derived !== undefined && Qualifier !== undefined && derived !== Qualifier) {
    refuse('InvalidParameterValueException', 'The derived qualifier from the function name does not match the specified qualifier.', 400)
  }
  const owner = arn?.accountId ?? /^(\d{12}):function:/.exec(FunctionName)?.[1] ?? account.id
  return { name, qualifier: Qualifier ?? derived, arn: `arn:${account.partition}:lambda:${region}:${owner}:function:${name}` }
}

export function aboutFunction(reference: FunctionReference, call: Call): Target {
  const { arn, name, qualifier } = locate(reference, call)
  const tags = new Map(Object.entries(functionsOf(call.account, call.region).latest(name)?.tags ?? {}))
  return { arn: qualifier === undefined ? arn : `${arn}:${qualifier}`, tags }
}

/** The function as readers see it; its version or alias must exist too. */
export function visibleFunction(reference: FunctionReference, call: Call): LambdaFunction {
  const { name, arn, qualifier } = locate(reference, call)
  const found = functionsOf(call.account, call.region).visible(name, call.nowMs)
  if (!found || (qualifier !== undefined && !hasQualifier(found, qualifier))) {
    return noSuchFunction(qualifier === undefined ? arn : `${arn}:${qualifier}`)
  }
  return found
}

export function latestFunction(reference: FunctionReference, call: Call): LambdaFunction {
  const { name, arn } = locate(reference, call)
  return functionsOf(call.account, call.region).latest(name) ?? noSuchFunction(arn)
}

export function putFunction(call: Call, made: LambdaFunction): void {
  functionsOf(call.account, call.region).put(made.name, made, call.nowMs, call.visibleAtMs())
}

export function hasQualifier({ aliases, publishedVersions }: LambdaFunction, qualifier: string): boolean {
  const isVersion = /^[1-9]\d*$/.test(qualifier) && Number(qualifier) <= publishedVersions
  return qualifier === '$LATEST' || isVersion || aliases.has(qualifier)
}

export function describeFunction(found: LambdaFunction, qualifier?: string) {
  return {
    FunctionName: found.name,
    FunctionArn: qualifier === undefined ? found.arn : `${found.arn}:${qualifier}`,
    Runtime: found.runtime,
    Role: found.role,
    Handler: found.handler,
    Description: found.description,
    CodeSha256: found.codeSha256,
    CodeSize: found.codeBytes,
    LastModified: found.lastModifiedAt.toISOString().replace('Z', '+0000'),
    Version: executedVersion(found, qualifier),
    RevisionId: found.revisionId,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Timeout: 3,
    MemorySize: 128,
  }
}

export function executedVersion(found: LambdaFunction, qualifier = '$LATEST'): string {
  return found.aliases.get(qualifier) ?? qualifier
}

export function noSuchFunction(arn: string): never {
  return refuse('ResourceNotFoundException', `Function not found: ${arn}`, 404)
}

export function refuse(code: string, message: string, httpStatus: number): never {
  throw new AwsError(code, message, httpStatus, { Type: 'User' })
}
