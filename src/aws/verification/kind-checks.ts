import { GetAnalyzerCommand } from '@aws-sdk/client-accessanalyzer'
import { GetEventDataStoreCommand } from '@aws-sdk/client-cloudtrail'
import { GetSAMLProviderCommand } from '@aws-sdk/client-iam'
import { InvokeCommand } from '@aws-sdk/client-lambda'
import { ListIndexesCommand } from '@aws-sdk/client-resource-explorer-2'
import type { VerificationCheck } from '../aws.type.ts'
import { arnPartitionOf, defaultRegion, regionBelongsTo } from '../partition.ts'
import { askPatiently, describe, isMissing } from './answer.ts'
import type { Role, RoleSession } from './assume-role.ts'
import { failed, passed, skipped } from './check.ts'
import { allowCall } from './remediation.ts'
import { IAM, iamClient } from './role-documents.ts'
import type { Run } from './run.ts'

/** GetAnalyzer by the last part of the ARN, in the ARN's region. */
export async function checkAccessAnalyzer(run: Run, session: RoleSession, role: Role, arn: string): Promise<VerificationCheck> {
  const code = 'ACCESS_ANALYZER_ACTIVE'
  const client = run.clients.accessAnalyzer(regionOf(arn, role), session.credentials)
  const command = new GetAnalyzerCommand({ analyzerName: arn.slice(arn.lastIndexOf('/') + 1) })
  const answer = await askPatiently(run, 'IAM Access Analyzer', (options) => client.send(command, options))
  if ('value' in answer && answer.value.analyzer?.status === 'ACTIVE') return passed(code, 'The access analyzer is active.')
  const expected = `${arn} is ACTIVE`
  if ('value' in answer) {
    return failed(code, {
      message: 'The access analyzer is not active.',
      expected,
      actual: answer.value.analyzer?.status ?? 'no status',
      remediation: 'Wait until IAM Access Analyzer has activated it, or configure the ARN of an active analyzer.',
    })
  }
  return failed(code, {
    message: isMissing(answer.refusal) ? 'There is no such access analyzer.' : 'The access analyzer could not be read.',
    expected,
    actual: describe(answer.refusal),
    remediation: isMissing(answer.refusal)
      ? 'Configure the ARN of an analyzer that exists (console: IAM > Access Analyzer > Analyzer settings), or clear accessAnalyzerArn.'
      : allowCall(role.setup.roleName, 'access-analyzer:GetAnalyzer'),
  })
}

/** GetEventDataStore by its ARN, in the ARN's region, with the session of the account's IAM_ASSESSMENT role. */
export async function checkEventDataStore(run: Run, session: RoleSession, role: Role, arn: string): Promise<VerificationCheck> {
  const code = 'CLOUDTRAIL_LAKE_ENABLED'
  const client = run.clients.cloudTrail(regionOf(arn, role), session.credentials)
  const command = new GetEventDataStoreCommand({ EventDataStore: arn })
  const answer = await askPatiently(run, 'AWS CloudTrail', (options) => client.send(command, options))
  if ('value' in answer && answer.value.Status === 'ENABLED') return passed(code, 'The event data store is enabled.')
  const expected = `${arn} is ENABLED`
  if ('value' in answer) {
    return failed(code, {
      message: 'The event data store is not enabled.',
      expected,
      actual: answer.value.Status ?? 'no status',
      remediation: `Resume it: aws cloudtrail start-event-data-store-ingestion --event-data-store ${arn}, or where it is pending deletion restore it: aws cloudtrail restore-event-data-store --event-data-store ${arn}. Or configure another existing store, or clear cloudLakeArn.`,
    })
  }
  return failed(code, {
    message: isMissing(answer.refusal) ? 'There is no such event data store.' : 'The event data store could not be read.',
    expected,
    actual: describe(answer.refusal),
    remediation: isMissing(answer.refusal)
      ? 'Configure the ARN of an event data store that the account has (aws cloudtrail list-event-data-stores), or clear cloudLakeArn.'
      : allowCall(role.setup.roleName, 'cloudtrail:GetEventDataStore'),
  })
}

