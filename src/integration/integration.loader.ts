import type { Context } from '../context.ts'
import type { IntegrationStatus } from '../generated/prisma/enums.ts'
import type { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'
import type { StoredSecretStore } from './secret-store.ts'

export interface IntegrationRow {
  id: string
  organizationId: string
  name: string
  type: string
  status: IntegrationStatus
  statusMessage: string | null
  config: object
  connectorId: string | null
  secretStore: StoredSecretStore | null
  connectedResourceTypes: string[] | null
  customAccessDetails: string | null
  ownerAttributeType: string | null
  ownerAttributeValues: string[] | null
  ownerSourceId: string | null
  ownersMappingKeyName: string | null
  ownersMappingAttributeType: string | null
  ownersMappingSourceId: string | null
  lastSyncAt: Date | null
  version: number
  createdAt: Date
  updatedAt: Date
}

export const integrationColumns = `i."id", i."organizationId", i."name", i."type", i."status", i."statusMessage", i."config", i."connectorId", i."secretStore",
  i."connectedResourceTypes", i."customAccessDetails", i."ownerAttributeType", i."ownerAttributeValues", i."ownerSourceId", i."ownersMappingKeyName",
  i."ownersMappingAttributeType", i."ownersMappingSourceId", i."lastSyncAt", i."version", i."createdAt", i."updatedAt"`

const byIds = statement(
  'integration_by_ids',
  `select ${integrationColumns} from "Integration" i where i."id" = any($1::text[]) and ($2::text[] is null or i."organizationId" = any($2))`,
)
const byNames = statement(
  'integration_by_names',
  `select ${integrationColumns} from unnest($1::text[], $2::text[]) as k("organizationId", "name") join "Integration" i using ("organizationId", "name")
   where ($3::text[] is null or i."organizationId" = any($3))`,
)
const awsByOrganizations = statement(
  'aws_integration_by_organizations',
  `select ${integrationColumns} from "Integration" i where i."type" = 'aws' and i."organizationId" = any($1::text[])
   and ($2::text[] is null or i."organizationId" = any($2))`,
)

export function integrationLoader(context: Context): RowLoader<IntegrationRow> {
  return tenantLoader(context, 'integration', byIds, ['id'])
}

/** Integrations by `<organization id> <name>`. */
export function integrationByNameLoader(context: Context): RowLoader<IntegrationRow> {
  return tenantLoader(context, 'integrationByName', byNames, ['organizationId', 'name'])
}

/** The one aws integration of each organization, by organization id. */
export function awsIntegrationLoader(context: Context): RowLoader<IntegrationRow> {
  return tenantLoader(context, 'awsIntegration', awsByOrganizations, ['organizationId'])
}

const tieBreak = { sql: 'i."id"', type: 'text' as const, key: ({ id }: IntegrationRow) => id }

export const organizationIntegrations: PageSource<IntegrationRow> = {
  name: 'organization.integrations',
  columns: integrationColumns,
  from: '"Integration" i',
  parentColumns: ['i."organizationId"'],
  orders: {
    // Unique in the organization, so it needs no tie-break.
    NAME: [{ sql: 'i."name"', type: 'text', key: ({ name }) => name }],
    CREATED_AT: [{ sql: 'i."createdAt"', type: 'timestamptz', key: ({ createdAt }) => createdAt.toISOString() }, tieBreak],
    // What was never read comes before everything that was.
    LAST_SYNC_AT: [
      {
        sql: `coalesce(i."lastSyncAt", '-infinity')`,
        type: 'timestamptz',
        key: ({ lastSyncAt }) => lastSyncAt?.toISOString() ?? '-infinity',
      },
      tieBreak,
    ],
  },
}

/** What a connector reports for. */
export const connectorIntegrations: PageSource<IntegrationRow> = {
  ...organizationIntegrations,
  name: 'connector.integrations',
  parentColumns: ['i."organizationId"', 'i."connectorId"'],
}
