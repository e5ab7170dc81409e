import { systemViewer } from '../auth/viewer.ts'
import { createContext } from '../context.ts'
import type { JobHandler } from '../jobs/registry.ts'
import { Refusal } from '../platform/errors.ts'
import { syncAwsAccounts } from './aws-sync.service.ts'
import { dueSyncs, settleAbandonedSyncs } from './sync-state.ts'

/** Begins the syncs that are due. Run twice at once it still begins each once: one runs an organization. */
export const scheduleAwsSyncs: JobHandler<'scheduleAwsSyncs'> = async (services, _payload, signal) => {
  await settleAbandonedSyncs(services.db.pool)
  for (const organizationId of await dueSyncs(services.db.pool)) {
    if (signal.aborted) return
    try {
      await syncAwsAccounts(createContext(services, systemViewer(organizationId), null), { organizationId, wait: false })
    } catch (error) {
      // Disabled or deleted at this moment, or as many operations running as may: the next minute looks again.
      if (!(error instanceof Refusal)) throw error
    }
  }
}
