import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal } from '../platform/errors.ts'
import { allowedActions } from './sso-connector.lifecycle.ts'
import { type SsoConnectorRow, ssoConnectorColumns } from './sso-connector.loader.ts'
import { changedMeanwhile, notAllowed, requireSsoConnector, type SsoConnectorReference } from './sso-connector.reference.ts'
import { begunMessage, newCode, queueLookUp } from './verification.ts'

/** Makes a new code and has it looked up, at once and then less and less often until the time is over. */
export async function beginSsoConnectorVerification(context: Context, reference: SsoConnectorReference): Promise<SsoConnectorRow> {
  const before = await requireSsoConnector(context, reference)
  const { organizationId, id } = before
  if (!allowedActions(before).includes('BEGIN_VERIFICATION')) throw new Refusal(notAllowed(before, 'BEGIN_VERIFICATION', ['input', 'id']))
  const begun = await transaction(context.db.pool, async (tx) => {
    // Conditional on the version: of two calls that read the same row, one begins and the other is told.
    const { rows } = await tx.query<SsoConnectorRow>(
      `update "SsoConnector" s set "status" = 'PENDING', "code" = $4, "statusMessage" = $5, "attempts" = 0, "lastCheckedAt" = null, "nextCheckAt" = now(),
         "expiresAt" = now() + $6 * interval '1 second', "firstAbsentAt" = null, "lastAbsentAt" = null, "version" = s."version" + 1, "updatedAt" = now()
       where s."organizationId" = $1 and s."id" = $2 and s."version" = $3 and s."status" in ('AWAITING', 'FAILED') returning ${ssoConnectorColumns}`,
      [organizationId, id, before.version, newCode(), begunMessage, context.config.ssoExpiresSeconds],
    )
    const [updated] = rows
    if (!updated) throw await changedMeanwhile(tx, before)
    await queueLookUp(tx, updated)
    await recordEvents(tx, context, [
      {
        organizationId,
        action: 'ssoConnector.beginVerification',
        subjectId: id,
        before: { status: before.status },
        after: { status: updated.status },
      },
    ])
    return updated
  })
  context.loaders.clear()
  return begun
}
