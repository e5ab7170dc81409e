import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, userError } from '../platform/errors.ts'
import { resourceGroupsNaming } from '../resource-group/resource-group.loader.ts'
import { type AwsRoleRow, awsRoleLoader } from './aws-role.loader.ts'

/** Resource groups named as blockers of a deletion. */
const maxBlockers = 50

export interface RoleDeletion {
  id: string
  force: boolean
  expectedVersion?: number | null
}

/** Forgets a role. AWS is untouched: a later scan that sees it brings it back, as a new one. */
export async function deleteAwsRole(
  context: Context,
  { id, force, expectedVersion }: RoleDeletion,
): Promise<{ deletedIds: string[]; alreadyAbsent: boolean; organizationId: string | null }> {
  const role = await awsRoleLoader(context).load(id)
  if (!role) return { deletedIds: [], alreadyAbsent: true, organizationId: null }
  const { organizationId, name, arn, status } = role
  const version = expectedVersion ?? role.version
  if (version === role.version) assertForced(role, force)
  const isDeleted = await transaction(context.db.pool, async (tx) => {
    // Waits for the transactions that are about to name it in a resource group: their groups are seen below.
    await tx.query('select 1 from "AwsRole" where "organizationId" = $1 and "id" = $2 for update', [organizationId, id])
    // On the version: a role that a scan sees again at this moment is OK again, and is not deleted as a missing one.
    const { rowCount } = await tx.query('delete from "AwsRole" where "organizationId" = $1 and "id" = $2 and "version" = $3', [
      organizationId,
      id,
      version,
    ])
    if (rowCount === 0) return false
    await assertUnnamed(tx, organizationId, id)
    await recordEvents(tx, context, [{ organizationId, action: 'awsRole.delete', subjectId: id, before: { name, arn, status } }])
    return true
  })
  context.loaders.clear()
  if (isDeleted) return { deletedIds: [id], alreadyAbsent: false, organizationId }
  const current = await awsRoleLoader(context).load(id)
  if (!current) return { deletedIds: [], alreadyAbsent: true, organizationId }
  throw new Refusal(userError.conflict(['input', 'expectedVersion'], current.version))
}

/** A policy that denies the role would be silently gone with it. */
async function assertUnnamed(tx: PoolClient, organizationId: string, id: string): Promise<void> {
  const blockers = await resourceGroupsNaming(tx, organizationId, [`awsRole.${id}`], maxBlockers)
  if (blockers.length === 0) return
  throw new Refusal(
    userError.precondition(
      ['input', 'id'],
      `Resource groups name this role${blockers.length === maxBlockers ? '; the first of them are named' : ''}.`,
      'Take it out of these resource groups with updateResourceGroup first.',
      blockers,
    ),
  )
}

function assertForced({ status, arn }: AwsRoleRow, force: boolean): void {
  if (status === 'MISSING' || force) return
  throw new Refusal(
    userError.precondition(
      ['input', 'force'],
      `${arn} is in AWS as far as known, so the next scan would bring it back.`,
      'Delete it in AWS first, or call again with force: true.',
    ),
  )
}
