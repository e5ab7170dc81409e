import { DescribeInstancesCommand, DescribeRegionsCommand } from '@aws-sdk/client-ec2'
import { ListFunctionsCommand } from '@aws-sdk/client-lambda'
import { ListBucketsCommand } from '@aws-sdk/client-s3'
import { arnPartitionOf, regionBelongsTo } from '../../partition.ts'
import type { RoleSession } from '../../verification/assume-role.ts'
import { callAws, pagesOf } from '../pages.ts'
import type { Reading } from '../reading.ts'
import { foreign, type Located, locate, tagsOf } from './seen-resource.ts'

/** As many as AWS gives at once. */
const pageSize = 1_000

/** The regions that the account has switched on. */
export async function enabledRegions(reading: Reading, { partition, credentials }: RoleSession): Promise<string[]> {
  const client = await reading.clients.ec2(reading.region, credentials)
  const send = (options: { abortSignal: AbortSignal }) => client.send(new DescribeRegionsCommand({}), options)
  const { Regions = [] } = await callAws(reading, 'EC2', 'ec2:DescribeRegions', send)
  // What passes becomes part of host names.
  return Regions.flatMap(({ RegionName }) => (RegionName && regionBelongsTo(RegionName, partition) ? [RegionName] : []))
}

/** An account's buckets, wherever they lie. Their tags are not told here. */
export async function* listBuckets(reading: Reading, session: RoleSession): AsyncGenerator<Located[], void> {
  const { partition, credentials } = session
  const client = await reading.clients.s3(reading.region, credentials)
  yield* pagesOf(reading, 'S3', 's3:ListBuckets', async (ContinuationToken, options) => {
    const command = new ListBucketsCommand({ MaxBuckets: pageSize, ContinuationToken })
    const { Buckets = [], ContinuationToken: next } = await client.send(command, options)
    const items = Buckets.map(({ Name = '', BucketRegion = '' }) => ({
      ...locate('aws-s3-bucket', `arn:${arnPartitionOf(partition)}:s3:::${Name}`, session),
      region: regionBelongsTo(BucketRegion, partition) ? BucketRegion : null,
      tags: undefined,
    }))
    return { items, next }
  })
}

/** The instances of one region with their tags, but for those that are terminated: they are on show for an hour more. */
export async function* listInstances(reading: Reading, session: RoleSession, region: string): AsyncGenerator<Located[], void> {
  const client = await reading.clients.ec2(region, session.credentials)
  yield* pagesOf(reading, 'EC2', `ec2:DescribeInstances in ${region}`, async (NextToken, options) => {
    const { Reservations = [], NextToken: next } = await client.send(
      new DescribeInstancesCommand({ MaxResults: pageSize, NextToken }),
      options,
    )
    const items = Reservations.flatMap(({ OwnerId = '', Instances = [] }) =>
      Instances.filter(({ State }) => State?.Name !== 'terminated').map(({ InstanceId = '', Tags = [] }) => ({
        ...locate('aws-ec2-instance', `arn:${arnPartitionOf(session.partition)}:ec2:${region}:${OwnerId}:instance/${InstanceId}`, session),
        tags: tagsOf(Tags),
      })),
    )
    return { items, next }
  })
}

/** The functions of one region. Their tags are not told here. */
export async function* listFunctions(reading: Reading, session: RoleSession, region: string): AsyncGenerator<Located[], void> {
  const client = reading.clients.lambda(region, session.credentials)
  yield* pagesOf(reading, 'Lambda', `lambda:ListFunctions in ${region}`, async (Marker, options) => {
    const { Functions = [], NextMarker } = await client.send(new ListFunctionsCommand({ Marker }), options)
    const items = Functions.map(({ FunctionArn = '' }) => {
      const found = locate('aws-lambda-function', FunctionArn, session)
      if (found.region !== region) throw foreign(session)
      return { ...found, tags: undefined }
    })
    return { items, next: NextMarker }
  })
}
