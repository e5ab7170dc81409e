import type { AwsSyncState } from '../generated/prisma/enums.ts'
import type { Queryable } from '../platform/statement.ts'

/** Hours between scheduled syncs, a twentieth more or less so that organizations spread. */
const nextSyncSql = `now() + interval '24 hours' * (0.95 + random() * 0.1)`

/** As the REST APIs before this graph numbered them. */
export const errorIds: Record<AwsSyncState, number> = {
  INITIALIZING: 0,
  SUCCEEDED: 0,
  SUCCEEDED_WITH_WARNING: 1,
  FAILED: 2,
  NA: 3,
  DISABLED: 4,
}

/** Whoever changes both a sync and its operation takes this row first: no two of them wait for each other. Makes it where there is none. */
export async function lockSync(tx: Queryable, organizationId: string): Promise<{ enabled: boolean }> {
  const values = [organizationId]
  await tx.query({ text: 'insert into "AwsSync" ("organizationId") values ($1) on conflict do nothing', values })
  const { rows } = await tx.query<{ enabled: boolean }>({
    text: 'select "enabled" from "AwsSync" where "organizationId" = $1 for update',
    values,
  })
  return rows[0] ?? { enabled: false }
}

/** A sync has been asked for: INITIALIZING while none has ended before, else the state stays. The next one is due a day later. */
export async function noteSyncAsked(tx: Queryable, organizationId: string): Promise<void> {
  await tx.query({
    text: `update "AwsSync" set "lastSyncAt" = now(), "nextSyncAt" = ${nextSyncSql},
      "state" = case when "lastOperationId" is null then 'INITIALIZING' else "state" end where "organizationId" = $1`,
    values: [organizationId],
  })
}

/** A sync was cancelled: the state is what the one before left. */
export async function noteSyncCancelled(tx: Queryable, organizationId: string): Promise<void> {
  await tx.query({
    text: `update "AwsSync" set "state" = "outcome", "statusMessage" = "outcomeMessage" where "organizationId" = $1 and "state" = 'INITIALIZING'`,
    values: [organizationId],
  })
}

/** A first sync whose operation was ended without it (its workers were killed too often) is not INITIALIZING any more. */
export async function settleAbandonedSyncs(db: Queryable): Promise<void> {
  await db.query({
    text: `update "AwsSync" s set "state" = "outcome", "statusMessage" = "outcomeMessage" where "state" = 'INITIALIZING' and not exists (
      select 1 from "BackgroundOperation" o where o."organizationId" = s."organizationId" and o."kind" = 'AWS_SYNC' and o."status" in ('QUEUED', 'RUNNING'))`,
    values: [],
  })
}

/** How a sync ended; where it read any account, the aws integration has been read, too. */
export async function noteSyncEnded(
  tx: Queryable,
  organizationId: string,
  { state, message, operationId }: { state: AwsSyncState; message: string | null; operationId: string },
): Promise<void> {
  await tx.query({
    text: `update "AwsSync" set "state" = $2::"AwsSyncState", "outcome" = $2::"AwsSyncState", "statusMessage" = $3, "outcomeMessage" = $3,
      "lastOperationId" = $4, "lastSuccessAt" = case when $2 in ('SUCCEEDED', 'SUCCEEDED_WITH_WARNING') then now() else "lastSuccessAt" end
      where "organizationId" = $1`,
    values: [organizationId, state, message, operationId],
  })
  if (state !== 'SUCCEEDED' && state !== 'SUCCEEDED_WITH_WARNING') return
  await tx.query({
    text: `update "Integration" set "lastSyncAt" = now() where "organizationId" = $1 and "type" = 'aws'`,
    values: [organizationId],
  })
}

/** Enables or disables. False where it was so already. */
export async function switchSync(tx: Queryable, organizationId: string, enabled: boolean): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `update "AwsSync" set "enabled" = $2, "nextSyncAt" = ${nextSyncSql},
      "state" = case when $2 then "outcome" else 'DISABLED' end, "statusMessage" = case when $2 then "outcomeMessage" else $3 end
      where "organizationId" = $1 and "enabled" <> $2`,
    values: [organizationId, enabled, 'Synchronization is disabled.'],
  })
  return rowCount === 1
}

/**
 * The organizations whose sync is due, at most 100, those that have something to sync. One that was never looked at gets its first time
 * within a day, so that an installation does not read all of AWS in its first minute.
 */
export async function dueSyncs(db: Queryable): Promise<string[]> {
  await db.query({
    text: `insert into "AwsSync" ("organizationId", "nextSyncAt") select o."id", now() + interval '24 hours' * random() from "Organization" o
      where ${hasSource} and not exists (select 1 from "AwsSync" s where s."organizationId" = o."id" and s."nextSyncAt" is not null)
      on conflict ("organizationId") do update set "nextSyncAt" = excluded."nextSyncAt" where "AwsSync"."nextSyncAt" is null`,
    values: [],
  })
  const { rows } = await db.query<{ organizationId: string }>({
    text: `select s."organizationId" from "AwsSync" s join "Organization" o on o."id" = s."organizationId"
      where s."enabled" and s."nextSyncAt" <= now() and ${hasSource} order by s."nextSyncAt" limit 100`,
    values: [],
  })
  return rows.map(({ organizationId }) => organizationId)
}

const hasSource = `(exists (select 1 from "AwsCredential" c where c."organizationId" = o."id")
  or exists (select 1 from "Component" c where c."organizationId" = o."id" and c."kind" = 'INVENTORY' and c."state" = 'INSTALLED'))`
