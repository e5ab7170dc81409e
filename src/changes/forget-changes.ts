import type { Services } from '../context.ts'
import type { Schedule } from '../jobs/schedule.ts'

/** Twice as long as a reader may be away without ending its subscriptions. */
const keptMinutes = 10
const batch = 10_000

/** Deletes changes that every reader has seen. Several processes may do it at once: each takes what the others have not locked. */
export const changeRetention: Schedule = {
  name: 'change retention',
  everyMs: () => 60_000,
  run: forgetChanges,
}

export async function forgetChanges({ db }: Services): Promise<void> {
  for (;;) {
    const { rowCount } = await db.pool.query(
      `delete from "Change" where "sequence" in (
         select "sequence" from "Change" where "at" < now() - $1 * interval '1 minute' order by "sequence" limit ${batch} for update skip locked)`,
      [keptMinutes],
    )
    if ((rowCount ?? 0) < batch) return
  }
}
