import type { Context } from '../../context.ts'
import { runAll } from '../../platform/run-all.ts'
import type { Discover } from '../discovery.ts'
import { DiscoveryError } from '../discovery-error.ts'
import { type AccountProblems, explainProblems } from './explain.ts'
import { hasInventory, installedInventories, stagedAgain } from './inventory-accounts.ts'
import { type AccountRead, readAccount } from './read-account.ts'

/** Accounts at once an organization. */
const atOnce = 8

/** Reads every account of the organization that has an installed INVENTORY component, through its role. */
export const discoverAws: Discover = async (context, target, found, signal) => {
  const { organizationId, integrationId } = target
  const components = await installedInventories(context, organizationId)
  if (components.length === 0) throw new DiscoveryError(`${noInventory.message} ${noInventory.remediation}`)
  const reads: AccountRead[] = []
  const stop = new AbortController()
  const ending = AbortSignal.any([signal, stop.signal])
  const tasks = components.map((component) => async () => {
    if (ending.aborted) return 'done' as const
    try {
      const read = await readAccount(context, component, target, found, ending)
      if (!read) return 'busy' as const
      reads.push(read)
      return 'done' as const
    } catch (error) {
      // What one account cannot be written for, none can.
      stop.abort(error)
      throw error
    }
  })
  await runAll(tasks, atOnce)
  signal.throwIfAborted()
  const unread = (await stagedAgain(context, organizationId, integrationId)).map(
    ({ accountId, state }): AccountProblems => ({
      accountId,
      problems: [`it is not read, for its INVENTORY component is in state ${state}. Verify and configure that, or remove it.`],
    }),
  )
  const warning = explainProblems([...reads.filter(({ problems }) => problems.length > 0), ...unread])
  if (!reads.some(({ isAnswered }) => isAnswered)) throw new DiscoveryError(`No account could be read. ${warning ?? ''}`.trim())
  return { permissions: null, isComplete: unread.length === 0 && reads.every(({ isComplete }) => isComplete), warning }
}

/** Without an INVENTORY component there is nobody to read as. */
export async function awsObstacle(context: Context, organizationId: string): Promise<typeof noInventory | null> {
  return (await hasInventory(context, organizationId)) ? null : noInventory
}

const noInventory = {
  message: 'No account can be read: the organization has no installed INVENTORY component.',
  remediation: 'Stage, verify and configure INVENTORY in the accounts that are to be read.',
}
