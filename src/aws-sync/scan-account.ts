import { AwsProblem } from '../aws/account-reader/problem.ts'
import type { RolePage, RolesRead } from '../aws/account-reader/read-roles.ts'
import type { RoleSession } from '../aws/verification/assume-role.ts'
import { type AccountReference, beginScan, endScan, faultWhileRead, limitScan } from '../aws-account/account-scan.ts'
import { markMissing, noteSeen, type ScannedAccount, storeSeenRoles, storeTags } from '../aws-role/store-roles.ts'
import type { Context } from '../context.ts'

/** Something to read an account through. */
export interface Source {
  /** The credential's or the component's id. */
  id: string
  open(signal: AbortSignal): Promise<RoleSession>
}

/** What became of a source: it read the account, it failed, or it was not needed since one before it had read it. */
export type SourceOutcome =
  | { kind: 'read'; rolesFound: number; warnings: string[] }
  | { kind: 'failed'; problem: string }
  | { kind: 'spared' }

/**
 * Reads the account's roles through the first of its sources that works, as the one scan of it at this time. Null while another operation
 * scans it. What AWS or the way to it does is an outcome, never an error; rejects when `signal` is aborted.
 */
export async function scanAccount(
  context: Context,
  account: AccountReference,
  sources: Source[],
  owner: string,
  signal: AbortSignal,
): Promise<SourceOutcome[] | null> {
  const startedAt = await beginScan(context, account, owner, 'roles')
  if (!startedAt) return null
  const { ending, stop } = limitScan(signal)
  const outcomes: SourceOutcome[] = []
  try {
    for (const source of sources) {
      const isRead = outcomes.some(({ kind }) => kind === 'read')
      outcomes.push(isRead ? { kind: 'spared' } : await readThrough(context, account, source, startedAt, ending))
      signal.throwIfAborted()
    }
  } finally {
    stop()
  }
  await endScan(context, account, owner, messageOf(outcomes))
  return outcomes
}

async function readThrough(
  context: Context,
  account: AccountReference,
  source: Source,
  startedAt: Date,
  signal: AbortSignal,
): Promise<SourceOutcome> {
  // Of one account only, so AWS's own limit bounds it.
  const seen: string[] = []
  const scanned = { ...account, sourceId: source.id, startedAt }
  try {
    const session = await source.open(signal)
    const { warnings } = await storeAll(context, scanned, context.accountReader.roles(session, signal), seen)
    await markMissing(context, scanned, seen)
    return { kind: 'read', rolesFound: seen.length, warnings }
  } catch (error) {
    if (!(error instanceof AwsProblem)) return { kind: 'failed', problem: faultWhileRead(context, account, error) }
    await noteSeen(context, scanned, seen)
    return { kind: 'failed', problem: error.message }
  }
}

/** Page by page: the next one is asked for when the last is stored, so that memory holds one. */
async function storeAll(
  context: Context,
  account: ScannedAccount,
  pages: AsyncGenerator<RolePage, RolesRead>,
  seen: string[],
): Promise<RolesRead> {
  for (;;) {
    const page = await pages.next()
    if (page.done) return page.value
    await storeSeenRoles(context, account, page.value.roles)
    await storeTags(context, account, page.value.tagged)
    for (const { arn } of page.value.roles) seen.push(arn)
  }
}

function messageOf(outcomes: SourceOutcome[]): string | null {
  const read = outcomes.find((outcome) => outcome.kind === 'read')
  const problems = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.problem] : []))
  return [...problems, ...(read?.warnings ?? [])].join(' ') || null
}
