import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { decodeMarker, encodeMarker, uuid } from '../identifiers.ts'
import { ReplicatedMap } from '../replicated-map.ts'
import { type Call, operation } from '../service.ts'
import { type Account, perRegion } from '../state.ts'
import { indexesOf } from './indexes.ts'

export interface View {
  arn: string
  name: string
  filter: string
  /** Whether answers through it tell tags. */
  includesTags: boolean
}

interface RegionalViews {
  views: ReplicatedMap<View>
  defaultArn: string | undefined
}

/** An account's views of one region, by ARN, and which of them is the default. */
export const viewsOf = perRegion<RegionalViews>(() => ({ views: new ReplicatedMap<View>(), defaultArn: undefined }))

const properties = z.array(z.object({ Name: z.literal('tags') })).default([])

export const viewOperations = [
  operation({
    name: 'CreateView',
    http: { method: 'POST', path: '/CreateView' },
    input: z.object({
      ViewName: z.string().regex(/^[a-zA-Z0-9-]{1,64}$/),
      IncludedProperties: properties,
      Filters: z.object({ FilterString: z.string().max(2048) }).default({ FilterString: '' }),
    }),
    handle({ ViewName, IncludedProperties, Filters }, call) {
      const { account, region, nowMs } = call
      if (!indexesOf(account).latest(region)) throw new AwsError('ValidationException', 'Create an index in this AWS Region first.', 400)
      const view = putView(account, region, nowMs, {
        name: ViewName,
        filter: Filters.FilterString,
        includesTags: IncludedProperties.length > 0,
        isDefault: false,
      })
      return { View: describeView(view, call) }
    },
  }),
  operation({
    name: 'AssociateDefaultView',
    http: { method: 'POST', path: '/AssociateDefaultView' },
    input: z.object({ ViewArn: z.string().min(1).max(1011) }),
    handle({ ViewArn }, { account, region }) {
      const known = viewsOf(account, region)
      if (!known.views.latest(ViewArn)) noSuchView()
      known.defaultArn = ViewArn
      return { ViewArn }
    },
  }),
  operation({
    name: 'GetDefaultView',
    http: { method: 'POST', path: '/GetDefaultView' },
    input: z.object({}),
    handle: (_input, { account, region }) => ({ ViewArn: viewsOf(account, region).defaultArn }),
  }),
  operation({
    name: 'ListViews',
    http: { method: 'POST', path: '/ListViews' },
    input: z.object({ MaxResults: z.number().int().min(1).max(50).default(20), NextToken: z.string().optional() }),
    handle({ MaxResults, NextToken }, { account, region, nowMs }) {
      const { values, next } = viewsOf(account, region).views.page(nowMs, MaxResults, decodeMarker(NextToken))
      return { Views: values.map(({ arn }) => arn), NextToken: next && encodeMarker(next) }
    },
  }),
]

/** Puts a view into the account's region without a call; unless told otherwise it shows all, with tags, and is the default. */
export function putView(
  account: Account,
  region: string,
  nowMs: number,
  { name = 'all', filter = '', includesTags = true, isDefault = true }: Partial<View> & { isDefault?: boolean } = {},
): View {
  const known = viewsOf(account, region)
  const view: View = { arn: account.arn('resource-explorer-2', region, `view/${name}/${uuid()}`), name, filter, includesTags }
  known.views.put(view.arn, view, nowMs)
  if (isDefault) known.defaultArn = view.arn
  return view
}

export function noSuchView(): never {
  throw new AwsError('ResourceNotFoundException', 'The specified view was not found.', 404)
}

function describeView({ arn, filter, includesTags }: View, { account, nowMs }: Call) {
  return {
    ViewArn: arn,
    Owner: account.id,
    Scope: account.arn('iam', '', 'root'),
    LastUpdatedAt: new Date(nowMs),
    Filters: { FilterString: filter },
    IncludedProperties: includesTags ? [{ Name: 'tags' }] : [],
  }
}
