import { z } from 'zod'
import type { Queryable } from '../platform/statement.ts'

/** What each job is told. Parsed when it is queued and again when it runs: a job may have been queued by another release. */
export const jobPayloads = {
  /** A new look at one installed component. */
  reverifyComponent: z.object({ organizationId: z.string(), componentId: z.string() }),
  /** The accounts of a BackgroundOperation of kind AWS_SYNC or AWS_ROLE_REFRESH. */
  readAwsAccounts: z.object({ organizationId: z.string(), operationId: z.string() }),
  /** By the clock, every minute: begins the syncs that are due. */
  scheduleAwsSyncs: z.object({}),
  /** The components of a BackgroundOperation of kind COMPONENT_VERIFICATION. */
  verifyComponents: z.object({ organizationId: z.string(), operationId: z.string() }),
}

export type JobName = keyof typeof jobPayloads
export type JobPayload<Name extends JobName> = z.infer<(typeof jobPayloads)[Name]>

/** Queues a job in the caller's transaction: it runs if and only if that commits. A job with the same key that waits is replaced. */
export async function enqueue<Name extends JobName>(
  tx: Queryable,
  name: Name,
  payload: JobPayload<Name>,
  { key, maxAttempts = 5 }: { key: string; maxAttempts?: number },
): Promise<void> {
  await tx.query({
    text: 'select graphile_worker.add_job($1, payload := $2::json, job_key := $3, max_attempts := $4)::text',
    values: [name, JSON.stringify(jobPayloads[name].parse(payload)), key, maxAttempts],
  })
}
