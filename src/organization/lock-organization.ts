import type { PoolClient } from 'pg'
import { Refusal, userError } from '../platform/errors.ts'

/**
 * Whoever makes, renames, re-points or deletes what is unique or counted in an organization lines up at its row: what was checked under
 * this lock holds until the transaction ends. A NotFoundError at `path` where the organization was deleted meanwhile.
 */
export async function lockOrganization(tx: PoolClient, organizationId: string, path: (string | number)[]): Promise<void> {
  const { rowCount } = await tx.query('select 1 from "Organization" where "id" = $1 for no key update', [organizationId])
  if (rowCount === 0) throw new Refusal(userError.notFound(path, 'organization'))
}
