import { CreateAnalyzerCommand, DeleteAnalyzerCommand, GetAnalyzerCommand, paginateListAnalyzers } from '@aws-sdk/client-accessanalyzer'
import {
  CreateEventDataStoreCommand,
  GetEventDataStoreCommand,
  ListEventDataStoresCommand,
  StopEventDataStoreIngestionCommand,
} from '@aws-sdk/client-cloudtrail'
import { CreateIndexCommand, GetIndexCommand, ListIndexesCommand, UpdateIndexTypeCommand } from '@aws-sdk/client-resource-explorer-2'
import { CreateInstanceCommand, ListInstancesCommand } from '@aws-sdk/client-sso-admin'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import { analyzersOf } from '../../emulator/services/access-analyzer.ts'
import { eventDataStoresOf } from '../../emulator/services/cloudtrail.ts'
import { putIdentityCenterInstance } from '../../emulator/services/identity-center.ts'
import { administratorOf, clientsOf, pagesOf, refusalOf } from './clients.ts'

const accountId = '123456789012'
let emulator: AwsEmulator
let url: string

beforeEach(async () => {
  emulator = createAwsEmulator()
  url = await emulator.listen()
})
afterEach(() => emulator.close())

const clients = (region = 'us-east-1') => clientsOf(url, { region, credentials: administratorOf(accountId) })

describe('Access Analyzer', () => {
  const create = (analyzerName: string, region?: string) =>
    clients(region).accessAnalyzer.send(new CreateAnalyzerCommand({ analyzerName, type: 'ACCOUNT', tags: { a: 'b' } }))
  const get = (analyzerName: string, region?: string) => clients(region).accessAnalyzer.send(new GetAnalyzerCommand({ analyzerName }))

  test('an analyzer is active in the region it was created in, and only there', async () => {
    const { arn } = await create('one', 'eu-west-1')
    expect(arn).toBe(`arn:aws:access-analyzer:eu-west-1:${accountId}:analyzer/one`)
    const { analyzer } = await get('one', 'eu-west-1')
    expect(analyzer).toMatchObject({ arn, name: 'one', type: 'ACCOUNT', status: 'ACTIVE', tags: { a: 'b' } })
    expect(analyzer?.createdAt).toBeInstanceOf(Date)
    expect(await refusalOf(get('one'))).toMatchObject({ name: 'ResourceNotFoundException', status: 404 })
  })

  test('a status that a test sets is what is read', async () => {
    await create('one')
    const analyzers = analyzersOf(emulator.state.account(accountId), 'us-east-1')
    analyzers.put('one', { ...analyzers.latest('one')!, status: 'DISABLED' }, Date.now())
    expect((await get('one')).analyzer?.status).toBe('DISABLED')
  })

  test('a second one of a name is a conflict, a bad name invalid', async () => {
    await create('one')
    expect(await refusalOf(create('one'))).toMatchObject({ name: 'ConflictException', status: 409 })
    expect(await refusalOf(create('1 one'))).toMatchObject({ name: 'ValidationException', status: 400 })
  })

  test('lists are paged and end when the last is deleted', async () => {
    for (const name of ['a', 'b', 'c']) await create(name)
    const list = () => pagesOf(paginateListAnalyzers({ client: clients().accessAnalyzer, pageSize: 2 }, { type: 'ACCOUNT' }))
    const names = (await list()).map((page) => page.analyzers?.map(({ name }) => name))
    expect(names).toEqual([['a', 'b'], ['c']])
    for (const analyzerName of ['a', 'b', 'c']) await clients().accessAnalyzer.send(new DeleteAnalyzerCommand({ analyzerName }))
    expect((await list()).flatMap((page) => page.analyzers)).toEqual([])
  })
})

