import type { Context } from '../context.ts'
import type { RowLoader } from '../platform/loader.ts'
import { type Asked, narrowed } from '../platform/pagination/asked-columns.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface UserGroupRow {
  id: string
  organizationId: string
  name: string
  version: number
  createdAt: Date
  updatedAt: Date
}

export const userGroupColumns = 'g."id", g."organizationId", g."name", g."version", g."createdAt", g."updatedAt"'

const byIds = statement(
  'user_group_by_ids',
  `select ${userGroupColumns} from "UserGroup" g where g."id" = any($1::text[]) and ($2::text[] is null or g."organizationId" = any($2))`,
)
const byNames = statement(
  'user_group_by_names',
  `select ${userGroupColumns} from unnest($1::text[], $2::text[]) as k("organizationId", "name") join "UserGroup" g using ("organizationId", "name")
   where ($3::text[] is null or g."organizationId" = any($3))`,
)

export function userGroupLoader(context: Context, asked: Asked = null): RowLoader<UserGroupRow> {
  return tenantLoader(context, `userGroup|${asked ?? '*'}`, () => narrowed(byIds, userGroupColumns, asked), ['id'])
}

/** User groups by `<organization id> <name>`. */
export function userGroupByNameLoader(context: Context): RowLoader<UserGroupRow> {
  return tenantLoader(context, 'userGroupByName', byNames, ['organizationId', 'name'])
}

export const organizationUserGroups: PageSource<UserGroupRow> = {
  name: 'organization.userGroups',
  columns: userGroupColumns,
  from: '"UserGroup" g',
  parentColumns: ['g."organizationId"'],
  orders: {
    // Unique in the organization, so it needs no tie-break.
    NAME: [{ sql: 'g."name"', type: 'text', key: ({ name }) => name }],
    CREATED_AT: [
      { sql: 'g."createdAt"', type: 'timestamptz', key: ({ createdAt }) => createdAt.toISOString() },
      { sql: 'g."id"', type: 'text', key: ({ id }) => id },
    ],
  },
}
