import type { Context } from '../context.ts'
import type { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface OrganizationRow {
  id: string
  slug: string
  name: string
  version: number
  createdAt: Date
  updatedAt: Date
}

const columns = 'o."id", o."slug", o."name", o."version", o."createdAt", o."updatedAt"'

const byIds = statement(
  'organization_by_ids',
  `select ${columns} from "Organization" o where o."id" = any($1::text[]) and ($2::text[] is null or o."id" = any($2))`,
)
const bySlugs = statement(
  'organization_by_slugs',
  `select ${columns} from "Organization" o where o."slug" = any($1::text[]) and ($2::text[] is null or o."id" = any($2))`,
)

/** Organizations by id; those the viewer may not see are misses. */
export function organizationLoader(context: Context): RowLoader<OrganizationRow> {
  return tenantLoader(context, 'organization', byIds, ['id'])
}

export function organizationBySlugLoader(context: Context): RowLoader<OrganizationRow> {
  return tenantLoader(context, 'organizationBySlug', bySlugs, ['slug'])
}

/** One that has been read for this request already: it is not read again, until something is written. */
export function keepOrganization({ loaders }: Context, organization: OrganizationRow): void {
  loaders.keep('organization', organization)
  loaders.keep('organizationBySlug', organization)
}

/** Organizations by slug, over the whole installation: filter by the viewer's. */
export const organizations: PageSource<OrganizationRow> = {
  name: 'organizations',
  columns,
  from: '"Organization" o',
  parentColumns: [],
  orders: { SLUG: [{ sql: 'o."slug"', type: 'text', key: ({ slug }) => slug }] },
}
