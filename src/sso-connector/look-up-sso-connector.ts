import { type AuditEntry, recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import type { TxtAnswer } from '../dns/txt-lookup.ts'
import { transaction } from '../platform/database/transaction.ts'
import { rows } from '../platform/statement.ts'
import { type AfterLookUp, afterLookUp } from './sso-connector.lifecycle.ts'
import { awaitedSsoConnector, type SsoConnectorRow, ssoConnectorColumns } from './sso-connector.loader.ts'
import { findingOf, messageAfter, queueLookUp } from './verification.ts'

/** Looks the record of a connector up, if that is due, and queues the next look-up. DNS is asked outside of any transaction. */
export async function lookUpSsoConnector(
  context: Context,
  { organizationId, ssoConnectorId }: { organizationId: string; ssoConnectorId: string },
  signal: AbortSignal,
): Promise<void> {
  const [connector] = await rows<SsoConnectorRow & { isDue: boolean }>(context.db.pool, awaitedSsoConnector, [
    organizationId,
    ssoConnectorId,
  ])
  if (!connector) return
  // A run that came too early or twice leaves the look-up to the job that waits for it, and sees to it that there is one.
  if (!connector.isDue) return queueLookUp(context.db.pool, connector)
  const answer = await context.txtLookup.txt(connector.emailDomain, signal)
  // Cut off by the worker's end: nothing was answered, and the job runs again.
  if (signal.aborted) throw new Error('the worker stops; the record is looked up when the job runs again')
  await applyAnswer(context, connector, answer)
}

async function applyAnswer(context: Context, connector: SsoConnectorRow, answer: TxtAnswer): Promise<void> {
  const { organizationId, id, code } = connector
  const finding = findingOf(answer, code)
  await transaction(context.db.pool, async (tx) => {
    // Counts only while the connector awaits this very look-up: a run of the job that was given up for dead, or a new code, came first otherwise.
    const locked = await tx.query<SsoConnectorRow & { now: Date }>(
      `select ${ssoConnectorColumns}, now() as "now" from "SsoConnector" s
       where s."organizationId" = $1 and s."id" = $2 and s."code" = $3 and s."nextCheckAt" = $4 for update`,
      [organizationId, id, code, connector.nextCheckAt],
    )
    const [before] = locked.rows
    const after = before && afterLookUp(before, finding, before.now, context.config.ssoPollSeconds * 1000)
    if (!after) return
    const isEnabled = before.enabled && after.status === 'VERIFIED'
    await tx.query(
      `update "SsoConnector" set "status" = $3::"SsoVerificationStatus", "enabled" = $4, "statusMessage" = $5, "attempts" = "attempts" + 1,
         "lastCheckedAt" = $6, "nextCheckAt" = $7, "expiresAt" = $8, "firstAbsentAt" = $9, "lastAbsentAt" = $10,
         "version" = "version" + case when "status" = $3::"SsoVerificationStatus" then 0 else 1 end,
         "updatedAt" = case when "status" = $3::"SsoVerificationStatus" then "updatedAt" else now() end
       where "organizationId" = $1 and "id" = $2`,
      [
        organizationId,
        id,
        after.status,
        isEnabled,
        messageAfter(answer, finding, after),
        before.now,
        after.nextCheckAt,
        after.expiresAt,
        after.firstAbsentAt,
        after.lastAbsentAt,
      ],
    )
    await recordEvents(tx, context, eventsOf(before, after, isEnabled))
    if (after.nextCheckAt) await queueLookUp(tx, { organizationId, id, nextCheckAt: after.nextCheckAt })
  })
}

/** Only a change of the status is worth an event. */
function eventsOf(before: SsoConnectorRow, after: AfterLookUp, isEnabled: boolean): AuditEntry[] {
  if (before.status === after.status) return []
  return [
    {
      organizationId: before.organizationId,
      action: after.status === 'VERIFIED' ? 'ssoConnector.verify' : 'ssoConnector.fail',
      subjectId: before.id,
      before: { status: before.status, enabled: before.enabled },
      after: { status: after.status, enabled: isEnabled },
    },
  ]
}
