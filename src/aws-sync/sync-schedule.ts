import { systemViewer } from '../auth/viewer.ts'
import { createContext } from '../context.ts'
import type { Schedule } from '../jobs/schedule.ts'
import { Refusal } from '../platform/errors.ts'
import { syncAwsAccounts } from './aws-sync.service.ts'
import { dueSyncs, settleAbandonedSyncs } from './sync-state.ts'

/** Begins the syncs that are due. Run twice at once it still begins each once: one runs an organization. */
export const syncSchedule: Schedule = {
  name: 'AWS syncs',
  everyMs: () => 30_000,
  async run(services) {
    await settleAbandonedSyncs(services.db.pool)
    for (const organizationId of await dueSyncs(services.db.pool)) {
      try {
        await syncAwsAccounts(createContext(services, systemViewer(organizationId), null), { organizationId, wait: false })
      } catch (error) {
        // Disabled or deleted at this moment, or as many operations running as may: the next look finds it again.
        if (!(error instanceof Refusal)) throw error
      }
    }
  },
}
