import { z } from 'zod'
import type { Queryable } from '../platform/statement.ts'

/** What each job is told. Parsed when it is queued and again when it runs: a job may have been queued by another release. */
export const jobPayloads = {
  /** A new look at one installed component. */
  reverifyComponent: z.object({ organizationId: z.string(), componentId: z.string() }),
  /** The accounts of a BackgroundOperation of kind AWS_SYNC or AWS_ROLE_REFRESH. */
  readAwsAccounts: z.object({ organizationId: z.string(), operationId: z.string() }),
  /** The components of a BackgroundOperation of kind COMPONENT_VERIFICATION. */
  verifyComponents: z.object({ organizationId: z.string(), operationId: z.string() }),
  /** The next look-up of an SSO connector's TXT record. */
  lookUpSsoConnector: z.object({ organizationId: z.string(), ssoConnectorId: z.string() }),
  /** The integration of a BackgroundOperation of kind INTEGRATION_REFRESH. */
  refreshIntegration: z.object({ organizationId: z.string(), operationId: z.string() }),
}

export type JobName = keyof typeof jobPayloads
export type JobPayload<Name extends JobName> = z.infer<(typeof jobPayloads)[Name]>

export interface JobOptions {
  key: string
  /** Not before then; absent: at once. */
  runAt?: Date
  /** Jobs of one queue run one after the other; absent: all at once. */
  queue?: string
  maxAttempts?: number
}

/** Queues a job in the caller's transaction: it runs if and only if that commits. A job with the same key that waits is replaced. */
export async function enqueue<Name extends JobName>(
  tx: Queryable,
  name: Name,
  payload: JobPayload<Name>,
  options: JobOptions,
): Promise<void> {
  await enqueueAll(tx, name, [{ ...options, payload }])
}

/** The same for any number of jobs, in one statement. */
export async function enqueueAll<Name extends JobName>(
  tx: Queryable,
  name: Name,
  jobs: (JobOptions & { payload: JobPayload<Name> })[],
): Promise<void> {
  if (jobs.length === 0) return
  const parsed = jobs.map(({ payload, maxAttempts = 5, ...options }) => ({
    ...options,
    maxAttempts,
    payload: jobPayloads[name].parse(payload),
  }))
  await tx.query({
    text: `select graphile_worker.add_job($1, payload := j."payload", job_key := j."key", run_at := j."runAt", queue_name := j."queue",
        max_attempts := j."maxAttempts")::text
      from json_to_recordset($2::json) as j("payload" json, "key" text, "runAt" timestamptz, "queue" text, "maxAttempts" int)`,
    values: [name, JSON.stringify(parsed)],
  })
}