describe('CloudTrail Lake', () => {
  const create = (Name: string) => clients().cloudTrail.send(new CreateEventDataStoreCommand({ Name }))
  const get = (EventDataStore: string | undefined, region?: string) =>
    clients(region).cloudTrail.send(new GetEventDataStoreCommand({ EventDataStore }))

  test('a store is enabled when created, and read by ARN or by its last part', async () => {
    const created = await create('store')
    expect(created.EventDataStoreArn).toMatch(/^arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore\/[0-9a-f-]{36}$/)
    const read = await get(created.EventDataStoreArn)
    expect(read).toMatchObject({ EventDataStoreArn: created.EventDataStoreArn, Name: 'store', Status: 'ENABLED', RetentionPeriod: 366 })
    expect(Math.abs(Date.now() - (read.CreatedTimestamp?.getTime() ?? 0))).toBeLessThan(10_000)
    expect((await get(created.EventDataStoreArn?.split('/').at(-1))).Name).toBe('store')
    expect((await clients().cloudTrail.send(new ListEventDataStoresCommand({}))).EventDataStores).toEqual([
      { EventDataStoreArn: created.EventDataStoreArn, Name: 'store' },
    ])
  })

  test('a stopped store is not enabled any more', async () => {
    const { EventDataStoreArn } = await create('store')
    await clients().cloudTrail.send(new StopEventDataStoreIngestionCommand({ EventDataStore: EventDataStoreArn }))
    expect((await get(EventDataStoreArn)).Status).toBe('STOPPED_INGESTION')
    const stores = eventDataStoresOf(emulator.state.account(accountId), 'us-east-1')
    expect([...stores.latestValues()].map(({ status }) => status)).toEqual(['STOPPED_INGESTION'])
  })

  const arn = (resource: string) => `arn:aws:cloudtrail:us-east-1:${accountId}:${resource}`
  const rows = [
    { title: 'a missing store', call: () => get(arn('eventdatastore/x')), name: 'EventDataStoreNotFoundException' },
    { title: 'an ARN of a trail', call: () => get(arn('trail/x')), name: 'EventDataStoreARNInvalidException' },
    { title: 'a taken name', call: () => create('taken'), name: 'EventDataStoreAlreadyExistsException' },
    { title: 'a short name', call: () => create('x'), name: 'InvalidParameterException' },
  ]
  test.each(rows)('$title is refused', async ({ call, name }) => {
    await create('taken')
    expect(await refusalOf(call())).toMatchObject({ name, status: 400 })
  })
})

describe('Identity Center', () => {
  test('an account has one instance of its own, seen in its region', async () => {
    expect((await clients().identityCenter.send(new ListInstancesCommand({}))).Instances).toEqual([])
    const { InstanceArn } = await clients().identityCenter.send(new CreateInstanceCommand({ Name: 'mine' }))
    const { Instances } = await clients().identityCenter.send(new ListInstancesCommand({}))
    expect(Instances).toMatchObject([{ InstanceArn, OwnerAccountId: accountId, Name: 'mine', Status: 'ACTIVE' }])
    expect(Instances?.[0]?.IdentityStoreId).toMatch(/^d-[0-9a-f]{10}$/)
    expect(Instances?.[0]?.CreatedDate).toBeInstanceOf(Date)
    expect((await clients('eu-west-1').identityCenter.send(new ListInstancesCommand({}))).Instances).toEqual([])
    const second = clients().identityCenter.send(new CreateInstanceCommand({}))
    expect(await refusalOf(second)).toMatchObject({ name: 'ConflictException' })
  })

  test("an organization's instance is listed beside the account's own", async () => {
    const organization = { ownerAccountId: '210987654321', identityStoreId: 'd-1234567890' }
    putIdentityCenterInstance(emulator.state.account(accountId), 'us-east-1', Date.now(), organization)
    await clients().identityCenter.send(new CreateInstanceCommand({}))
    const { Instances } = await clients().identityCenter.send(new ListInstancesCommand({}))
    expect(Instances?.map(({ OwnerAccountId }) => OwnerAccountId).sort()).toEqual([accountId, '210987654321'])
  })
})

describe('Resource Explorer', () => {
  const get = (region?: string) => clients(region).resourceExplorer.send(new GetIndexCommand({}))

  test('a region has one index, and every region lists all of them', async () => {
    const { Arn } = await clients('eu-west-1').resourceExplorer.send(new CreateIndexCommand({}))
    expect(Arn).toMatch(/^arn:aws:resource-explorer-2:eu-west-1:123456789012:index\/[0-9a-f-]{36}$/)
    expect(await get('eu-west-1')).toMatchObject({ Arn, Type: 'LOCAL', State: 'ACTIVE' })
    expect(await refusalOf(get())).toMatchObject({ name: 'ResourceNotFoundException', status: 404 })
    const { Indexes } = await clients().resourceExplorer.send(new ListIndexesCommand({}))
    expect(Indexes).toEqual([{ Arn, Region: 'eu-west-1', Type: 'LOCAL' }])
    const again = clients('eu-west-1').resourceExplorer.send(new CreateIndexCommand({}))
    expect(await refusalOf(again)).toMatchObject({ name: 'ConflictException', status: 409 })
  })

  test('an account has at most one aggregator', async () => {
    const [first, second] = await Promise.all(
      ['eu-west-1', 'us-east-1'].map((region) => clients(region).resourceExplorer.send(new CreateIndexCommand({}))),
    )
    const aggregate = (Arn: string | undefined) => clients().resourceExplorer.send(new UpdateIndexTypeCommand({ Arn, Type: 'AGGREGATOR' }))
    await aggregate(first?.Arn)
    expect(await refusalOf(aggregate(second?.Arn))).toMatchObject({ name: 'ConflictException' })
    const { Indexes } = await clients().resourceExplorer.send(new ListIndexesCommand({ Type: 'AGGREGATOR' }))
    expect(Indexes).toEqual([{ Arn: first?.Arn, Region: 'eu-west-1', Type: 'AGGREGATOR' }])
  })
})
