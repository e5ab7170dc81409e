import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { decodeMarker, encodeMarker, parseArn, uuid } from '../identifiers.ts'
import { ReplicatedMap } from '../replicated-map.ts'
import { type Call, operation, type Service, type Target } from '../service.ts'
import { perRegion } from '../state.ts'

export interface EventDataStore {
  arn: string
  name: string
  status: 'CREATED' | 'ENABLED' | 'PENDING_DELETION' | 'STARTING_INGESTION' | 'STOPPING_INGESTION' | 'STOPPED_INGESTION'
  isMultiRegion: boolean
  isOfOrganization: boolean
  isProtected: boolean
  retentionDays: number
  createdAt: Date
  updatedAt: Date
}

/** An account's event data stores of one region, by the last part of their ARNs; to change a status put the store again. */
export const eventDataStoresOf = perRegion(() => new ReplicatedMap<EventDataStore>())

const byArn = z.object({ EventDataStore: z.string().min(3).max(256) })

export const cloudTrail: Service = {
  name: 'cloudtrail',
  actionPrefix: 'cloudtrail',
  protocol: 'json',
  timestamps: 'epochSeconds',
  refusals: { internal: { code: 'InternalFailure', status: 500 }, invalid: { code: 'InvalidParameterException', status: 400 } },
  operations: [
    operation({
      name: 'CreateEventDataStore',
      input: z.object({
        Name: z
          .string()
          .min(3)
          .max(128)
          .regex(/^[a-zA-Z0-9._-]+$/),
        MultiRegionEnabled: z.boolean().default(true),
        OrganizationEnabled: z.boolean().default(false),
        RetentionPeriod: z.number().int().min(7).max(3653).default(366),
        TerminationProtectionEnabled: z.boolean().default(true),
      }),
      resource: (_input, { account, region }) => ({ arn: account.arn('cloudtrail', region, 'eventdatastore/*') }),
      handle(input, call) {
        const { account, region, nowMs } = call
        const stores = eventDataStoresOf(account, region)
        if ([...stores.latestValues()].some(({ name }) => name === input.Name)) {
          throw new AwsError('EventDataStoreAlreadyExistsException', `An event data store with the name ${input.Name} already exists.`)
        }
        const id = uuid()
        const store: EventDataStore = {
          arn: account.arn('cloudtrail', region, `eventdatastore/${id}`),
          name: input.Name,
          status: 'ENABLED',
          isMultiRegion: input.MultiRegionEnabled,
          isOfOrganization: input.OrganizationEnabled,
          isProtected: input.TerminationProtectionEnabled,
          retentionDays: input.RetentionPeriod,
          createdAt: new Date(nowMs),
          updatedAt: new Date(nowMs),
        }
        stores.put(id, store, nowMs, call.visibleAtMs())
        return describeStore(store)
      },
    }),
    operation({
      name: 'GetEventDataStore',
      input: byArn,
      resource: aboutStore,
      handle: ({ EventDataStore }, { account, region, nowMs }) =>
        describeStore(eventDataStoresOf(account, region).visible(storeId(EventDataStore), nowMs) ?? noSuchStore()),
    }),
    operation({
      name: 'StopEventDataStoreIngestion',
      input: byArn,
      resource: aboutStore,
      handle({ EventDataStore }, call) {
        const stores = eventDataStoresOf(call.account, call.region)
        const id = storeId(EventDataStore)
        const store = stores.latest(id) ?? noSuchStore()
        const stopped: EventDataStore = { ...store, status: 'STOPPED_INGESTION', updatedAt: new Date(call.nowMs) }
        stores.put(id, stopped, call.nowMs, call.visibleAtMs())
      },
    }),
    operation({
      name: 'ListEventDataStores',
      input: z.object({ MaxResults: z.number().int().min(1).max(1000).default(1000), NextToken: z.string().optional() }),
      resource: 'none',
      handle({ MaxResults, NextToken }, { account, region, nowMs }) {
        const { values, next } = eventDataStoresOf(account, region).page(nowMs, MaxResults, decodeMarker(NextToken))
        const EventDataStores = values.map(({ arn, name }) => ({ EventDataStoreArn: arn, Name: name }))
        return { EventDataStores, NextToken: next && encodeMarker(next) }
      },
    }),
  ],
  describe: (account) => ({
    eventDataStores: [...eventDataStoresOf.regions(account).values()].flatMap((stores) => [...stores.latestValues()].map(({ arn }) => arn)),
  }),
}

/** A store is named by its ARN or by the last part of it. */
function storeId(nameOrArn: string): string {
  if (!nameOrArn.startsWith('arn:')) return nameOrArn
  const resource = parseArn(nameOrArn)?.resource
  if (!resource?.startsWith('eventdatastore/')) {
    throw new AwsError('EventDataStoreARNInvalidException', 'The specified event data store ARN is not valid.')
  }
  return resource.slice('eventdatastore/'.length)
}

function aboutStore({ EventDataStore }: { EventDataStore: string }, { account, region }: Pick<Call, 'account' | 'region'>): Target {
  const isArn = EventDataStore.startsWith('arn:')
  return { arn: isArn ? EventDataStore : account.arn('cloudtrail', region, `eventdatastore/${EventDataStore}`) }
}

function describeStore(store: EventDataStore) {
  return {
    EventDataStoreArn: store.arn,
    Name: store.name,
    Status: store.status,
    AdvancedEventSelectors: [{ Name: 'Default management events', FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] }],
    MultiRegionEnabled: store.isMultiRegion,
    OrganizationEnabled: store.isOfOrganization,
    RetentionPeriod: store.retentionDays,
    TerminationProtectionEnabled: store.isProtected,
    CreatedTimestamp: store.createdAt,
    UpdatedTimestamp: store.updatedAt,
  }
}

function noSuchStore(): never {
  throw new AwsError('EventDataStoreNotFoundException', 'The specified event data store was not found.')
}
