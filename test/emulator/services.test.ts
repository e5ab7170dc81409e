import { CreateAnalyzerCommand, DeleteAnalyzerCommand, GetAnalyzerCommand, paginateListAnalyzers } from '@aws-sdk/client-accessanalyzer'
import {
  CreateEventDataStoreCommand,
  GetEventDataStoreCommand,
  ListEventDataStoresCommand,
  StopEventDataStoreIngestionCommand,
} from '@aws-sdk/client-cloudtrail'
import { CreateIndexCommand, GetIndexCommand, ListIndexesCommand, UpdateIndexTypeCommand } from '@aws-sdk/client-resource-explorer-2'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-secrets-manager'
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

describe('Secrets Manager', () => {
  const create = (Name: string, more: object = {}) =>
    clients().secretsManager.send(new CreateSecretCommand({ Name, SecretString: 'one', ...more }))
  const get = (SecretId = '', region?: string) => clients(region).secretsManager.send(new GetSecretValueCommand({ SecretId }))

  test('a secret has six characters at the end of its ARN and is read by name, ARN and the ARN without them', async () => {
    const { ARN = '', VersionId } = await create('team/shop')
    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:123456789012:secret:team\/shop-[A-Za-z0-9]{6}$/)
    for (const id of ['team/shop', ARN, ARN.slice(0, -7)]) {
      expect(await get(id)).toMatchObject({ ARN, Name: 'team/shop', SecretString: 'one', VersionId, VersionStages: ['AWSCURRENT'] })
    }
    expect(await refusalOf(get('team/shop', 'eu-west-1'))).toMatchObject({ name: 'ResourceNotFoundException', status: 400 })
  })

  test('a new value takes the place of the old one, binary ones too', async () => {
    const { ARN } = await create('shop')
    const SecretBinary = Buffer.from('two')
    await clients().secretsManager.send(new PutSecretValueCommand({ SecretId: ARN, SecretBinary }))
    const found = await get(ARN)
    expect(Buffer.from(found.SecretBinary ?? [])).toEqual(SecretBinary)
    expect(found.SecretString).toBeUndefined()
  })

  test('what is deleted is read by nobody, and its name is free at once only by force', async () => {
    await create('later')
    await create('now')
    const remove = (SecretId: string, more: object = {}) => clients().secretsManager.send(new DeleteSecretCommand({ SecretId, ...more }))
    await remove('later')
    expect(await refusalOf(get('later'))).toMatchObject({ name: 'InvalidRequestException' })
    expect(await refusalOf(create('later'))).toMatchObject({ name: 'InvalidRequestException' })
    await remove('now', { ForceDeleteWithoutRecovery: true })
    expect(await refusalOf(get('now'))).toMatchObject({ name: 'ResourceNotFoundException' })
    expect((await create('now')).Name).toBe('now')
    expect(await refusalOf(create('now'))).toMatchObject({ name: 'ResourceExistsException' })
  })

  test('who may read what has a tag reads it while it has the tag, in his own account', async () => {
    const condition = { StringEquals: { 'aws:ResourceTag/GatehouseAccess': 'true', 'aws:ResourceAccount': accountId } }
    const document = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*', Condition: condition }],
    }
    emulator.state.putAccessKey('AKIAREADER0000000000', { accountId, userName: 'reader', policy: JSON.stringify(document) })
    const reader = clientsOf(url, { credentials: { accessKeyId: 'AKIAREADER0000000000', secretAccessKey: 'any' } }).secretsManager
    const read = (SecretId = '') => reader.send(new GetSecretValueCommand({ SecretId }))
    const { ARN } = await create('shop', { Tags: [{ Key: 'GatehouseAccess', Value: 'true' }] })
    expect((await read(ARN)).SecretString).toBe('one')
    await clients().secretsManager.send(new UntagResourceCommand({ SecretId: ARN, TagKeys: ['GatehouseAccess'] }))
    for (const id of [ARN, 'nothing']) expect(await refusalOf(read(id))).toMatchObject({ name: 'AccessDeniedException', status: 400 })
    await clients().secretsManager.send(new TagResourceCommand({ SecretId: ARN, Tags: [{ Key: 'GatehouseAccess', Value: 'true' }] }))
    expect((await read('shop')).SecretString).toBe('one')
    const others = clientsOf(url, { credentials: administratorOf('210987654321') }).secretsManager
    const foreign = others.send(new GetSecretValueCommand({ SecretId: ARN }))
    expect(await refusalOf(foreign)).toMatchObject({ name: 'AccessDeniedException' })
  })
})
