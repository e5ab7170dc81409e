import { setMaxListeners } from 'node:events'
import type { Context } from '../context.ts'
import { isUnavailable, isWriteConflict } from '../platform/database/unavailable.ts'

export interface AccountReference {
  organizationId: string
  awsAccountId: string
}

/** Of a whole account: 10,000 roles, as many as AWS allows, are 80 calls. */
const scanLimitMs = 120_000
/** So that the account is not taken by another while the last statement of a scan at its limit is under way. */
const leaseMs = scanLimitMs + 15_000

/** The signal of a scan, which ends with `signal` or at the limit; `stop` it when the scan is over. */
export function limitScan(signal: AbortSignal): { ending: AbortSignal; stop(): void } {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), scanLimitMs)
  const ending = AbortSignal.any([limit.signal, signal])
  // Every call to AWS listens to it.
  setMaxListeners(0, ending)
  return { ending, stop: () => clearTimeout(timer) }
}

/**
 * What is told of an account that could not be read for a fault of ours: it does not keep the others from being read. Throws the error of
 * a database that is away: then none can be, and the job runs again.
 */
export function faultWhileRead({ log }: Context, account: { awsAccountId: string }, error: unknown): string {
  if (isUnavailable(error) || isWriteConflict(error)) throw error
  log.error({ err: error, ...account }, 'an AWS account could not be read for a fault of ours')
  return 'Something went wrong on our side while this account was read.'
}

/**
 * Takes the account for a scan: scans of one account exclude each other, in whatever process they run. Returns when it began, by the
 * database's clock, or null while another has it. The owner itself gets it again at once: a job that was cut off goes on without waiting.
 * Left by a process that was killed, it is free 15 s after the limit of a scan.
 */
export async function beginScan(
  { db }: Context,
  { organizationId, awsAccountId }: AccountReference,
  owner: string,
  reads: 'roles' | 'resources',
): Promise<Date | null> {
  const { rows } = await db.pool.query<{ startedAt: Date }>(
    `update "AwsAccount" set "scanOwner" = $3, "scanUntil" = now() + $4 * interval '1 millisecond',
       "lastScanAt" = case when $5 then date_trunc('milliseconds', now()) else "lastScanAt" end
     where "organizationId" = $1 and "id" = $2 and ("scanUntil" is null or "scanUntil" < now() or "scanOwner" = $3)
     returning date_trunc('milliseconds', now()) as "startedAt"`,
    [organizationId, awsAccountId, owner, leaseMs, reads === 'roles'],
  )
  return rows[0]?.startedAt ?? null
}

/** Gives the account back and says how it went; null: it was read in full. */
export async function endScan(
  { db }: Context,
  { organizationId, awsAccountId }: AccountReference,
  owner: string,
  syncStatusMessage: string | null,
): Promise<void> {
  await db.pool.query(
    `update "AwsAccount" set "scanOwner" = null, "scanUntil" = null, "lastSyncAt" = now(), "syncStatusMessage" = $4
     where "organizationId" = $1 and "id" = $2 and "scanOwner" = $3`,
    [organizationId, awsAccountId, owner, syncStatusMessage],
  )
}

/** Gives the account back and says nothing of its roles: it was read for something else. */
export async function leaveScan({ db }: Context, { organizationId, awsAccountId }: AccountReference, owner: string): Promise<void> {
  await db.pool.query(
    `update "AwsAccount" set "scanOwner" = null, "scanUntil" = null where "organizationId" = $1 and "id" = $2 and "scanOwner" = $3`,
    [organizationId, awsAccountId, owner],
  )
}

/** Says of accounts why they were not read, where it does not say so already. Their roles stay as they are. */
export async function noteUnread(
  { db }: Context,
  organizationId: string,
  unread: { awsAccountId: string; message: string }[],
): Promise<void> {
  if (unread.length === 0) return
  await db.pool.query(
    `update "AwsAccount" a set "syncStatusMessage" = u."message" from unnest($2::text[], $3::text[]) as u("id", "message")
     where a."organizationId" = $1 and a."id" = u."id" and a."syncStatusMessage" is distinct from u."message"`,
    [organizationId, unread.map(({ awsAccountId }) => awsAccountId), unread.map(({ message }) => message)],
  )
}

/** The same of every account of the organization but these. */
export async function noteWithoutSource({ db }: Context, organizationId: string, withSource: string[]): Promise<void> {
  await db.pool.query(
    `update "AwsAccount" set "syncStatusMessage" = $3
     where "organizationId" = $1 and not ("id" = any($2::text[])) and "syncStatusMessage" is distinct from $3`,
    [organizationId, withSource, withoutSource],
  )
}

export const withoutSource = 'Not read: the account has neither an installed INVENTORY component nor a credential that works.'
