import type { Scope } from '../auth/scope.ts'
import type { Context } from '../context.ts'
import { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { rows, statement } from '../platform/statement.ts'

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

export function apiKeyLoader({ db, viewer, loaders }: Context): RowLoader<ApiKeyRow> {
  return loaders.get(
    'apiKey',
    () =>
      new RowLoader<ApiKeyRow>(
        (ids) => rows(db.pool, byIds, [ids, viewer.organizationIds]),
        ({ id }) => id,
      ),
  )
}

/** An organization's keys in the order they were made. */
export const organizationApiKeys: PageSource<ApiKeyRow> = {
  name: 'organization.apiKeys',
  columns: apiKeyColumns,
  from: '"ApiKey" k',
  parentColumns: ['k."organizationId"'],
  orders: { CREATED: [{ sql: 'k."id"', type: 'text', key: ({ id }) => id }] },
}
