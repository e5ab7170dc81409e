import type { Context } from '../context.ts'
import type { ResourceStatus } from '../generated/prisma/enums.ts'
import type { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface ResourceRow {
  id: string
  organizationId: string
  integrationId: string
  externalId: string
  name: string
  type: string
  status: ResourceStatus
  statusMessage: string | null
  awsAccountId: string | null
  sourceTags: { key: string; value: string }[]
  userTags: Record<string, string>
  firstSeenAt: Date
  lastSeenAt: Date
}

export interface PermissionRow {
  id: string
  organizationId: string
  integrationId: string
  resourceType: string
  name: string
}

export const resourceColumns = `r."id", r."organizationId", r."integrationId", r."externalId", r."name", r."type", r."status", r."statusMessage", r."awsAccountId",
  r."sourceTags", r."userTags", r."firstSeenAt", r."lastSeenAt"`
const permissionColumns = 'm."id", m."organizationId", m."integrationId", m."resourceType", m."name"'

const byIds = statement(
  'resource_by_ids',
  `select ${resourceColumns} from "Resource" r where r."id" = any($1::text[]) and ($2::text[] is null or r."organizationId" = any($2))`,
)
const permissionsByIds = statement(
  'integration_permission_by_ids',
  `select ${permissionColumns} from "IntegrationPermission" m where m."id" = any($1::text[]) and ($2::text[] is null or m."organizationId" = any($2))`,
)

export function resourceLoader(context: Context): RowLoader<ResourceRow> {
  return tenantLoader(context, 'resource', byIds, ['id'])
}

export function permissionLoader(context: Context): RowLoader<PermissionRow> {
  return tenantLoader(context, 'integrationPermission', permissionsByIds, ['id'])
}

/** An organization's resources by name. */
export const organizationResources: PageSource<ResourceRow> = {
  name: 'organization.resources',
  columns: resourceColumns,
  from: '"Resource" r',
  parentColumns: ['r."organizationId"'],
  orders: {
    NAME: [
      { sql: 'r."name"', type: 'text', key: ({ name }) => name },
      { sql: 'r."id"', type: 'text', key: ({ id }) => id },
    ],
  },
}

export const integrationResources: PageSource<ResourceRow> = {
  ...organizationResources,
  name: 'integration.resources',
  parentColumns: ['r."organizationId"', 'r."integrationId"'],
}

/** What can be permitted on the resources of an integration, by type and name. */
export const integrationPermissions: PageSource<PermissionRow> = {
  name: 'integration.permissions',
  columns: permissionColumns,
  from: '"IntegrationPermission" m',
  parentColumns: ['m."organizationId"', 'm."integrationId"'],
  orders: {
    NAME: [
      { sql: 'm."resourceType"', type: 'text', key: ({ resourceType }) => resourceType },
      { sql: 'm."name"', type: 'text', key: ({ name }) => name },
    ],
  },
}
