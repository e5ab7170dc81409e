import type { SsoVerificationStatus } from '../generated/prisma/enums.ts'

export type SsoConnectorAction = 'BEGIN_VERIFICATION' | 'ENABLE' | 'DISABLE' | 'DELETE'

/** What a look-up came to: unclear is whatever tells neither that the record is there nor that it is not. */
export type Finding = 'FOUND' | 'ABSENT' | 'UNCLEAR'

/** What a caller may do in each state; only a VERIFIED connector is ever enabled. */
const actions: Record<SsoVerificationStatus | 'ENABLED', SsoConnectorAction[]> = {
  AWAITING: ['BEGIN_VERIFICATION', 'DELETE'],
  PENDING: ['DELETE'],
  FAILED: ['BEGIN_VERIFICATION', 'DELETE'],
  VERIFIED: ['ENABLE', 'DELETE'],
  ENABLED: ['DISABLE'],
}

export function allowedActions({ status, enabled }: { status: SsoVerificationStatus; enabled: boolean }): SsoConnectorAction[] {
  return actions[enabled ? 'ENABLED' : status]
}

/** The states of a connector that is not enabled in which the action is possible. */
export const statesThatAllow = (action: SsoConnectorAction): string[] =>
  Object.entries(actions).flatMap(([state, allowed]) => (state !== 'ENABLED' && allowed.includes(action) ? [state] : []))

/** The states in which the record is looked up, and where each finding leads; `over` is true once the time for finding it has passed. */
const findings: Record<'PENDING' | 'VERIFIED', Record<Finding, (over: boolean) => SsoVerificationStatus>> = {
  PENDING: { FOUND: () => 'VERIFIED', ABSENT: (over) => (over ? 'FAILED' : 'PENDING'), UNCLEAR: () => 'PENDING' },
  VERIFIED: { FOUND: () => 'VERIFIED', ABSENT: (over) => (over ? 'FAILED' : 'VERIFIED'), UNCLEAR: () => 'VERIFIED' },
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** The longest time between two look-ups of a PENDING connector. */
const maxPollMs = hourMs
/** Between two look-ups of a VERIFIED connector. */
const recheckMs = dayMs
/** For this long a VERIFIED connector's record may be clearly absent. */
const absentMs = 7 * dayMs
/** After this long another organization that is VERIFIED may enable the domain. */
export const takeOverAfterMs = 72 * hourMs

export interface LookedUp {
  status: SsoVerificationStatus
  /** Look-ups with this code before this one. */
  attempts: number
  expiresAt: Date | null
  firstAbsentAt: Date | null
  lastAbsentAt: Date | null
}

export interface AfterLookUp {
  status: SsoVerificationStatus
  /** null: it is not looked up any more. */
  nextCheckAt: Date | null
  expiresAt: Date | null
  firstAbsentAt: Date | null
  lastAbsentAt: Date | null
}

/** What a finding makes of a connector that is PENDING or VERIFIED; null in every other state. */
export function afterLookUp(connector: LookedUp, finding: Finding, now: Date, firstPollMs: number): AfterLookUp | null {
  const { status: from, expiresAt } = connector
  if (from !== 'PENDING' && from !== 'VERIFIED') return null
  const absence = from === 'VERIFIED' ? absenceAfter(connector, finding, now) : none
  const isOver =
    from === 'PENDING'
      ? expiresAt !== null && expiresAt <= now
      : absence.firstAbsentAt !== null && now.getTime() - absence.firstAbsentAt.getTime() >= absentMs
  const status = findings[from][finding](isOver)
  const delayMs = { PENDING: pollMs(connector, now, firstPollMs), VERIFIED: recheckMs, FAILED: null, AWAITING: null }[status]
  return {
    status,
    nextCheckAt: delayMs === null ? null : new Date(now.getTime() + delayMs),
    expiresAt: status === 'PENDING' ? expiresAt : null,
    ...absence,
  }
}

const none = { firstAbsentAt: null, lastAbsentAt: null }

function absenceAfter({ firstAbsentAt, lastAbsentAt }: LookedUp, finding: Finding, now: Date) {
  if (finding === 'FOUND') return none
  return finding === 'ABSENT' ? { firstAbsentAt: firstAbsentAt ?? now, lastAbsentAt: now } : { firstAbsentAt, lastAbsentAt }
}

/** Doubled with each look-up, and never past the end of the time for finding the record, so that it fails when it has to. */
function pollMs({ attempts, expiresAt }: LookedUp, now: Date, firstPollMs: number): number {
  const delayMs = Math.min(firstPollMs * 2 ** attempts, maxPollMs)
  const leftMs = expiresAt ? expiresAt.getTime() - now.getTime() : 0
  return leftMs > 0 ? Math.min(delayMs, leftMs) : delayMs
}
