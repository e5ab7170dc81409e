import type { Queryable } from '../platform/statement.ts'

/**
 * Ends the operations whose job is used up, because it failed or its worker was killed as often as it may: nobody else ever would, and
 * each counts as a running one of its organization. Returns their ids.
 */
export async function endAbandonedOperations(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `update "BackgroundOperation" o set "status" = 'FAILED', "finishedAt" = now(),
       "statusMessage" = 'It was cut off too often. What was done stays done; ask again for the rest.'
     from graphile_worker.jobs j where j."key" = o."id" and j."attempts" >= j."max_attempts" and j."locked_at" is null
       and o."status" in ('QUEUED', 'RUNNING')
     returning o."id"`,
    values: [],
  })
  return rows.map(({ id }) => id)
}
