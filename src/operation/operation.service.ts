import type { PoolClient } from 'pg'
import { actorColumns, recordEvents } from '../audit/audit.ts'
import { holds, type Scope } from '../auth/scope.ts'
import { lockSync, noteSyncCancelled } from '../aws-sync/sync-state.ts'
import type { Context } from '../context.ts'
import type { BackgroundOperationKind, BackgroundOperationStatus } from '../generated/prisma/enums.ts'
import { enqueue, type JobName, type JobPayload } from '../jobs/enqueue.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, topLevelError, userError } from '../platform/errors.ts'
import type { Queryable } from '../platform/statement.ts'
import { newId } from '../platform/typeid.ts'
import { type OperationRow, operationLoader } from './operation.loader.ts'

/** Each kill of a worker costs a job one of its attempts; an operation is not to end for that. */
const operationAttempts = 50

/** How long a call with `wait: true` waits. */
const waitMs = 10_000

const writeScope: Record<BackgroundOperationKind, Scope> = {
  AWS_SYNC: 'AWS_WRITE',
  AWS_ROLE_REFRESH: 'AWS_WRITE',
  INTEGRATION_REFRESH: 'INTEGRATIONS_WRITE',
  COMPONENT_VERIFICATION: 'COMPONENTS_WRITE',
}

export interface NewOperation<Name extends JobName> {
  organizationId: string
  kind: BackgroundOperationKind
  subjectId: string | null
  input: object
  total: number | null
  job: Name
  payload: (operationId: string) => JobPayload<Name>
  /** While one of this kind has not ended, in the organization or about the same subject, that one is returned instead. */
  isOneAtATime?: 'organization' | 'subject'
  /** Work of the same transaction: `before` may refuse, `after` runs only where the operation is a new one. */
  before?: (tx: PoolClient) => Promise<void>
  after?: (tx: PoolClient) => Promise<void>
  /** Jobs of one queue run one after the other; absent: all at once. */
  queue?: string
}

