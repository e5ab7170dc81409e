import { DescribeInstancesCommand, DescribeRegionsCommand, EC2Client, paginateDescribeInstances } from '@aws-sdk/client-ec2'
import { paginateListFunctions } from '@aws-sdk/client-lambda'
import {
  AssociateDefaultViewCommand,
  CreateIndexCommand,
  CreateViewCommand,
  GetDefaultViewCommand,
  ListResourcesCommand,
  ListViewsCommand,
  paginateListResources,
  paginateSearch,
  SearchCommand,
  UpdateIndexTypeCommand,
} from '@aws-sdk/client-resource-explorer-2'
import { GetResourcesCommand, paginateGetResources, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api'
import { ListBucketsCommand, paginateListBuckets, S3Client } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import { functionsOf, type LambdaFunction } from '../../emulator/lambda/lambda.state.ts'
import { administratorOf, clientsOf, pagesOf, refusalOf } from './clients.ts'

const accountId = '123456789012'
let emulator: AwsEmulator
let url: string

beforeEach(async () => {
  emulator = createAwsEmulator()
  url = await emulator.listen()
})
afterEach(() => emulator.close())

const key = (policy?: object) => {
  if (!policy) return administratorOf(accountId)
  const accessKeyId = `AKIA${accountId}P`
  emulator.state.putAccessKey(accessKeyId, { accountId, userName: 'limited', policy: JSON.stringify(policy) })
  return { accessKeyId, secretAccessKey: 'any' }
}
const allow = (...Action: string[]) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] })
const of = (region = 'us-east-1', policy?: object) => {
  const config = { endpoint: url, maxAttempts: 1, region, credentials: key(policy) }
  return {
    s3: new S3Client(config),
    ec2: new EC2Client(config),
    tagging: new ResourceGroupsTaggingAPIClient(config),
    ...clientsOf(url, { region, credentials: key(policy) }),
  }
}
const put = async (what: string, body: unknown) => {
  const response = await fetch(`${url}/_emulator/${what}`, { method: 'POST', body: JSON.stringify(body) })
  return { status: response.status, json: (await response.json()) as { arns?: string[]; error?: string } }
}
const buckets = (...names: string[]) =>
  put(
    'buckets',
    names.map((name) => ({ accountId, region: 'eu-west-1', name, tags: { of: name } })),
  )

