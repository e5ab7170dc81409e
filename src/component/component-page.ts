import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../context.ts'
import type { ComponentHealth, ComponentKind, ComponentState } from '../generated/prisma/enums.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import type { PageArgs } from '../platform/pagination/page-args.ts'
import { type PageSource, Where } from '../platform/pagination/page-source.ts'
import type { ComponentRow } from './component.loader.ts'

export interface ComponentConditions {
  kinds?: ComponentKind[] | null
  states?: ComponentState[] | null
  health?: ComponentHealth[] | null
  accountIds?: string[] | null
}

/** A page of components under any parent, in the order they were staged. */
export function componentPage(
  context: Context,
  source: PageSource<ComponentRow>,
  parentKey: readonly string[],
  filter: ComponentConditions | null | undefined,
  page: PageArgs,
  info?: GraphQLResolveInfo,
) {
  const where = new Where()
    .addSelective('c."kind" = any(?::"ComponentKind"[])', filter?.kinds)
    .addSelective('c."state" = any(?::"ComponentState"[])', filter?.states)
    .addSelective('c."health" = any(?::"ComponentHealth"[])', filter?.health)
    .addSelective('a."accountId" = any(?::text[])', filter?.accountIds)
  return loadPage(context, source, parentKey, page, { order: 'CREATED', where, info })
}
