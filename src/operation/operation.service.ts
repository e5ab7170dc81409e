import type { PoolClient } from 'pg'
import { actorColumns, recordEvents } from '../audit/audit.ts'
import { holds, type Scope } from '../auth/scope.ts'
import type { Context } from '../context.ts'
import type { BackgroundOperationKind, BackgroundOperationStatus } from '../generated/prisma/enums.ts'
import { enqueue, type JobName, type JobPayload } from '../jobs/enqueue.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, topLevelError, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { type OperationRow, operationLoader } from './operation.loader.ts'

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
  /** Jobs of one queue run one after the other; absent: all at once. */
  queue?: string
  /** Where one of this kind about the same thing has not ended, it is answered instead of a new one. */
  joinsRunning?: boolean
  /** What happens along with the start, in its transaction. */
  alongside?(tx: PoolClient): Promise<void>
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
    if (operation.joinsRunning) {
      const running = await tx.query<{ id: string }>(
        `select "id" from "BackgroundOperation" where "organizationId" = $1 and "kind" = $2 and "subjectId" = $3 and "status" in ('QUEUED', 'RUNNING')`,
        [organizationId, kind, subjectId],
      )
      if (running.rows[0]) return running.rows[0].id
    }
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
    await operation.alongside?.(tx)
    await enqueue(tx, operation.job, operation.payload(id), { key: id, queue: operation.queue })
    return id
  })
  context.loaders.clear()
  return requireOperation(context, startedId)
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
    // Conditional: an operation that ends at this moment has ended, and is told as such.
    const { rowCount } = await tx.query(
      `update "BackgroundOperation" set "status" = 'CANCELLED', "finishedAt" = now(), "statusMessage" = 'Cancelled. What was done stays done.'
       where "organizationId" = $1 and "id" = $2 and "status" in ('QUEUED', 'RUNNING')`,
      [operation.organizationId, id],
    )
    if (rowCount === 0) return false
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