/** A dry run checks existence and permission without running anything; Lambda answers it with 204. */
export async function checkFunction(run: Run, session: RoleSession, role: Role, arn: string): Promise<VerificationCheck> {
  const code = 'LAMBDA_INVOCABLE'
  const client = run.clients.lambda(regionOf(arn, role), session.credentials)
  const command = new InvokeCommand({ FunctionName: arn, InvocationType: 'DryRun' })
  const answer = await askPatiently(run, 'AWS Lambda', (options) => client.send(command, options))
  if ('value' in answer && answer.value.StatusCode === 204) return passed(code, 'The function may be invoked.')
  const isGone = 'refusal' in answer && isMissing(answer.refusal)
  return failed(code, {
    message: isGone ? 'There is no such function.' : 'The function may not be invoked.',
    expected: `Invoke of ${arn} with DryRun answers 204`,
    actual: 'refusal' in answer ? describe(answer.refusal) : `status ${answer.value.StatusCode ?? 'missing'}`,
    remediation: isGone
      ? 'Create the function (with the alias or version that the ARN names), or remove this component and stage one for the right ARN.'
      : allowCall(role.setup.roleName, `lambda:InvokeFunction on ${arn}`),
  })
}

export async function checkSamlProvider(run: Run, session: RoleSession, role: Role, providerName: string): Promise<VerificationCheck> {
  const code = 'SAML_PROVIDER_EXISTS'
  const arn = `arn:${arnPartitionOf(role.partition)}:iam::${role.accountId}:saml-provider/${providerName}`
  const client = iamClient(run, session)
  const answer = await askPatiently(run, IAM, (options) => client.send(new GetSAMLProviderCommand({ SAMLProviderArn: arn }), options))
  if ('value' in answer) return passed(code, `The SAML provider ${providerName} exists.`)
  return failed(code, {
    message: isMissing(answer.refusal) ? `The account has no SAML provider ${providerName}.` : 'The SAML provider could not be read.',
    expected: arn,
    actual: describe(answer.refusal),
    remediation: isMissing(answer.refusal)
      ? `Create it: aws iam create-saml-provider --name ${providerName} --saml-metadata-document file://metadata.xml (console: IAM > Identity providers), or configure the name of one that exists.`
      : allowCall(role.setup.roleName, 'iam:GetSAMLProvider'),
  })
}

/** Any index will do. Without one discovery uses the list calls, so that is no failure. */
export async function checkResourceExplorer(run: Run, session: RoleSession, role: Role): Promise<VerificationCheck> {
  const code = 'RESOURCE_EXPLORER_INDEX'
  const client = run.clients.resourceExplorer(defaultRegion(role.partition, run.awsRegion ?? undefined), session.credentials)
  const answer = await askPatiently(run, 'AWS Resource Explorer', (options) =>
    client.send(new ListIndexesCommand({ MaxResults: 1 }), options),
  )
  if ('value' in answer && (answer.value.Indexes ?? []).length > 0) return passed(code, 'Resource Explorer has an index.')
  if ('value' in answer) {
    return skipped(
      code,
      'Resource Explorer has no index in this account: discovery uses the list calls of each region instead.',
      'Turn Resource Explorer on (console: Resource Explorer > Settings, or aws resource-explorer-2 create-index and update-index-type --type AGGREGATOR) to find more kinds of resources.',
    )
  }
  return failed(code, {
    message: 'The indexes of Resource Explorer could not be listed.',
    expected: 'resource-explorer-2:ListIndexes is allowed',
    actual: describe(answer.refusal),
    remediation: allowCall(role.setup.roleName, 'resource-explorer-2:ListIndexes'),
  })
}

/** The region becomes part of a host name; configurations are checked for it, and what slipped through goes nowhere. */
function regionOf(arn: string, { partition }: Role): string {
  const region = arn.split(':')[3] ?? ''
  if (!regionBelongsTo(region, partition)) throw new Error(`the stored ARN ${arn} names no region of its partition`)
  return region
}
