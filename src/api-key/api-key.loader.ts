import type { Scope } from '../auth/scope.ts'
import type { Context } from '../context.ts'
import type { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface ApiKeyRow {
  id: string
  organizationId: string
  name: string
  prefix: string
  scopes: Scope[]
  createdAt: Date
  expiresAt: Date | null
  lastUsedAt: Date | null
  revokedAt: Date | null
}

export const apiKeyColumns =
  'k."id", k."organizationId", k."name", k."prefix", k."scopes", k."createdAt", k."expiresAt", k."lastUsedAt", k."revokedAt"'

const byIds = statement(
  'api_key_by_ids',
  `select ${apiKeyColumns} from "ApiKey" k where k."id" = any($1::text[]) and ($2::text[] is null or k."organizationId" = any($2))`,
)

export function apiKeyLoader(context: Context): RowLoader<ApiKeyRow> {
  return tenantLoader(context, 'apiKey', byIds, ['id'])
}

/** An organization's keys in the order they were made. */
export const organizationApiKeys: PageSource<ApiKeyRow> = {
  name: 'organization.apiKeys',
  columns: apiKeyColumns,
  from: '"ApiKey" k',
  parentColumns: ['k."organizationId"'],
  orders: { CREATED: [{ sql: 'k."id"', type: 'text', key: ({ id }) => id }] },
}
