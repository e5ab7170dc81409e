import type { PoolClient } from 'pg'
import { Refusal, userError } from '../platform/errors.ts'

export interface QuotaRequest {
  organizationId: string
  /** The caller's own table. */
  table: 'Member' | 'UserGroup' | 'ResourceGroup'
  noun: string
  limit: number
  /** How many more there are to be. */
  more: number
  path: (string | number)[]
}

/** Refuses what would pass the limit. The caller stands in the organization's queue (`lineUp`), so two at once cannot pass it together. */
export async function assertQuota(tx: PoolClient, { organizationId, table, noun, limit, more, path }: QuotaRequest): Promise<void> {
  const { rows } = await tx.query<{ count: number }>(`select count(*)::int as "count" from "${table}" where "organizationId" = $1`, [
    organizationId,
  ])
  const count = rows[0]?.count ?? 0
  if (count + more > limit) {
    throw new Refusal(
      userError.quota(path, `The organization may have ${limit} ${noun}; it has ${count}, and ${more} more would be too many.`, limit),
    )
  }
}
