import type { Queryable } from '../platform/statement.ts'

/** The noun of the one change that ends every subscription to an organization. No subscription asks for it. */
export const organizationNoun = 'Organization'

/** Ends the subscriptions to an organization in all processes once the caller's transaction, which deletes it, commits. */
export async function endSubscriptionsOf(tx: Queryable, organizationId: string): Promise<void> {
  await tx.query({
    text: `with forgotten as (delete from "Change" where "organizationId" = $1),
        written as (insert into "Change" ("organizationId", "noun", "subjectId", "change") values ($1, $2, $1, 'DELETED'))
      select pg_notify('gatehouse_change', '')::text`,
    values: [organizationId, organizationNoun],
  })
}
