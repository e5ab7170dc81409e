import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { AccessAnalyzerClient } from '@aws-sdk/client-accessanalyzer'
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail'
import { IAMClient } from '@aws-sdk/client-iam'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { ResourceExplorer2Client } from '@aws-sdk/client-resource-explorer-2'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SSOAdminClient } from '@aws-sdk/client-sso-admin'
import { STSClient } from '@aws-sdk/client-sts'
import { NodeHttpHandler } from '@smithy/node-http-handler'

export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

export interface AwsClientSettings {
  /** Where every call goes instead of AWS (AWS_ENDPOINT_URL), or null. */
  endpointUrl: string | null
  /** Where the calls of one service go instead, whatever endpointUrl says (AWS_ENDPOINT_URL_<SERVICE>). */
  serviceEndpointUrls?: Partial<Record<AwsService, string>>
  /** AWS_USE_FIPS_ENDPOINT. Default false. */
  useFipsEndpoint?: boolean
  /** Of one call over an established connection; the connection itself gets a second. Default 3,000. */
  callTimeoutMs?: number
  /** Default 3. */
  attempts?: number
  /** Of AssumeRoleWithWebIdentity, in which AWS itself gives an issuer 5 s. Default 8,000. */
  stsTimeoutMs?: number
  /** Default 2. */
  stsAttempts?: number
}

/** As the SDK spells the services in AWS_ENDPOINT_URL_<SERVICE>. */
export type AwsService =
  | 'STS'
  | 'IAM'
  | 'ACCESSANALYZER'
  | 'CLOUDTRAIL'
  | 'LAMBDA'
  | 'SSO_ADMIN'
  | 'RESOURCE_EXPLORER_2'
  | 'S3'
  | 'EC2'
  | 'RESOURCE_GROUPS_TAGGING_API'
  | 'SECRETS_MANAGER'

export type AwsClients = ReturnType<typeof createAwsClients>

/** Sockets a host: beyond them calls queue, and their time-out runs while they wait. */
const MAX_SOCKETS = 256
const CONNECTION_TIMEOUT_MS = 1_000

/**
 * The SDK's clients, one factory a service, each with the region and the credentials it is to use. They share the keep-alive
 * sockets; retries (standard mode, jittered) happen in the SDK alone. No setting and no credential is ever taken from the
 * environment, the shared configuration files or the metadata services: an operator's own credentials must not do tenants' work.
 * Do not `destroy()` a client, `close()` all.
 */
export function createAwsClients(settings: AwsClientSettings) {
  const { callTimeoutMs = 3_000, attempts = 3, stsTimeoutMs = 8_000, stsAttempts = 2 } = settings
  const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS })
  const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS })
  const handler = (requestTimeout: number) =>
    new NodeHttpHandler({
      httpAgent,
      httpsAgent,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout,
      // Idle time while a body arrives, which requestTimeout does not cover.
      socketTimeout: requestTimeout,
      throwOnRequestTimeout: true,
    })
  const stsHandler = handler(stsTimeoutMs)
  const common = {
    requestHandler: handler(callTimeoutMs),
    maxAttempts: attempts,
    // What is not given here the SDK would look for in the environment, in ~/.aws and, by defaultsMode auto, in the metadata service.
    ignoreConfiguredEndpointUrls: true,
    defaultsMode: 'standard' as const,
    retryMode: 'standard',
    useFipsEndpoint: settings.useFipsEndpoint ?? false,
    useDualstackEndpoint: false,
    authSchemePreference: [],
    sigv4aSigningRegionSet: [],
    userAgentAppId: 'gatehouse',
  }
  const config = (service: AwsService, region: string, credentials: AwsCredentials | typeof noCredentials) => {
    const endpoint = settings.serviceEndpointUrls?.[service] ?? settings.endpointUrl
    return { ...common, region, credentials, ...(endpoint === null ? {} : { endpoint }) }
  }
  return {
    /** Without credentials, for AssumeRoleWithWebIdentity only: it is sent unsigned. */
    webIdentity: (region: string) =>
      new STSClient({ ...config('STS', region, noCredentials), requestHandler: stsHandler, maxAttempts: stsAttempts }),
    sts: (region: string, credentials: AwsCredentials) => new STSClient(config('STS', region, credentials)),
    iam: (region: string, credentials: AwsCredentials) => new IAMClient(config('IAM', region, credentials)),
    accessAnalyzer: (region: string, credentials: AwsCredentials) =>
      new AccessAnalyzerClient(config('ACCESSANALYZER', region, credentials)),
    cloudTrail: (region: string, credentials: AwsCredentials) => new CloudTrailClient(config('CLOUDTRAIL', region, credentials)),
    lambda: (region: string, credentials: AwsCredentials) => new LambdaClient(config('LAMBDA', region, credentials)),
    ssoAdmin: (region: string, credentials: AwsCredentials) => new SSOAdminClient(config('SSO_ADMIN', region, credentials)),
    resourceExplorer: (region: string, credentials: AwsCredentials) =>
      new ResourceExplorer2Client(config('RESOURCE_EXPLORER_2', region, credentials)),
    // These three are loaded when first used: of a process that reads no resources they would be the largest part.
    s3: async (region: string, credentials: AwsCredentials) => {
      const { S3Client } = await import('@aws-sdk/client-s3')
      return new S3Client({ ...config('S3', region, credentials), ...s3Settings })
    },
    ec2: async (region: string, credentials: AwsCredentials) => {
      const { EC2Client } = await import('@aws-sdk/client-ec2')
      return new EC2Client(config('EC2', region, credentials))
    },
    tagging: async (region: string, credentials: AwsCredentials) => {
      const { ResourceGroupsTaggingAPIClient } = await import('@aws-sdk/client-resource-groups-tagging-api')
      return new ResourceGroupsTaggingAPIClient(config('RESOURCE_GROUPS_TAGGING_API', region, credentials))
    },
    secretsManager: (region: string, credentials: AwsCredentials) =>
      new SecretsManagerClient(config('SECRETS_MANAGER', region, credentials)),
    /** Drops the sockets; what is in flight fails. */
    close(): void {
      httpAgent.destroy()
      httpsAgent.destroy()
    },
  }
}

/** What S3's client alone would look for in the environment and in ~/.aws. */
const s3Settings = {
  useArnRegion: false,
  disableS3ExpressSessionAuth: true,
  disableMultiregionAccessPoints: true,
  requestChecksumCalculation: 'WHEN_REQUIRED' as const,
  responseChecksumValidation: 'WHEN_REQUIRED' as const,
}

async function noCredentials(): Promise<never> {
  throw new Error('this call has no credentials of its own, and none are ever taken from the environment')
}
