/** AWS partitions: separate clouds with regions, ARNs and endpoints of their own. Only these two are supported. */
import type { AwsPartition } from './aws.type.ts'

/** How an ARN spells its partition. */
export type ArnPartition = 'aws' | 'aws-us-gov'

export const AWS_PARTITIONS: readonly AwsPartition[] = ['AWS', 'AWS_US_GOV']

const ARN_PARTITIONS: Record<AwsPartition, ArnPartition> = { AWS: 'aws', AWS_US_GOV: 'aws-us-gov' }

const HOME_REGIONS: Record<AwsPartition, string> = { AWS: 'us-east-1', AWS_US_GOV: 'us-gov-west-1' }

/** Every region of the partition as published in 2026, opt-in ones included (one that is not opted in answers with an error). */
const REGIONS: Record<AwsPartition, readonly string[]> = {
  AWS: [
    ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'ca-west-1', 'mx-central-1', 'sa-east-1'],
    ...['eu-central-1', 'eu-central-2', 'eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-north-1', 'eu-south-1', 'eu-south-2'],
    ...['ap-south-1', 'ap-south-2', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-east-1', 'ap-east-2'],
    ...['ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4', 'ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7'],
    ...['af-south-1', 'il-central-1', 'me-central-1', 'me-south-1'],
  ],
  AWS_US_GOV: ['us-gov-west-1', 'us-gov-east-1'],
}

export function arnPartitionOf(partition: AwsPartition): ArnPartition {
  return ARN_PARTITIONS[partition]
}

/** The partition that an ARN's second part names; null for one that is not supported (`aws-cn`, `aws-iso`, …). */
export function partitionOf(arnPartition: string): AwsPartition | null {
  return AWS_PARTITIONS.find((partition) => ARN_PARTITIONS[partition] === arnPartition) ?? null
}

/** The regions to look through where a region has to be found, for example the one that holds Identity Center. */
export function regionsOf(partition: AwsPartition): readonly string[] {
  return REGIONS[partition]
}

/**
 * Whether `region` is well formed and lies in the partition; what passes is safe in a host name. It goes by the name's form, so
 * that a region opened after this release is accepted too.
 */
export function regionBelongsTo(region: string, partition: AwsPartition): boolean {
  if (!/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/.test(region)) return false
  if (region.startsWith('us-gov-')) return partition === 'AWS_US_GOV'
  // China, GovCloud-like and isolated regions (us-iso-…, us-isob-…, eu-isoe-…) are other partitions, with other endpoints.
  return partition === 'AWS' && !/^(cn-|[a-z]{2}-(gov|iso[a-z]*)-)/.test(region)
}

/** `awsRegion` (the process's AWS_REGION) where it is of the partition, else the partition's home, where IAM lies too. */
export function defaultRegion(partition: AwsPartition, awsRegion?: string): string {
  return awsRegion !== undefined && regionBelongsTo(awsRegion, partition) ? awsRegion : HOME_REGIONS[partition]
}
