import type DataLoader from 'dataloader'
import type { Context } from '../context.ts'
import type { PolicyAccess } from '../generated/prisma/enums.ts'
import { type RowLoader, rowsLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { type Queryable, rows, statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface PolicyRow {
  id: string
  organizationId: string
  userGroupId: string
  access: PolicyAccess
  permissionGroupIds: string[]
  resourceGroupIds: string[]
}

const columns = `pol."id", pol."organizationId", pol."userGroupId", pol."access", pol."permissionGroupIds", array(
  select l."resourceGroupId" from "PolicyResourceGroup" l where l."organizationId" = pol."organizationId" and l."policyId" = pol."id" order by l."ordinal"
) as "resourceGroupIds"`
const visible = '($2::text[] is null or pol."organizationId" = any($2))'

const byIds = statement('policy_by_ids', `select ${columns} from "Policy" pol where pol."id" = any($1::text[]) and ${visible}`)
const byGroups = statement(
  'policies_by_groups',
  `select ${columns} from unnest($1::text[]) as k("id") join "UserGroup" g on g."id" = k."id"
   join "Policy" pol on pol."organizationId" = g."organizationId" and pol."userGroupId" = g."id" and ${visible} order by pol."userGroupId", pol."ordinal"`,
)
const using = statement(
  'policies_using_resource_group',
  `select ${columns} from "PolicyResourceGroup" u join "Policy" pol on pol."organizationId" = u."organizationId" and pol."id" = u."policyId"
   where u."organizationId" = $1 and u."resourceGroupId" = $2 order by u."policyId" limit $3`,
)

export function policyLoader(context: Context): RowLoader<PolicyRow> {
  return tenantLoader(context, 'policy', byIds, ['id'])
}

/** The policies of groups, by group, in the order given. */
export function groupPoliciesLoader({ db, viewer, loaders }: Context): DataLoader<string, PolicyRow[]> {
  return loaders.get('groupPolicies', () =>
    rowsLoader<PolicyRow>(
      (ids) => rows(db.pool, byGroups, [ids, viewer.organizationIds]),
      ({ userGroupId }) => userGroupId,
    ),
  )
}

/** Policies that use a resource group, at most `limit`. */
export const policiesUsing = (tx: Queryable, organizationId: string, resourceGroupId: string, limit: number): Promise<PolicyRow[]> =>
  rows(tx, using, [organizationId, resourceGroupId, limit])

/** The policies that use a resource group, in the order they were made. */
export const resourceGroupPolicies: PageSource<PolicyRow> = {
  name: 'resourceGroup.policies',
  columns,
  from: '"PolicyResourceGroup" u join "Policy" pol on pol."organizationId" = u."organizationId" and pol."id" = u."policyId"',
  parentColumns: ['u."organizationId"', 'u."resourceGroupId"'],
  orders: { CREATED: [{ sql: 'u."policyId"', type: 'text', key: ({ id }) => id }] },
}
