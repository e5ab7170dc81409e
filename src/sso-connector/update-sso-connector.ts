import type { PoolClient } from 'pg'
import { type AuditEntry, eventRows, insertEvents, recordEvents } from '../audit/audit.ts'
import { systemViewer } from '../auth/viewer.ts'
import type { Context } from '../context.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, type UserErrorValue, userError } from '../platform/errors.ts'
import { type Queryable, rows, statement } from '../platform/statement.ts'
import { allowedActions, takeOverAfterMs } from './sso-connector.lifecycle.ts'
import { type SsoConnectorRow, ssoConnectorColumns } from './sso-connector.loader.ts'
import { changedMeanwhile, notAllowed, requireSsoConnector, type SsoConnectorReference } from './sso-connector.reference.ts'
import { switchEvent, switchSsoConnector } from './switch-sso-connector.ts'

export interface SsoConnectorChanges extends SsoConnectorReference {
  enabled?: boolean | null
  useFedrampLanguage?: boolean | null
}

/**
 * Enables, disables, or changes the language. Enabling needs a VERIFIED connector, and no other organization with the domain enabled,
 * unless that one's record has been missing for 72 hours: then it is disabled in the same transaction.
 */
export async function updateSsoConnector(context: Context, input: SsoConnectorChanges): Promise<SsoConnectorRow> {
  const switched = await switchAtOnce(context, input)
  if (switched) return switched
  return updateWithChecks(context, input).catch((error: unknown) => {
    // Whoever expects no version is not told of one: what another call has just made of the connector is looked at once more.
    if (input.expectedVersion != null || !isConflict(error)) throw error
    context.loaders.clear()
    return updateWithChecks(context, input)
  })
}

async function updateWithChecks(context: Context, input: SsoConnectorChanges): Promise<SsoConnectorRow> {
  const before = await requireSsoConnector(context, input)
  refuseIfAny(nulls(input))
  const after = { enabled: input.enabled ?? before.enabled, useFedrampLanguage: input.useFedrampLanguage ?? before.useFedrampLanguage }
  const action = after.enabled === before.enabled ? null : after.enabled ? 'ENABLE' : 'DISABLE'
  if (action && !allowedActions(before).includes(action)) throw new Refusal(notAllowed(before, action, paths.enabled))
  if (!action && after.useFedrampLanguage === before.useFedrampLanguage) return before
  const change: Change = { before, after }
  // Whoever else has the domain enabled may have to make way, which is rare: that is looked at only where it is so.
  const updated = await apply(context, change).catch((error: unknown) => {
    if (isEnabledElsewhere(error)) return takeOver(context, change)
    throw error
  })
  context.loaders.clear()
  return updated
}

interface Change {
  before: SsoConnectorRow
  after: Pick<SsoConnectorRow, 'enabled' | 'useFedrampLanguage'>
}

/**
 * Conditional on the version: what the checks saw is what is changed, and the events are written if it was. The organization is locked first,
 * as everybody does who deletes it.
 */
const changeWithEvents = statement(
  'sso_connector_change',
  `with owner as (
  select "id" from "Organization" where "id" = $1 for key share
), changed as (
  update "SsoConnector" s set "enabled" = $4, "useFedrampLanguage" = $5, "version" = s."version" + 1, "updatedAt" = now()
  where s."organizationId" = $1 and s."id" = $2 and (select count(*) from owner) = 1 and s."version" = $3 returning ${ssoConnectorColumns}
), event as (
  ${insertEvents('$6')} where exists (select from changed)
)
select * from changed`,
)

/** The change and its events: one statement, so one transaction and one round trip. */
async function apply(
  context: Context,
  change: Change,
  { tx = context.db.pool as Queryable, tookOver = false } = {},
): Promise<SsoConnectorRow> {
  const { before, after } = change
  const { organizationId, id, version } = before
  const events = eventRows(context, eventsOf(change, tookOver))
  const values = [organizationId, id, version, after.enabled, after.useFedrampLanguage, events]
  const [changed] = await rows<SsoConnectorRow>(tx, changeWithEvents, values)
  if (!changed) throw await changedMeanwhile(tx, before)
  return changed
}

async function takeOver(context: Context, change: Change): Promise<SsoConnectorRow> {
  return transaction(context.db.pool, async (tx) => {
    const tookOver = await disableFailingHolder(tx, change.before)
    return apply(context, change, { tx, tookOver })
  }).catch((error: unknown) => {
    throw isEnabledElsewhere(error) ? enabledElsewhere(change.before) : error
  })
}

/**
 * The whole of it in one statement, for a caller of one organization who switches the connector and changes nothing else. Null where that
 * found nothing to do: then there is something to tell, or another organization in the way.
 */
async function switchAtOnce(context: Context, { id, enabled, useFedrampLanguage, expectedVersion }: SsoConnectorChanges) {
  const [organizationId, ...others] = context.viewer.organizationIds ?? []
  if (!organizationId || others.length > 0 || enabled == null || useFedrampLanguage !== undefined) return null
  const change = { organizationId, id, enabled, expectedVersion: expectedVersion ?? null }
  const switched = await switchSsoConnector(context.db.pool, context, change).catch((error: unknown) => {
    if (isEnabledElsewhere(error)) return null
    throw error
  })
  if (switched) context.loaders.clear()
  return switched
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

function eventsOf({ before, after }: Change, tookOver: boolean): AuditEntry[] {
  const { organizationId, id: subjectId } = before
  const events: AuditEntry[] = []
  if (before.enabled !== after.enabled) {
    events.push(switchEvent({ organizationId, id: subjectId, from: before.enabled, enabled: after.enabled, tookOver }))
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

const isConflict = (error: unknown) => error instanceof Refusal && error.errors.some(({ code }) => code === 'CONFLICT')

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
