import type { PoolClient } from 'pg'
import type { Context } from '../context.ts'
import type { DiscoveryEnd } from '../discovery/discovery.ts'
import type { BackgroundOperationStatus } from '../generated/prisma/enums.ts'
import type { OperationRow } from '../operation/operation.loader.ts'
import { OperationEndedError } from '../operation/operation-end.ts'
import { transaction } from '../platform/database/transaction.ts'
import { type Discovered, type DiscoveryPart, recordDiscovery } from '../resource/discovery-run.ts'

/** Resources a transaction: a statement over them takes a fraction of what one may take. */
const batchSize = 2_000

type Status = 'ACTIVE' | 'WARNING' | 'ERROR'
const endOf: Record<Status, BackgroundOperationStatus> = { ACTIVE: 'SUCCEEDED', WARNING: 'SUCCEEDED_WITH_WARNING', ERROR: 'FAILED' }

/** Writes what a refresh finds, a batch a transaction; the last one with the end of the run, of the refresh and of the operation. */
export class DiscoveryWriter {
  #waiting = new Map<string, Discovered>()
  #written = 0
  /** One batch after the other, whoever finds them; once one fails, all that follow do. */
  #writing: Promise<void> = Promise.resolve()

  constructor(
    readonly context: Context,
    readonly operation: OperationRow,
    readonly integrationId: string,
  ) {}

  /** Keeps them until they are a batch, and then until that is written. Throws OperationEndedError where nobody wants it any more. */
  async add(resources: Discovered[]): Promise<void> {
    for (const resource of resources) this.#waiting.set(resource.externalId, resource)
    while (this.#waiting.size >= batchSize) {
      const batch = this.#take()
      this.#writing = this.#writing.then(() => this.#write(batch))
      await this.#writing
    }
  }

  async finish({ permissions, isComplete, warning }: DiscoveryEnd): Promise<void> {
    await this.#writing
    while (this.#waiting.size > batchSize) await this.#write(this.#take())
    const last = this.#take()
    await transaction(this.context.db.pool, async (tx) => {
      if (!(await lockRunning(tx, this.operation))) return
      await recordDiscovery(tx, { ...this.#part(last), permissions, isComplete }, this.context.config.quotas.resources)
      await end(tx, this.operation, warning === null ? 'ACTIVE' : 'WARNING', warning, this.#written + last.length)
    })
  }

  /** Nothing could be read. */
  async fail(message: string): Promise<void> {
    await transaction(this.context.db.pool, async (tx) => {
      if (await lockRunning(tx, this.operation)) await end(tx, this.operation, 'ERROR', message, 0)
    })
  }

  #take(): Discovered[] {
    const batch = [...this.#waiting.values()].slice(0, batchSize)
    for (const { externalId } of batch) this.#waiting.delete(externalId)
    return batch
  }

  async #write(batch: Discovered[]): Promise<void> {
    const { context, operation } = this
    await transaction(context.db.pool, async (tx) => {
      if (!(await lockRunning(tx, operation))) throw new OperationEndedError()
      await recordDiscovery(tx, this.#part(batch), context.config.quotas.resources)
      await tx.query('update "BackgroundOperation" set "done" = $3 where "organizationId" = $1 and "id" = $2', [
        operation.organizationId,
        operation.id,
        this.#written + batch.length,
      ])
    })
    this.#written += batch.length
  }

  #part(resources: Discovered[]): DiscoveryPart {
    const { organizationId, id: runId } = this.operation
    return { organizationId, integrationId: this.integrationId, runId, resources, permissions: null, isComplete: false }
  }
}

/** Whether the operation has not ended meanwhile; it does not before the transaction does. The organization's row comes first, as everywhere. */
async function lockRunning(tx: PoolClient, { organizationId, id }: OperationRow): Promise<boolean> {
  await tx.query('select 1 from "Organization" where "id" = $1 for key share', [organizationId])
  const { rowCount } = await tx.query(
    `select 1 from "BackgroundOperation" where "organizationId" = $1 and "id" = $2 and "status" = 'RUNNING' for update`,
    [organizationId, id],
  )
  return rowCount === 1
}

async function end(
  tx: PoolClient,
  { organizationId, id, subjectId }: OperationRow,
  status: Status,
  message: string | null,
  found: number,
): Promise<void> {
  await tx.query(
    `update "Integration" set "status" = $3::"IntegrationStatus", "statusMessage" = $4, "statusBefore" = null,
       "lastSyncAt" = case when $5 then now() else "lastSyncAt" end
     where "organizationId" = $1 and "id" = $2 and "status" = 'REFRESHING'`,
    [organizationId, subjectId, status, message, status !== 'ERROR'],
  )
  await tx.query(
    `update "BackgroundOperation" set "status" = $3::"BackgroundOperationStatus", "finishedAt" = now(), "statusMessage" = $4, "total" = $5, "done" = $5,
       "succeeded" = $5 where "organizationId" = $1 and "id" = $2`,
    [organizationId, id, endOf[status], message, found],
  )
}
