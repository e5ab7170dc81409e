import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { decodeMarker, encodeMarker, parseArn } from '../identifiers.ts'
import { type InventoryItem, inventoryOf } from '../inventory.ts'
import { type Call, operation, type Target } from '../service.ts'
import { indexesOf } from './indexes.ts'
import { noSuchView, type View, viewsOf } from './views.ts'

/** What Search tells at the most, however it is paged. */
const searchLimit = 1000

const paging = {
  ViewArn: z.string().min(1).max(1011).optional(),
  MaxResults: z.number().int().min(1).max(1000).default(100),
  NextToken: z.string().optional(),
}

export const searchOperations = [
  operation({
    name: 'Search',
    http: { method: 'POST', path: '/Search' },
    input: z.object({ QueryString: z.string().max(1011), ...paging }),
    resource: aboutView,
    handle(input, call) {
      const view = viewIn(input, call)
      const matches = matching(call, view, input.QueryString)
      const page = pageOf(matches.slice(0, searchLimit), input)
      const Count = { TotalResources: Math.min(matches.length, searchLimit), Complete: matches.length <= searchLimit }
      return { ...describePage(page, view, call), Count }
    },
  }),
  operation({
    name: 'ListResources',
    http: { method: 'POST', path: '/ListResources' },
    // As AWS authorizes it.
    action: 'resource-explorer-2:Search',
    input: z.object({ Filters: z.object({ FilterString: z.string().max(2048) }).default({ FilterString: '' }), ...paging }),
    resource: aboutView,
    handle(input, call) {
      const view = viewIn(input, call)
      // With the largest page AWS gives no token to go on with.
      const page = pageOf(matching(call, view, input.Filters.FilterString), input)
      return describePage(input.MaxResults === 1000 ? { ...page, next: undefined } : page, view, call)
    },
  }),
]

function aboutView({ ViewArn }: { ViewArn?: string | undefined }, { account, region }: Call): Target {
  return { arn: ViewArn ?? viewsOf(account, region).defaultArn ?? account.arn('resource-explorer-2', region, 'view/none') }
}

function viewIn({ ViewArn }: { ViewArn?: string | undefined }, { account, region }: Call): View {
  const { views, defaultArn } = viewsOf(account, region)
  if (!ViewArn && !defaultArn) throw new AwsError('UnauthorizedException', 'There is no default view in this AWS Region.', 401)
  return views.latest(ViewArn ?? defaultArn ?? '') ?? noSuchView()
}

/** What the region's index holds and both the view and the query let through: of an aggregator, the things of every indexed region. */
function matching({ account, region, nowMs }: Call, view: View, query: string): InventoryItem[] {
  const indexes = indexesOf(account)
  const own = indexes.visible(region, nowMs)
  const isHeld = (item: InventoryItem) =>
    own !== undefined && (own.type === 'AGGREGATOR' ? indexes.visible(item.region, nowMs) !== undefined : item.region === region)
  const filters = [...readFilters(view.filter), ...readFilters(query)]
  return inventoryOf(account, nowMs).filter((item) => isHeld(item) && filters.every((filter) => filter(item, account.id)))
}

type Filter = (item: InventoryItem, accountId: string) => boolean

/** `name:value` for all that Gatehouse asks for; several hold together, several values of one by a comma. */
function readFilters(text: string): Filter[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word): Filter => {
      const name = word.slice(0, word.indexOf(':'))
      const values = word.slice(name.length + 1).split(',')
      if (name === 'resourcetype') return ({ type }) => values.includes(type)
      if (name === 'region') return ({ region, isGlobal }) => values.includes(isGlobal ? 'global' : region)
      if (name === 'accountid') return (_item, accountId) => values.includes(accountId)
      throw new AwsError('ValidationException', `This stand-in knows no filter ${word}.`, 400)
    })
}

interface Page {
  items: InventoryItem[]
  next: string | undefined
}

function pageOf(items: InventoryItem[], { MaxResults, NextToken }: { MaxResults: number; NextToken?: string | undefined }): Page {
  const after = decodeMarker(NextToken)
  const rest = after === undefined ? items : items.filter(({ arn }) => arn > after)
  const page = rest.slice(0, MaxResults)
  return { items: page, next: rest.length > page.length ? page.at(-1)?.arn : undefined }
}

function describePage({ items, next }: Page, view: View, { account, nowMs }: Call) {
  const Resources = items.map(({ arn, type, region, isGlobal, tags }) => ({
    Arn: arn,
    OwningAccountId: account.id,
    Region: isGlobal ? 'global' : region,
    ResourceType: type,
    Service: parseArn(arn)?.service,
    LastReportedAt: new Date(nowMs),
    Properties: view.includesTags && Object.keys(tags).length > 0 ? [tagsProperty(tags, nowMs)] : [],
  }))
  return { Resources, NextToken: next && encodeMarker(next), ViewArn: view.arn }
}

function tagsProperty(tags: Record<string, string>, nowMs: number) {
  return { Name: 'tags', LastReportedAt: new Date(nowMs), Data: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
}
