import { AwsProblem } from '../../aws/account-reader/problem.ts'
import type { SeenResource } from '../../aws/account-reader/resources/seen-resource.ts'
import { beginScan, faultWhileRead, leaveScan, limitScan } from '../../aws-account/account-scan.ts'
import { openInventory } from '../../component/assumable-role.ts'
import type { ComponentRow } from '../../component/component.loader.ts'
import type { Context } from '../../context.ts'
import type { Discovered } from '../../resource/discovery-run.ts'
import type { DiscoveryTarget, Found } from '../discovery.ts'
import { type AccountProblems, adviceOf } from './explain.ts'

/** How the reading of an account went. */
export interface AccountRead extends AccountProblems {
  /** Whether all of it was seen. */
  isComplete: boolean
  /** Whether AWS told of anything. */
  isAnswered: boolean
}

/**
 * Reads one account as the one that does so at this time, syncs included. Null while another operation has it. What AWS or the way to it
 * does is told, never thrown; rejects where `found` does, and with the signal's reason.
 */
export async function readAccount(
  context: Context,
  component: ComponentRow,
  { runId, wants }: DiscoveryTarget,
  found: Found,
  signal: AbortSignal,
): Promise<AccountRead | null> {
  const { organizationId, accountId, awsAccountId } = component
  const account = { organizationId, awsAccountId }
  if (!(await beginScan(context, account, runId, 'resources'))) return null
  const { ending, stop } = limitScan(signal)
  try {
    const session = await openInventory(context, component, ending).catch((error: unknown) => {
      throw error instanceof AwsProblem ? error : new AwsProblem(faultWhileRead(context, account, error), false)
    })
    const keep = (resources: SeenResource[]) => found(resources.map((resource) => discovered(resource, awsAccountId)))
    const { problems, isComplete, isAnswered } = await context.accountReader.resources(session, wants, keep, ending)
    signal.throwIfAborted()
    return { accountId, problems: problems.map(adviceOf), isComplete, isAnswered }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AwsProblem)) throw error
    return { accountId, problems: [adviceOf(error)], isComplete: false, isAnswered: false }
  } finally {
    stop()
    await leaveScan(context, account, runId)
  }
}

const discovered = ({ arn, type, name, tags }: SeenResource, awsAccountId: string): Discovered => ({
  externalId: arn,
  name,
  type,
  status: 'ACTIVE',
  statusMessage: null,
  sourceTags: tags ?? null,
  awsAccountId,
})
