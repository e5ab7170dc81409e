import { setMaxListeners } from 'node:events'
import { AwsProblem } from '../../aws/account-reader/problem.ts'
import type { SeenResource } from '../../aws/account-reader/resources/seen-resource.ts'
import { beginScan, leaveScan } from '../../aws-account/account-scan.ts'
import type { ComponentRow } from '../../component/component.loader.ts'
import { openInventory } from '../../component/open-inventory.ts'
import type { Context } from '../../context.ts'
import { isUnavailable, isWriteConflict } from '../../platform/database/unavailable.ts'
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

/** Of a whole account. */
const readLimitMs = 120_000
/** So that the account is not taken by another while the last page of a reading at its limit is written. */
const leaseMs = readLimitMs + 15_000

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
  if (!(await beginScan(context, account, runId, leaseMs))) return null
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), readLimitMs)
  const ending = AbortSignal.any([limit.signal, signal])
  // Every call to AWS listens to it.
  setMaxListeners(0, ending)
  try {
    const session = await openInventory(context, component, ending).catch((error: unknown) => faultOf(context, component, error))
    const keep = (resources: SeenResource[]) => found(resources.map((resource) => discovered(resource, awsAccountId)))
    const { problems, isComplete, isAnswered } = await context.accountReader.resources(session, wants, keep, ending)
    signal.throwIfAborted()
    return { accountId, problems: problems.map(adviceOf), isComplete, isAnswered }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AwsProblem)) throw error
    return { accountId, problems: [adviceOf(error)], isComplete: false, isAnswered: false }
  } finally {
    clearTimeout(timer)
    await leaveScan(context, account, runId)
  }
}

/** A fault of ours with one account does not keep the others from being read; a database that is away does, and the job runs again. */
function faultOf({ log }: Context, { id }: ComponentRow, error: unknown): never {
  if (error instanceof AwsProblem || isUnavailable(error) || isWriteConflict(error)) throw error
  log.error({ err: error, componentId: id }, 'the role of an INVENTORY component could not be borrowed for a fault of ours')
  throw new AwsProblem('Something went wrong on our side while this account was read.', false)
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
