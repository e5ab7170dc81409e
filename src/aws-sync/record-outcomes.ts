import type { PoolClient } from 'pg'
import type { Context } from '../context.ts'
import type { AwsSyncState } from '../generated/prisma/enums.ts'
import type { OperationRow } from '../operation/operation.loader.ts'
import { endOperation, recordResults } from '../operation/operation.service.ts'
import { transaction } from '../platform/database/transaction.ts'
import { userError } from '../platform/errors.ts'
import { lockSync, noteSyncEnded } from './sync-state.ts'

/** What became of one item of the plan. */
export interface ItemOutcome {
  id: string
  accountName: string
  awsAccountId: string | null
  credentialId: string | null
  succeeded: boolean
  hasWarning: boolean
  statusMessage: string | null
  rolesFound: number
}

/** Writes outcomes once, however often they are found. False where the operation has ended meanwhile. */
export function recordOutcomes(
  context: Context,
  operation: OperationRow,
  outcomes: (ItemOutcome & { ordinal: number })[],
): Promise<boolean> {
  return transaction(context.db.pool, async (tx) => {
    const results = outcomes.map(({ ordinal, id, succeeded, statusMessage }) => ({
      ordinal,
      subjectId: id,
      errors: succeeded ? [] : [userError.upstream(['input'], 'AWS', statusMessage ?? 'AWS could not be read.', true)],
    }))
    if (!(await recordResults(tx, operation, results))) return false
    await tx.query(
      `insert into "AwsAccountSync" ("organizationId", "operationId", "ordinal", "awsAccountId", "credentialId", "accountName", "succeeded",
         "hasWarning", "statusMessage", "rolesFound", "finishedAt")
       select $1, $2, o."ordinal", o."awsAccountId", o."credentialId", o."accountName", o."succeeded", o."hasWarning", o."statusMessage", o."rolesFound", now()
       from json_to_recordset($3::json) as o("ordinal" int, "awsAccountId" text, "credentialId" text, "accountName" text, "succeeded" boolean,
         "hasWarning" boolean, "statusMessage" text, "rolesFound" int)
       on conflict do nothing`,
      [operation.organizationId, operation.id, JSON.stringify(outcomes)],
    )
    return true
  })
}

/** The accounts of which the operation says what became of them. */
export async function accountsRead({ db }: Context, { organizationId, id }: OperationRow): Promise<string[]> {
  const { rows } = await db.pool.query<{ awsAccountId: string }>(
    `select distinct "awsAccountId" from "AwsAccountSync" where "organizationId" = $1 and "operationId" = $2 and "awsAccountId" is not null`,
    [organizationId, id],
  )
  return rows.map(({ awsAccountId }) => awsAccountId)
}

/** The end of the operation and, where it was a sync, of that, told by the outcomes of all items; those of syncs before are dropped. */
export async function finishReading(context: Context, operation: OperationRow): Promise<void> {
  const { organizationId, id, kind } = operation
  await transaction(context.db.pool, async (tx) => {
    if (kind === 'AWS_SYNC') await lockSync(tx, organizationId)
    const { state, message } = endOf(await countOutcomes(tx, operation))
    const status = state === 'NA' ? 'SUCCEEDED' : state
    if (!(await endOperation(tx, operation, { status, statusMessage: message }))) return
    if (kind === 'AWS_SYNC') await noteSyncEnded(tx, organizationId, { state, message, operationId: id })
    await tx.query(
      `delete from "AwsAccountSync" s where s."organizationId" = $1
         and s."operationId" is distinct from (select "lastOperationId" from "AwsSync" where "organizationId" = $1)
         and not exists (select 1 from "BackgroundOperation" o where o."id" = s."operationId" and o."status" in ('QUEUED', 'RUNNING'))`,
      [organizationId],
    )
  })
}

interface Counts {
  total: number
  failed: number
  warned: number
}

async function countOutcomes(tx: PoolClient, { organizationId, id }: OperationRow): Promise<Counts> {
  const { rows } = await tx.query<Counts>(
    `select count(*)::int as "total", count(*) filter (where not "succeeded")::int as "failed", count(*) filter (where "hasWarning")::int as "warned"
     from "AwsAccountSync" where "organizationId" = $1 and "operationId" = $2`,
    [organizationId, id],
  )
  return rows[0] ?? { total: 0, failed: 0, warned: 0 }
}

function endOf({ total, failed, warned }: Counts): {
  state: Extract<AwsSyncState, 'NA' | 'SUCCEEDED' | 'SUCCEEDED_WITH_WARNING' | 'FAILED'>
  message: string | null
} {
  if (total === 0) return { state: 'NA', message: 'There is nothing to read: put credentials, or install INVENTORY in an account.' }
  if (failed === 0 && warned === 0) return { state: 'SUCCEEDED', message: null }
  const parts = [
    ...(failed > 0 ? [`${failed} of ${total} could not be read`] : []),
    ...(warned > 0 ? [`${warned} of ${total} have a warning`] : []),
  ]
  return { state: failed === total ? 'FAILED' : 'SUCCEEDED_WITH_WARNING', message: `${parts.join(', ')}; each says why.` }
}
