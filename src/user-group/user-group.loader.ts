import type { Context } from '../context.ts'
import { RowLoader } from '../platform/loader.ts'
import { type Asked, narrowed } from '../platform/pagination/asked-columns.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { rows, statement } from '../platform/statement.ts'

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

export function userGroupLoader({ db, viewer, loaders }: Context, asked: Asked = null): RowLoader<UserGroupRow> {
  return loaders.get(
    `userGroup|${asked ?? '*'}`,
    () =>
      new RowLoader<UserGroupRow>(
        (ids) => rows(db.pool, narrowed(byIds, userGroupColumns, asked), [ids, viewer.organizationIds]),
        ({ id }) => id,
      ),
  )
}

/** User groups by `<organization id> <name>`. */
export function userGroupByNameLoader({ db, viewer, loaders }: Context): RowLoader<UserGroupRow> {
  return loaders.get(
    'userGroupByName',
    () =>
      new RowLoader<UserGroupRow>(
        (keys) => {
          const pairs = keys.map((key) => [key.slice(0, key.indexOf(' ')), key.slice(key.indexOf(' ') + 1)])
          return rows(db.pool, byNames, [
            pairs.map(([organizationId]) => organizationId),
            pairs.map(([, name]) => name),
            viewer.organizationIds,
          ])
        },
        ({ organizationId, name }) => `${organizationId} ${name}`,
      ),
  )
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
