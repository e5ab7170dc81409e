import type { PoolClient } from 'pg'

/**
 * Locks the organization's AWS integration, and its organization before it, as the first step of whatever changes components; gives its id,
 * or null where it is not installed. 'share': changes of components do not wait for each other, an uninstall waits for them and they for it.
 * That everybody goes through the organization's row keeps a deletion of it from meeting them half-way.
 */
export async function lockAwsIntegration(tx: PoolClient, organizationId: string, mode: 'share' | 'update'): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>(
    `with organization as (select "id" from "Organization" where "id" = $1 for key share)
     select i."id" from organization o join "Integration" i on i."organizationId" = o."id" where i."type" = 'aws' for ${mode} of i`,
    [organizationId],
  )
  return rows[0]?.id ?? null
}
