import type DataLoader from 'dataloader'
import type { Context } from '../context.ts'
import { type RowLoader, rowsLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { type Queryable, rows, statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface ResourceGroupRow {
  id: string
  organizationId: string
  name: string
  meta: { key: string; value: string }[]
  version: number
  createdAt: Date
  updatedAt: Date
}

export interface ResourceObjectRow {
  organizationId: string
  resourceGroupId: string
  key: string
}

export const resourceGroupColumns = 'r."id", r."organizationId", r."name", r."meta", r."version", r."createdAt", r."updatedAt"'

const byIds = statement(
  'resource_group_by_ids',
  `select ${resourceGroupColumns} from "ResourceGroup" r where r."id" = any($1::text[]) and ($2::text[] is null or r."organizationId" = any($2))`,
)
const objectsByGroups = statement(
  'resource_group_objects_by_groups',
  `select o."organizationId", o."resourceGroupId", o."key" from unnest($1::text[]) as k("id")
   join "ResourceGroup" r on r."id" = k."id" and ($2::text[] is null or r."organizationId" = any($2))
   join "ResourceGroupObject" o on o."organizationId" = r."organizationId" and o."resourceGroupId" = r."id" order by o."resourceGroupId", o."ordinal"`,
)
const holdByIds = statement(
  'resource_group_hold_by_ids',
  'select "id" from "ResourceGroup" where "organizationId" = $1 and "id" = any($2::text[]) for key share',
)

const naming = statement(
  'resource_groups_naming_keys',
  `select ${resourceGroupColumns} from "ResourceGroup" r where r."organizationId" = $1 and r."id" in (
     select o."resourceGroupId" from "ResourceGroupObject" o where o."organizationId" = $1 and o."key" = any($2::text[]))
   order by r."id" limit $3`,
)

export function resourceGroupLoader(context: Context): RowLoader<ResourceGroupRow> {
  return tenantLoader(context, 'resourceGroup', byIds, ['id'])
}

/** What resource groups cover, by resource group, in the order given. */
export function resourceObjectsLoader({ db, viewer, loaders }: Context): DataLoader<string, ResourceObjectRow[]> {
  return loaders.get('resourceObjects', () =>
    rowsLoader<ResourceObjectRow>(
      (ids) => rows(db.pool, objectsByGroups, [ids, viewer.organizationIds]),
      ({ resourceGroupId }) => resourceGroupId,
    ),
  )
}

/** Those of the ids that are resource groups of the organization, none of them deleted before the transaction ends. */
export async function holdResourceGroups(tx: Queryable, organizationId: string, ids: readonly string[]): Promise<Set<string>> {
  const found = ids.length === 0 ? [] : await rows<{ id: string }>(tx, holdByIds, [organizationId, ids])
  return new Set(found.map(({ id }) => id))
}

/** Resource groups that name one of the things, at most `limit`. Whoever holds their rows for deletion sees all there will be. */
export const resourceGroupsNaming = (
  tx: Queryable,
  organizationId: string,
  keys: readonly string[],
  limit: number,
): Promise<ResourceGroupRow[]> => rows(tx, naming, [organizationId, keys, limit])

/** An organization's resource groups; a name is unique in it, so the order needs no tie-break. */
export const organizationResourceGroups: PageSource<ResourceGroupRow> = {
  name: 'organization.resourceGroups',
  columns: resourceGroupColumns,
  from: '"ResourceGroup" r',
  parentColumns: ['r."organizationId"'],
  orders: { NAME: [{ sql: 'r."name"', type: 'text', key: ({ name }) => name }] },
}