describe('what is put by POST', () => {
  test('is told by its ARN and shown by GET state', async () => {
    expect(await buckets('one')).toEqual({ status: 201, json: { arns: ['arn:aws:s3:::one'] } })
    const { json } = await put('instances', { accountId, region: 'us-east-1', tags: { Name: 'web' } })
    expect(json.arns?.[0]).toMatch(/^arn:aws:ec2:us-east-1:123456789012:instance\/i-[0-9a-f]{17}$/)
    const state = await (await fetch(`${url}/_emulator/state?account=${accountId}`)).json()
    expect(state).toMatchObject({ accounts: [{ buckets: [{ arn: 'arn:aws:s3:::one', region: 'eu-west-1' }], instances: json.arns }] })
  })

  test.each([
    ['a name that is none', { accountId, region: 'eu-west-1', name: 'No Bucket' }],
    ['an unknown member', { accountId, region: 'eu-west-1', name: 'one', color: 'red' }],
    ['one wrong of two', [{ accountId, region: 'eu-west-1', name: 'one' }, {}]],
  ])('%s is refused, and nothing is put', async (_title, body) => {
    expect(await put('buckets', body)).toMatchObject({ status: 400, json: { error: expect.any(String) } })
    expect((await of().s3.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([])
  })
})

describe('lists', () => {
  test('of buckets are paged, and tell regions with pages alone', async () => {
    await buckets('a1b', 'b1b', 'c1b')
    const pages = await pagesOf(paginateListBuckets({ client: of().s3 }, { MaxBuckets: 2 }))
    expect(pages.map(({ Buckets }) => Buckets?.map(({ Name, BucketRegion }) => `${Name} ${BucketRegion}`))).toEqual([
      ['a1b eu-west-1', 'b1b eu-west-1'],
      ['c1b eu-west-1'],
    ])
    const { Buckets, Owner } = await of().s3.send(new ListBucketsCommand({}))
    expect(Buckets?.map(({ Name, BucketRegion }) => [Name, BucketRegion])).toEqual(['a1b', 'b1b', 'c1b'].map((name) => [name, undefined]))
    expect(Owner?.ID).toMatch(/^[0-9a-f]{64}$/)
  })

  test('of instances are paged and of one region, with state and tags', async () => {
    const state = 'stopped'
    await put(
      'instances',
      Array.from({ length: 7 }, () => ({ accountId, region: 'eu-west-1', state, tags: { Name: 'web', 'a<b': '&' } })),
    )
    const pages = await pagesOf(paginateDescribeInstances({ client: of('eu-west-1').ec2 }, { MaxResults: 5 }))
    expect(pages.map(({ Reservations }) => Reservations?.length)).toEqual([5, 2])
    const [reservation] = pages[1]?.Reservations ?? []
    expect(reservation).toMatchObject({ OwnerId: accountId, Instances: [{ State: { Name: 'stopped' } }] })
    expect(reservation?.Instances?.[0]?.Tags).toEqual([
      { Key: 'Name', Value: 'web' },
      { Key: 'a<b', Value: '&' },
    ])
    const InstanceIds = [reservation?.Instances?.[0]?.InstanceId ?? '']
    expect((await of('eu-west-1').ec2.send(new DescribeInstancesCommand({ InstanceIds }))).Reservations).toHaveLength(1)
    expect((await of().ec2.send(new DescribeInstancesCommand({}))).Reservations).toEqual([])
  })

  test('of regions are those of the partition', async () => {
    const config = { endpoint: url, maxAttempts: 1, region: 'us-gov-west-1', credentials: administratorOf('210987654321') }
    const names = async (client: EC2Client) =>
      (await client.send(new DescribeRegionsCommand({}))).Regions?.map(({ RegionName }) => RegionName)
    expect(await names(of().ec2)).toEqual(['eu-central-1', 'eu-west-1', 'us-east-1', 'us-west-2'])
    expect(await names(new EC2Client(config))).toEqual(['us-gov-east-1', 'us-gov-west-1'])
  })

  test('of functions are paged', async () => {
    putFunctions(51)
    const pages = await pagesOf(paginateListFunctions({ client: of().lambda }, {}))
    expect(pages.map(({ Functions }) => Functions?.length)).toEqual([50, 1])
  })

  const refused: [string, (policy: object) => Promise<unknown>, string, number][] = [
    ['ListBuckets', (policy) => of('us-east-1', policy).s3.send(new ListBucketsCommand({})), 'AccessDenied', 403],
    ['DescribeInstances', (policy) => of('us-east-1', policy).ec2.send(new DescribeInstancesCommand({})), 'UnauthorizedOperation', 403],
    ['GetResources', (policy) => of('us-east-1', policy).tagging.send(new GetResourcesCommand({})), 'AccessDeniedException', 400],
    [
      'GetDefaultView',
      (policy) => of('us-east-1', policy).resourceExplorer.send(new GetDefaultViewCommand({})),
      'AccessDeniedException',
      403,
    ],
  ]
  test.each(refused)('%s needs a permission', async (_operation, call, name, status) => {
    expect(await refusalOf(call(allow('iam:*')))).toMatchObject({ name, status })
    await expect(call(allow('s3:ListAllMyBuckets', 'ec2:Describe*', 'tag:GetResources', 'resource-explorer-2:*'))).resolves.toBeDefined()
  })
})

function putFunctions(count: number, tags: Record<string, string> = {}) {
  const account = emulator.state.account(accountId)
  for (let index = 0; index < count; index++) {
    const name = `f${String(index).padStart(4, '0')}`
    const made = { arn: account.arn('lambda', 'us-east-1', `function:${name}`), name, tags, lastModifiedAt: new Date(), aliases: new Map() }
    functionsOf(account, 'us-east-1').put(name, made as unknown as LambdaFunction, 0)
  }
}

test('tags are told of what has any, by ARN or paged by type, in its region', async () => {
  await buckets('a1b', 'b1b', 'c1b')
  await put('instances', { accountId, region: 'eu-west-1', tags: {} })
  const { tagging } = of('eu-west-1')
  const pages = await pagesOf(paginateGetResources({ client: tagging }, { ResourcesPerPage: 2, ResourceTypeFilters: ['s3'] }))
  expect(pages.map((page) => page.ResourceTagMappingList?.map(({ ResourceARN }) => ResourceARN))).toEqual([
    ['arn:aws:s3:::a1b', 'arn:aws:s3:::b1b'],
    ['arn:aws:s3:::c1b'],
  ])
  const byArn = { ResourceARNList: ['arn:aws:s3:::b1b', 'arn:aws:s3:::other'] }
  expect((await tagging.send(new GetResourcesCommand(byArn))).ResourceTagMappingList).toEqual([
    { ResourceARN: 'arn:aws:s3:::b1b', Tags: [{ Key: 'of', Value: 'b1b' }] },
  ])
  expect((await of().tagging.send(new GetResourcesCommand(byArn))).ResourceTagMappingList).toEqual([])
  expect(await refusalOf(tagging.send(new GetResourcesCommand({ ...byArn, ResourcesPerPage: 2 })))).toMatchObject({
    name: 'InvalidParameterException',
  })
})

describe('Resource Explorer', () => {
  const index = async (region: string) => (await of(region).resourceExplorer.send(new CreateIndexCommand({}))).Arn
  const view = async (region: string, IncludedProperties = [{ Name: 'tags' }]) => {
    const { View } = await of(region).resourceExplorer.send(new CreateViewCommand({ ViewName: 'all', IncludedProperties }))
    await of(region).resourceExplorer.send(new AssociateDefaultViewCommand({ ViewArn: View?.ViewArn }))
    return View?.ViewArn
  }
  const arns = async (region: string, FilterString: string) => {
    const { Resources } = await of(region).resourceExplorer.send(new ListResourcesCommand({ Filters: { FilterString } }))
    return Resources?.map(({ Arn }) => Arn)
  }

  test('a view is the default once it is made that, and needs an index', async () => {
    expect(await refusalOf(view('eu-west-1'))).toMatchObject({ name: 'ValidationException' })
    await index('eu-west-1')
    const explorer = of('eu-west-1').resourceExplorer
    expect((await explorer.send(new GetDefaultViewCommand({}))).ViewArn).toBeUndefined()
    expect(await refusalOf(arns('eu-west-1', ''))).toMatchObject({ name: 'UnauthorizedException', status: 401 })
    const ViewArn = await view('eu-west-1')
    expect((await explorer.send(new GetDefaultViewCommand({}))).ViewArn).toBe(ViewArn)
    expect((await explorer.send(new ListViewsCommand({}))).Views).toEqual([ViewArn])
  })

  test('an index tells of its region, the aggregator of every one that has an index', async () => {
    const { json } = await put(
      'instances',
      ['eu-west-1', 'us-east-1', 'us-west-2'].map((region) => ({ accountId, region })),
    )
    const aggregator = await index('eu-west-1')
    await index('us-east-1')
    await view('eu-west-1')
    expect(await arns('eu-west-1', 'resourcetype:ec2:instance')).toEqual([json.arns?.[0]])
    await of('eu-west-1').resourceExplorer.send(new UpdateIndexTypeCommand({ Arn: aggregator, Type: 'AGGREGATOR' }))
    expect(await arns('eu-west-1', `resourcetype:ec2:instance accountid:${accountId}`)).toEqual(json.arns?.slice(0, 2))
    expect(await arns('eu-west-1', 'resourcetype:ec2:instance region:us-east-1')).toEqual([json.arns?.[1]])
    expect(await arns('eu-west-1', 'accountid:210987654321')).toEqual([])
  })

  test.each([
    ['tells tags where the view includes them', [{ Name: 'tags' }], [{ Name: 'tags', Data: [{ Key: 'of', Value: 'one' }] }]],
    ['tells none where it does not', [], []],
  ])('%s', async (_title, included, properties) => {
    await buckets('one')
    await index('eu-west-1')
    await view('eu-west-1', included)
    const { Resources } = await of('eu-west-1').resourceExplorer.send(new ListResourcesCommand({}))
    expect(Resources).toMatchObject([{ Arn: 'arn:aws:s3:::one', OwningAccountId: accountId, Region: 'eu-west-1', Properties: properties }])
  })

  test('ListResources is paged without end but gives no token with the largest page; Search tells of 1,000 and that there are more', async () => {
    putFunctions(1_001)
    await index('us-east-1')
    await view('us-east-1')
    const client = of().resourceExplorer
    const filter = 'resourcetype:lambda:function'
    const listed = await pagesOf(paginateListResources({ client, pageSize: 500 }, { Filters: { FilterString: filter } }))
    expect(listed.map(({ Resources }) => Resources?.length)).toEqual([500, 500, 1])
    expect((await client.send(new ListResourcesCommand({ MaxResults: 1000 }))).NextToken).toBeUndefined()
    const found = await pagesOf(paginateSearch({ client, pageSize: 500 }, { QueryString: filter }))
    expect(found.map(({ Resources }) => Resources?.length)).toEqual([500, 500])
    expect(found[1]?.Count).toEqual({ TotalResources: 1_000, Complete: false })
    const less = await client.send(new SearchCommand({ QueryString: 'resourcetype:s3:bucket' }))
    expect(less.Count).toEqual({ TotalResources: 0, Complete: true })
  })
})
