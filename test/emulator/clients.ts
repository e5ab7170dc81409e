import { AccessAnalyzerClient } from '@aws-sdk/client-accessanalyzer'
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail'
import { IAMClient } from '@aws-sdk/client-iam'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { ResourceExplorer2Client } from '@aws-sdk/client-resource-explorer-2'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SSOAdminClient } from '@aws-sdk/client-sso-admin'
import { type Credentials, STSClient } from '@aws-sdk/client-sts'

export interface ClientOptions {
  region?: string
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  maxAttempts?: number
}

/** The real SDK's clients, pointed at the emulator and without retries, so that a test sees each answer. */
export function clientsOf(endpoint: string, options: ClientOptions = {}) {
  const config = { endpoint, maxAttempts: 1, ...options, region: options.region ?? 'us-east-1' }
  return {
    sts: new STSClient(config),
    iam: new IAMClient(config),
    accessAnalyzer: new AccessAnalyzerClient(config),
    cloudTrail: new CloudTrailClient(config),
    lambda: new LambdaClient(config),
    identityCenter: new SSOAdminClient(config),
    resourceExplorer: new ResourceExplorer2Client(config),
    secretsManager: new SecretsManagerClient(config),
  }
}

export function administratorOf(accountId: string) {
  return { accessKeyId: `AKIA${accountId}`, secretAccessKey: 'any secret will do' }
}

/** An STS answer's credentials in the form clients take them. */
export function sessionOf(credentials: Credentials | undefined) {
  return {
    accessKeyId: credentials?.AccessKeyId ?? '',
    secretAccessKey: credentials?.SecretAccessKey ?? '',
    sessionToken: credentials?.SessionToken ?? '',
  }
}

/** What a call failed with, as a caller of the SDK sees it; fails the test when the call went through. */
export async function refusalOf(call: Promise<unknown>): Promise<{ name: string; message: string; status: number | undefined }> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error)) throw new Error('The call was expected to be refused, but went through')
  const metadata = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }) : {}
  return { name: error.name, message: error.message, status: metadata.httpStatusCode }
}

/** Every page that one of the SDK's paginators gives. */
export async function pagesOf<Page>(paginator: AsyncIterable<Page>): Promise<Page[]> {
  const pages: Page[] = []
  for await (const page of paginator) pages.push(page)
  return pages
}