/** Makes an operation and queues its job in one transaction. */
export async function startOperation<Name extends JobName>(context: Context, operation: NewOperation<Name>): Promise<OperationRow> {
  const { organizationId, kind, subjectId, input, total } = operation
  const id = newId('op')
  const actor = actorColumns(context)
  const limit = context.config.quotas.runningOperations
  const startedId = await transaction(context.db.pool, async (tx) => {
    // Whoever starts operations lines up at the organization's row, so that the limit holds for concurrent calls too.
    const organization = await tx.query('select 1 from "Organization" where "id" = $1 for no key update', [organizationId])
    if (organization.rowCount === 0) throw new Refusal(userError.notFound(['input', 'organizationId'], 'organization'))
    await operation.before?.(tx)
    const running = operation.isOneAtATime ? await activeOperation(tx, operation) : null
    if (running) return running
    const { rows } = await tx.query<{ count: number }>(
      `select count(*)::int as "count" from "BackgroundOperation" where "organizationId" = $1 and "status" in ('QUEUED', 'RUNNING')`,
      [organizationId],
    )
    if ((rows[0]?.count ?? 0) >= limit) {
      throw new Refusal(
        userError.quota(
          ['input'],
          `${limit} operations are running, as many as an organization may have at once. Wait for one or cancel it.`,
          limit,
        ),
      )
    }
    await tx.query(
      `insert into "BackgroundOperation" ("id", "organizationId", "kind", "subjectId", "actorKind", "actorSubject", "actorLabel", "input", "total")
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [id, organizationId, kind, subjectId, actor.actorKind, actor.actorSubject, actor.actorLabel, JSON.stringify(input), total],
    )
    await enqueue(tx, operation.job, operation.payload(id), { key: id, maxAttempts: operationAttempts, queue: operation.queue })
    await operation.after?.(tx)
    return id
  })
  context.loaders.clear()
  return requireOperation(context, startedId)
}

async function activeOperation<Name extends JobName>(
  tx: PoolClient,
  { organizationId, kind, subjectId, isOneAtATime }: NewOperation<Name>,
): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>(
    `select "id" from "BackgroundOperation" where "organizationId" = $1 and "kind" = $2 and ($3::text is null or "subjectId" = $3)
       and "status" in ('QUEUED', 'RUNNING')`,
    [organizationId, kind, isOneAtATime === 'subject' ? subjectId : null],
  )
  return rows[0]?.id ?? null
}

/** Waits until the operation has ended, at most 10 s, and returns it as it then is. */
export async function waitForOperation(context: Context, id: string): Promise<OperationRow> {
  const until = Date.now() + waitMs
  for (;;) {
    context.loaders.clear()
    const operation = await requireOperation(context, id)
    if (operation.finishedAt || Date.now() >= until) return operation
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Ends an operation that has not ended; the job notices between two items. */
export async function cancelOperation(context: Context, id: string): Promise<OperationRow> {
  const operation = await operationLoader(context).load(id)
  if (!operation) throw new Refusal(userError.notFound(['input', 'id'], 'operation'))
  const scope = writeScope[operation.kind]
  if (!holds(context.viewer.scopes, scope)) throw topLevelError.forbidden(`This needs the scope ${scope}.`, [scope])
  const isCancelled = await transaction(context.db.pool, async (tx) => {
    // First, as everybody does: a deletion of the organization would be met half-way.
    await tx.query('select 1 from "Organization" where "id" = $1 for key share', [operation.organizationId])
    if (operation.kind === 'AWS_SYNC') await lockSync(tx, operation.organizationId)
    // Conditional: an operation that ends at this moment has ended, and is told as such.
    const { rowCount } = await tx.query(
      `update "BackgroundOperation" set "status" = 'CANCELLED', "finishedAt" = now(), "statusMessage" = 'Cancelled. What was done stays done.'
       where "organizationId" = $1 and "id" = $2 and "status" in ('QUEUED', 'RUNNING')`,
      [operation.organizationId, id],
    )
    if (rowCount === 0) return false
    if (operation.kind === 'AWS_SYNC') await noteSyncCancelled(tx, operation.organizationId)
    await tx.query({ text: 'select graphile_worker.remove_job($1)::text', values: [id] })
    await recordEvents(tx, context, [
      { organizationId: operation.organizationId, action: 'operation.cancel', subjectId: id, before: { status: operation.status } },
    ])
    return true
  })
  context.loaders.clear()
  const fresh = await requireOperation(context, id)
  if (!isCancelled) throw new Refusal(userError.transition(['input', 'id'], `It has ended: ${fresh.status}.`, fresh.status, []))
  return fresh
}

/** Cancels whatever of these kinds has not ended, in the caller's transaction; running jobs notice between two items. */
export async function cancelOperations(
  tx: PoolClient,
  organizationId: string,
  kinds: BackgroundOperationKind[],
  statusMessage: string,
): Promise<void> {
  await tx.query(
    `with cancelled as (
       update "BackgroundOperation" set "status" = 'CANCELLED', "finishedAt" = now(), "statusMessage" = $3
       where "organizationId" = $1 and "kind" = any($2::text[]::"BackgroundOperationKind"[]) and "status" in ('QUEUED', 'RUNNING') returning "id"
     )
     select graphile_worker.remove_job("id")::text from cancelled`,
    [organizationId, kinds, statusMessage],
  )
}

/** Marks a queued operation as being worked on. False where it has ended, for example by being cancelled. */
export async function beginOperation({ db }: Context, { organizationId, id }: OperationRow): Promise<boolean> {
  const { rowCount } = await db.pool.query(
    `update "BackgroundOperation" set "status" = 'RUNNING', "startedAt" = coalesce("startedAt", now())
     where "organizationId" = $1 and "id" = $2 and "status" in ('QUEUED', 'RUNNING')`,
    [organizationId, id],
  )
  return rowCount === 1
}

/**
 * Writes one item's result, once however often it is run, with the progress. False where the operation has ended meanwhile: what has ended
 * stays as it is.
 */
export async function recordResult(
  { db }: Context,
  { organizationId, id }: OperationRow,
  result: { ordinal: number; subjectId: string | null; errors: object[] },
): Promise<boolean> {
  const { rowCount } = await db.pool.query(
    `with running as (
       select "organizationId", "id" from "BackgroundOperation" where "organizationId" = $1 and "id" = $2 and "status" = 'RUNNING' for no key update
     ), written as (
       insert into "BackgroundOperationResult" ("organizationId", "operationId", "ordinal", "subjectId", "succeeded", "errors")
       select "organizationId", "id", $3, $4, $5, $6 from running on conflict do nothing returning "succeeded"
     )
     update "BackgroundOperation" o set "done" = "done" + (select count(*) from written), "succeeded" = "succeeded" + (select count(*) from written where "succeeded"),
       "failed" = "failed" + (select count(*) from written where not "succeeded")
     from running r where o."organizationId" = r."organizationId" and o."id" = r."id"`,
    [organizationId, id, result.ordinal, result.subjectId, result.errors.length === 0, JSON.stringify(result.errors)],
  )
  return rowCount === 1
}

/** Writes several items' results as recordResult does, in the caller's transaction. */
export async function recordResults(
  tx: Queryable,
  { organizationId, id }: Pick<OperationRow, 'organizationId' | 'id'>,
  results: { ordinal: number; subjectId: string | null; errors: object[] }[],
): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `with running as (
       select "id" from "BackgroundOperation" where "organizationId" = $1 and "id" = $2 and "status" = 'RUNNING' for no key update
     ), written as (
       insert into "BackgroundOperationResult" ("organizationId", "operationId", "ordinal", "subjectId", "succeeded", "errors")
       select $1, running."id", r."ordinal", r."subjectId", jsonb_array_length(r."errors") = 0, r."errors"
       from running, json_to_recordset($3::json) as r("ordinal" int, "subjectId" text, "errors" jsonb)
       on conflict do nothing returning "succeeded"
     )
     update "BackgroundOperation" o set "done" = "done" + (select count(*) from written),
       "succeeded" = "succeeded" + (select count(*) from written where "succeeded"),
       "failed" = "failed" + (select count(*) from written where not "succeeded")
     from running where o."organizationId" = $1 and o."id" = running."id"`,
    values: [organizationId, id, JSON.stringify(results)],
  })
  return rowCount === 1
}

/** Ends an operation that is still running, in the caller's transaction. False where it has ended meanwhile. */
export async function endOperation(
  tx: Queryable,
  { organizationId, id }: Pick<OperationRow, 'organizationId' | 'id'>,
  { status, statusMessage }: { status: BackgroundOperationStatus; statusMessage: string | null },
): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `update "BackgroundOperation" set "finishedAt" = now(), "status" = $3::"BackgroundOperationStatus", "statusMessage" = $4
     where "organizationId" = $1 and "id" = $2 and "status" = 'RUNNING'`,
    values: [organizationId, id, status, statusMessage],
  })
  return rowCount === 1
}

/** The end of an operation, told by its counts. */
export async function finishOperation({ db }: Context, { organizationId, id }: OperationRow): Promise<void> {
  const done: Record<'all' | 'some' | 'none', BackgroundOperationStatus> = {
    all: 'SUCCEEDED',
    some: 'SUCCEEDED_WITH_WARNING',
    none: 'FAILED',
  }
  await db.pool.query(
    `update "BackgroundOperation" set "finishedAt" = now(),
       "status" = (case when "failed" = 0 then $3 when "succeeded" > 0 then $4 else $5 end)::"BackgroundOperationStatus",
       "statusMessage" = case when "failed" = 0 then null else "failed" || ' of ' || "done" || ' failed; the results say why.' end
     where "organizationId" = $1 and "id" = $2 and "status" = 'RUNNING'`,
    [organizationId, id, done.all, done.some, done.none],
  )
}

async function requireOperation(context: Context, id: string): Promise<OperationRow> {
  const operation = await operationLoader(context).load(id)
  if (!operation) throw new Refusal(userError.notFound(['input', 'id'], 'operation'))
  return operation
}
