import { type ComponentRow, componentLoader } from '../../component/component.loader.ts'
import type { Context } from '../../context.ts'

/** The INVENTORY components of an organization through which its accounts can be read. */
export async function installedInventories(context: Context, organizationId: string): Promise<ComponentRow[]> {
  const { rows } = await context.db.pool.query<{ id: string }>(
    `select "id" from "Component" where "organizationId" = $1 and "kind" = 'INVENTORY' and "state" = 'INSTALLED' order by "id"`,
    [organizationId],
  )
  const components = await componentLoader(context).loadMany(rows.map(({ id }) => id))
  return components.flatMap((found) => (found && 'id' in found ? [found] : []))
}

/** Whether there are any. */
export async function hasInventory({ db }: Context, organizationId: string): Promise<boolean> {
  const { rowCount } = await db.pool.query(
    `select 1 from "Component" where "organizationId" = $1 and "kind" = 'INVENTORY' and "state" = 'INSTALLED' limit 1`,
    [organizationId],
  )
  return rowCount === 1
}

export interface UnreadAccount {
  accountId: string
  state: string
}

/** Accounts whose things were found before and whose INVENTORY component has since been staged again: what is there is only not seen. */
export async function stagedAgain({ db }: Context, organizationId: string, integrationId: string): Promise<UnreadAccount[]> {
  const { rows } = await db.pool.query<UnreadAccount>(
    `select a."accountId", c."state" from "Component" c
     join "AwsAccount" a on a."organizationId" = c."organizationId" and a."id" = c."awsAccountId"
     where c."organizationId" = $1 and c."kind" = 'INVENTORY' and c."state" <> 'INSTALLED' and c."awsAccountId" in (
       select r."awsAccountId" from "Resource" r where r."organizationId" = $1 and r."integrationId" = $2 and r."status" <> 'DELETED')
     order by a."accountId"`,
    [organizationId, integrationId],
  )
  return rows
}
