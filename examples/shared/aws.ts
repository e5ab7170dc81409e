import { IAMClient } from '@aws-sdk/client-iam'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { AwsPartition } from '../generated/operations.ts'

/** How to get into an AWS account. */
export interface AwsAccess {
  /** Instead of AWS itself; null: AWS. */
  endpointUrl: string | null
  /** The role to assume in each account, with the credentials of the shell; null: the stand-in's own keys, AKIA<account id>. */
  roleName: string | null
}

export const arnPartitions: Record<AwsPartition, string> = { AWS: 'aws', AWS_US_GOV: 'aws-us-gov' }
const regions: Record<AwsPartition, string> = { AWS: 'us-east-1', AWS_US_GOV: 'us-gov-west-1' }

/** IAM of each account, as its administrator: in AWS by a role that the shell's own credentials may assume, in the stand-in by its keys. */
export function iamClients({ endpointUrl, roleName }: AwsAccess) {
  // Shared, with its keep-alive connections. Without these limits the SDK waits for ever for a server that says nothing.
  const requestHandler = new NodeHttpHandler({ connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true })
  const common = { requestHandler, maxAttempts: 5, ...(endpointUrl ? { endpoint: endpointUrl } : {}) }

  const assumedRole = (accountId: string, partition: AwsPartition) => async () => {
    const sts = new STSClient({ ...common, region: regions[partition] })
    const RoleArn = `arn:${arnPartitions[partition]}:iam::${accountId}:role/${roleName}`
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'onboard-aws' }))
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {}
    if (!AccessKeyId || !SecretAccessKey) throw new Error(`AWS STS gave no credentials of ${RoleArn}`)
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken, expiration: Expiration }
  }
  return {
    of(accountId: string, partition: AwsPartition): IAMClient {
      const credentials = roleName
        ? assumedRole(accountId, partition)
        : { accessKeyId: `AKIA${accountId}`, secretAccessKey: 'of the stand-in' }
      return new IAMClient({ ...common, region: regions[partition], credentials })
    },
    /** Closes the connections of all of them. */
    close: () => requestHandler.destroy(),
  }
}
