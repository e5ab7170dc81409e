import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { decodeMarker, encodeMarker, parseArn, uuid } from '../identifiers.ts'
import { ReplicatedMap } from '../replicated-map.ts'
import { operation } from '../service.ts'
import { perAccount } from '../state.ts'

export interface ResourceExplorerIndex {
  arn: string
  region: string
  type: 'LOCAL' | 'AGGREGATOR'
  state: 'ACTIVE' | 'CREATING' | 'UPDATING' | 'DELETING'
  createdAt: Date
  updatedAt: Date
  tags: Record<string, string>
}

/** An account's indexes by region: each region has at most one, and every region lists them all. */
export const indexesOf = perAccount(() => new ReplicatedMap<ResourceExplorerIndex>())

const type = z.enum(['LOCAL', 'AGGREGATOR'])

export const indexOperations = [
  operation({
    name: 'CreateIndex',
    http: { method: 'POST', path: '/CreateIndex' },
    input: z.object({ Tags: z.record(z.string(), z.string()).default({}) }),
    resource: (_input, { account, region }) => ({ arn: account.arn('resource-explorer-2', region, 'index/*') }),
    handle({ Tags }, call) {
      const { account, region } = call
      if (indexesOf(account).latest(region)) throw new AwsError('ConflictException', 'An index already exists in this AWS Region.', 409)
      const arn = account.arn('resource-explorer-2', region, `index/${uuid()}`)
      const at = new Date(call.nowMs)
      const index: ResourceExplorerIndex = { arn, region, type: 'LOCAL', state: 'ACTIVE', createdAt: at, updatedAt: at, tags: Tags }
      indexesOf(account).put(region, index, call.nowMs, call.visibleAtMs())
      return { Arn: arn, State: 'CREATING', CreatedAt: at }
    },
  }),
  operation({
    name: 'UpdateIndexType',
    http: { method: 'POST', path: '/UpdateIndexType' },
    input: z.object({ Arn: z.string().min(1).max(1011), Type: type }),
    resource: ({ Arn }) => ({ arn: Arn }),
    handle({ Arn, Type }, { account, nowMs }) {
      const index = indexesOf(account).latest(parseArn(Arn)?.region ?? '')
      if (index?.arn !== Arn || !index) return noSuchIndex()
      const other = [...indexesOf(account).latestValues()].find((known) => known.type === 'AGGREGATOR' && known.arn !== Arn)
      if (Type === 'AGGREGATOR' && other) throw new AwsError('ConflictException', 'The account already has an aggregator index.', 409)
      const at = new Date(nowMs)
      indexesOf(account).put(index.region, { ...index, type: Type, updatedAt: at }, nowMs)
      return { Arn, State: 'UPDATING', Type, LastUpdatedAt: at }
    },
  }),
  operation({
    name: 'GetIndex',
    http: { method: 'POST', path: '/GetIndex' },
    input: z.object({}),
    handle(_input, { account, region, nowMs }) {
      const index = indexesOf(account).visible(region, nowMs)
      if (!index) return noSuchIndex()
      const { arn, state, createdAt, updatedAt, tags } = index
      return { Arn: arn, Type: index.type, State: state, CreatedAt: createdAt, LastUpdatedAt: updatedAt, Tags: tags }
    },
  }),
  operation({
    name: 'ListIndexes',
    http: { method: 'POST', path: '/ListIndexes' },
    input: z.object({
      Regions: z.array(z.string()).max(20).optional(),
      Type: type.optional(),
      MaxResults: z.number().int().min(1).max(100).default(100),
      NextToken: z.string().optional(),
    }),
    handle({ Regions, Type, MaxResults, NextToken }, { account, nowMs }) {
      const isWanted = (index: ResourceExplorerIndex) =>
        (Type === undefined || index.type === Type) && (!Regions?.length || Regions.includes(index.region))
      const { values, next } = indexesOf(account).page(nowMs, MaxResults, decodeMarker(NextToken), isWanted)
      const Indexes = values.map((index) => ({ Arn: index.arn, Region: index.region, Type: index.type }))
      return { Indexes, NextToken: next && encodeMarker(next) }
    },
  }),
]

function noSuchIndex(): never {
  throw new AwsError('ResourceNotFoundException', 'Index not found. Create an index in this AWS Region first.', 404)
}
