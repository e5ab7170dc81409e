import type { PoolClient } from 'pg'
import { type AuditEntry, recordEvents } from '../audit/audit.ts'
import { systemViewer } from '../auth/viewer.ts'
import type { Context } from '../context.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, type UserErrorValue, userError } from '../platform/errors.ts'
import { allowedActions, takeOverAfterMs } from './sso-connector.lifecycle.ts'
import { type SsoConnectorRow, ssoConnectorColumns } from './sso-connector.loader.ts'
import { changedMeanwhile, notAllowed, requireSsoConnector, type SsoConnectorReference } from './sso-connector.reference.ts'

export interface SsoConnectorChanges extends SsoConnectorReference {
  enabled?: boolean | null
  useFedrampLanguage?: boolean | null
}

/**
 * Enables, disables, or changes the language. Enabling needs a VERIFIED connector, and no other organization with the domain enabled,
 * unless that one's record has been missing for 72 hours: then it is disabled in the same transaction.
 */
export async function updateSsoConnector(context: Context, input: SsoConnectorChanges): Promise<SsoConnectorRow> {
  const before = await requireSsoConnector(context, input)
  refuseIfAny(nulls(input))
  const after = { enabled: input.enabled ?? before.enabled, useFedrampLanguage: input.useFedrampLanguage ?? before.useFedrampLanguage }
  const action = after.enabled === before.enabled ? null : after.enabled ? 'ENABLE' : 'DISABLE'
  if (action && !allowedActions(before).includes(action)) throw new Refusal(notAllowed(before, action, paths.enabled))
  if (!action && after.useFedrampLanguage === before.useFedrampLanguage) return before
  const updated = await transaction(context.db.pool, async (tx) => {
    const tookOver = action === 'ENABLE' && (await disableFailingHolder(tx, before))
    // Conditional on the version: what the check above saw is what is changed.
    const { rows } = await tx.query<SsoConnectorRow>(
      `update "SsoConnector" s set "enabled" = $4, "useFedrampLanguage" = $5, "version" = s."version" + 1, "updatedAt" = now()
       where s."organizationId" = $1 and s."id" = $2 and s."version" = $3 returning ${ssoConnectorColumns}`,
      [before.organizationId, before.id, before.version, after.enabled, after.useFedrampLanguage],
    )
    const [changed] = rows
    if (!changed) throw await changedMeanwhile(tx, before)
    await recordEvents(tx, context, eventsOf(before, changed, tookOver))
    return changed
  }).catch((error: unknown) => {
    throw isEnabledElsewhere(error) ? enabledElsewhere(before) : error
  })
  context.loaders.clear()
  return updated
}

const paths = { enabled: ['input', 'enabled'] }

function nulls({ enabled, useFedrampLanguage }: SsoConnectorChanges): UserErrorValue[] {
  return Object.entries({ enabled, useFedrampLanguage })
    .filter(([, value]) => value === null)
    .map(([field]) =>
      userError.validation('REQUIRED_VALUE_MISSING', ['input', field], `${field} cannot be cleared: leave it out or give true or false.`),
    )
}

/**
 * Takes the domain from an organization whose record has been clearly missing for 72 hours. The span is between two look-ups: one look-up
 * without the record, and unclear answers since, are not enough.
 */
async function disableFailingHolder(tx: PoolClient, { organizationId, emailDomain }: SsoConnectorRow): Promise<boolean> {
  // The one statement that reaches beyond the tenant: what it finds is told to nobody but that other organization's own audit.
  const { rows } = await tx.query<{ id: string; organizationId: string }>(
    `update "SsoConnector" set "enabled" = false, "statusMessage" = $4, "version" = "version" + 1, "updatedAt" = now()
     where "emailDomain" = $1 and "organizationId" <> $2 and "enabled" and "lastAbsentAt" - "firstAbsentAt" >= $3 * interval '1 millisecond'
     returning "id", "organizationId"`,
    [emailDomain, organizationId, takeOverAfterMs, takenOverMessage],
  )
  const [holder] = rows
  if (!holder) return false
  await recordEvents(tx, { viewer: systemViewer(holder.organizationId), requestId: null }, [
    {
      organizationId: holder.organizationId,
      action: 'ssoConnector.disable',
      subjectId: holder.id,
      before: { enabled: true },
      after: { enabled: false, reason: 'TAKEN_OVER' },
    },
  ])
  return true
}

const takenOverMessage =
  'Disabled: the record had been missing for 72 hours, and another organization that has shown that the domain is its own enabled it.'

function eventsOf(before: SsoConnectorRow, after: SsoConnectorRow, tookOver: boolean): AuditEntry[] {
  const { organizationId, id: subjectId } = before
  const events: AuditEntry[] = []
  if (before.enabled !== after.enabled) {
    events.push({
      organizationId,
      action: after.enabled ? 'ssoConnector.enable' : 'ssoConnector.disable',
      subjectId,
      before: { enabled: before.enabled },
      after: { enabled: after.enabled, ...(tookOver ? { reason: 'TOOK_OVER' } : {}) },
    })
  }
  if (before.useFedrampLanguage !== after.useFedrampLanguage) {
    events.push({
      organizationId,
      action: 'ssoConnector.update',
      subjectId,
      before: { useFedrampLanguage: before.useFedrampLanguage },
      after: { useFedrampLanguage: after.useFedrampLanguage },
    })
  }
  return events
}

function isEnabledElsewhere(error: unknown): boolean {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown }
  return code === '23505' && constraint === 'SsoConnector_one_enabled_per_domain'
}

/** Told only to an organization that has shown that the domain is its own: the others are refused for that before. */
function enabledElsewhere({ emailDomain }: SsoConnectorRow): Refusal {
  return new Refusal(
    userError.precondition(
      paths.enabled,
      `Another organization has ${emailDomain} enabled.`,
      'Disable it there, or remove its record from DNS: 72 hours after that its domain can be taken over.',
    ),
  )
}
