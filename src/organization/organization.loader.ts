import type { Context } from '../context.ts'
import { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { rows, statement } from '../platform/statement.ts'

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
export function organizationLoader({ db, viewer, loaders }: Context): RowLoader<OrganizationRow> {
  return loaders.get(
    'organization',
    () =>
      new RowLoader<OrganizationRow>(
        (ids) => rows(db.pool, byIds, [ids, viewer.organizationIds]),
        ({ id }) => id,
      ),
  )
}

export function organizationBySlugLoader({ db, viewer, loaders }: Context): RowLoader<OrganizationRow> {
  return loaders.get(
    'organizationBySlug',
    () =>
      new RowLoader<OrganizationRow>(
        (slugs) => rows(db.pool, bySlugs, [slugs, viewer.organizationIds]),
        ({ slug }) => slug,
      ),
  )
}

/** Organizations by slug, over the whole installation: filter by the viewer's. */
export const organizations: PageSource<OrganizationRow> = {
  name: 'organizations',
  columns,
  from: '"Organization" o',
  parentColumns: [],
  orders: { SLUG: [{ sql: 'o."slug"', type: 'text', key: ({ slug }) => slug }] },
}
