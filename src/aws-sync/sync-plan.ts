import { z } from 'zod'
import type { Context } from '../context.ts'

/**
 * What an operation is to read, fixed when it is made: a run that goes on after another was cut off finds the same items under the same
 * numbers. `accountIds` are the AwsAccounts asked for, null: whatever the sources lead to; `sourceless` are those of them without a source.
 */
export const planForm = z.object({
  credentialIds: z.array(z.string()),
  componentIds: z.array(z.string()),
  sourceless: z.array(z.string()),
  accountIds: z.array(z.string()).nullable(),
})
export type SyncPlan = z.infer<typeof planForm>

/** The plan's items; a place in this list is the number of an item's result. */
export function itemsOf({ credentialIds, componentIds, sourceless }: SyncPlan): string[] {
  return [...credentialIds, ...componentIds, ...sourceless]
}

/** The same plan with these items alone. */
export function onlyItems(
  { credentialIds, componentIds, sourceless, accountIds }: SyncPlan,
  items: { has(id: string): boolean },
): SyncPlan {
  const kept = (ids: string[]) => ids.filter((id) => items.has(id))
  return { credentialIds: kept(credentialIds), componentIds: kept(componentIds), sourceless: kept(sourceless), accountIds }
}

/** All sources of an organization, or those of these accounts: access keys, and INVENTORY components that are installed. */
export async function planSync({ db }: Context, organizationId: string, accountIds: string[] | null): Promise<SyncPlan> {
  const { rows } = await db.pool.query<Omit<SyncPlan, 'accountIds'>>(
    `with credential as (
       select c."id", c."awsAccountId" from "AwsCredential" c
       where c."organizationId" = $1 and ($2::text[] is null or c."awsAccountId" = any($2))
     ), component as (
       select c."id", c."awsAccountId" from "Component" c
       where c."organizationId" = $1 and c."kind" = 'INVENTORY' and c."state" = 'INSTALLED' and ($2::text[] is null or c."awsAccountId" = any($2))
     )
     select (select coalesce(array_agg("id" order by "id"), '{}') from credential) as "credentialIds",
       (select coalesce(array_agg("id" order by "id"), '{}') from component) as "componentIds",
       (select coalesce(array_agg(a."id" order by a."id"), '{}') from unnest($2::text[]) as a("id")
        where a."id" not in (select "awsAccountId" from credential union select "awsAccountId" from component)) as "sourceless"`,
    [organizationId, accountIds],
  )
  return { credentialIds: [], componentIds: [], sourceless: [], ...rows[0], accountIds }
}
