import {
  GetDefaultViewCommand,
  ListIndexesCommand,
  ListResourcesCommand,
  type Resource,
  SearchCommand,
} from '@aws-sdk/client-resource-explorer-2'
import { arnPartitionOf, regionBelongsTo } from '../../partition.ts'
import type { RoleSession } from '../../verification/assume-role.ts'
import { callAws, pagesOf } from '../pages.ts'
import { AwsProblem } from '../problem.ts'
import type { Reading } from '../reading.ts'
import { foreign, type ListedType, type Located, locate, tagsOf } from './seen-resource.ts'

/** Through what Resource Explorer is asked. */
export interface View {
  arn: string
  region: string
  /** Whether it tells of every region that has an index, or of its own alone. */
  isAggregator: boolean
}

export interface Views {
  views: View[]
  /** The regions of which these views tell. */
  regions: ReadonlySet<string>
}

/** More than one page may be, or AWS gives no token to go on with. */
const pageSize = 500
const service = 'Resource Explorer'
const typeNames: Record<ListedType, string> = {
  'aws-s3-bucket': 's3:bucket',
  'aws-ec2-instance': 'ec2:instance',
  'aws-lambda-function': 'lambda:function',
}

/**
 * The default view of the aggregator, else those of the regions that have an index and a default view. None where Resource Explorer is off,
 * or may not be asked: the list calls know as much.
 */
export async function findViews(reading: Reading, session: RoleSession): Promise<Views> {
  const indexes = await listIndexes(reading, session).catch(noneOf)
  const aggregator = indexes.find(({ isAggregator }) => isAggregator)
  const viewOf = async ({ region, isAggregator }: Index): Promise<View[]> => {
    const arn = await defaultView(reading, session, region).catch(noneOf)
    return typeof arn === 'string' ? [{ arn, region, isAggregator }] : []
  }
  const [aggregated] = aggregator ? await viewOf(aggregator) : []
  if (aggregated) return { views: [aggregated], regions: new Set(indexes.map(({ region }) => region)) }
  const views = (await Promise.all(indexes.map((index) => viewOf({ ...index, isAggregator: false })))).flat()
  return { views, regions: new Set(views.map(({ region }) => region)) }
}

/** Everything of one type that a view shows. Throws an AwsProblem at the end where it was not all. */
export function listThrough(reading: Reading, session: RoleSession, view: View, type: ListedType): AsyncGenerator<Located[], void> {
  return view.isAggregator ? listResources(reading, session, view, type) : search(reading, session, view, type)
}

async function* listResources(reading: Reading, session: RoleSession, view: View, type: ListedType): AsyncGenerator<Located[], void> {
  const client = reading.clients.resourceExplorer(view.region, session.credentials)
  const Filters = { FilterString: query(session, type) }
  yield* pagesOf(reading, service, `resource-explorer-2:ListResources in ${view.region}`, async (NextToken, options) => {
    const command = new ListResourcesCommand({ ViewArn: view.arn, Filters, MaxResults: pageSize, NextToken })
    const { Resources = [], NextToken: next } = await client.send(command, options)
    return { items: Resources.map((resource) => locatedOf(resource, type, session)), next }
  })
}

async function* search(reading: Reading, session: RoleSession, view: View, type: ListedType): AsyncGenerator<Located[], void> {
  const client = reading.clients.resourceExplorer(view.region, session.credentials)
  const what = `resource-explorer-2:Search in ${view.region}`
  const QueryString = `${query(session, type)} region:${view.region}`
  let [told, total, isComplete] = [0, 0, true]
  yield* pagesOf(reading, service, what, async (NextToken, options) => {
    const command = new SearchCommand({ ViewArn: view.arn, QueryString, MaxResults: pageSize, NextToken })
    const { Resources = [], Count, NextToken: next } = await client.send(command, options)
    told += Resources.length
    total = Math.max(total, Count?.TotalResources ?? 0)
    isComplete &&= Count?.Complete !== false
    return { items: Resources.map((resource) => locatedOf(resource, type, session)), next }
  })
  if (!isComplete || total > told) throw new AwsProblem(`${what} told of ${told} ${typeNames[type]}, and there are more.`, false, true)
}

/** A view may show the accounts of a whole AWS organization. */
const query = ({ accountId }: RoleSession, type: ListedType) => `resourcetype:${typeNames[type]} accountid:${accountId}`

function locatedOf({ Arn = '', OwningAccountId, Region = '', Properties = [] }: Resource, type: ListedType, session: RoleSession): Located {
  const found = locate(type, Arn, session)
  // Of a bucket nothing else says whose it is.
  if (OwningAccountId !== session.accountId) throw foreign(session)
  const tags = Properties.find(({ Name }) => Name === 'tags')
  return {
    ...found,
    region: found.region ?? (regionBelongsTo(Region, session.partition) ? Region : null),
    tags: tags ? tagsOf(tags.Data) : undefined,
  }
}

interface Index {
  region: string
  isAggregator: boolean
}

async function listIndexes(reading: Reading, { accountId, partition, credentials }: RoleSession): Promise<Index[]> {
  const client = reading.clients.resourceExplorer(reading.region, credentials)
  const indexes: Index[] = []
  const pages = pagesOf(reading, service, 'resource-explorer-2:ListIndexes', async (NextToken, options) => {
    const { Indexes = [], NextToken: next } = await client.send(new ListIndexesCommand({ NextToken }), options)
    return { items: Indexes, next }
  })
  for await (const page of pages) {
    for (const { Arn = '', Region: region = '', Type } of page) {
      const isOwn = Arn.startsWith(`arn:${arnPartitionOf(partition)}:resource-explorer-2:${region}:${accountId}:index/`)
      if (isOwn && regionBelongsTo(region, partition)) indexes.push({ region, isAggregator: Type === 'AGGREGATOR' })
    }
  }
  return indexes
}

/** Its ARN; null where the region has none of this account. */
async function defaultView(reading: Reading, session: RoleSession, region: string): Promise<string | null> {
  const { accountId, partition, credentials } = session
  const client = reading.clients.resourceExplorer(region, credentials)
  const send = (options: { abortSignal: AbortSignal }) => client.send(new GetDefaultViewCommand({}), options)
  const { ViewArn = '' } = await callAws(reading, service, `resource-explorer-2:GetDefaultView in ${region}`, send)
  return ViewArn.startsWith(`arn:${arnPartitionOf(partition)}:resource-explorer-2:${region}:${accountId}:view/`) ? ViewArn : null
}

function noneOf(error: unknown): [] {
  if (error instanceof AwsProblem) return []
  throw error
}
