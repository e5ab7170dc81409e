import { createHash } from 'node:crypto'
import { describe, isDenied, patiently, UpstreamProblem } from './answer.ts'
import { type Role, tryToken } from './assume-role.ts'
import type { Run } from './run.ts'

export type DecoyVerdict =
  /** AWS let the decoy in: the role trusts others than this organization. */
  | { accepted: true }
  /** `refusedFor`: SHA-256 of the trust document with which AWS turned it away just now; absent where nothing was proved. */
  | { accepted: false; note: string; refusedFor?: string }

const DENY_EVERYTHING = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] })

/**
 * Tries the reserved subject with this organization's audience on a role whose `trustDocument` already matches. AWS refusing it
 * corroborates the document; only its acceptance counts against the role. Each try is an event in the customer's CloudTrail, so a
 * scheduled run leaves it out while the document is the one it was last refused for. What AWS returns is dropped unused.
 */
export async function tryDecoy(run: Run, role: Role, trustDocument: string): Promise<DecoyVerdict> {
  const documentHash = createHash('sha256').update(trustDocument).digest('hex')
  const { trigger, decoyRefusedFor } = run.request
  if (trigger === 'SCHEDULED' && decoyRefusedFor === documentHash) {
    return { accepted: false, note: 'AWS refused a foreign subject when this document was new.' }
  }
  let proof: 'accepted' | 'refused' | string
  try {
    // A trust policy that was mended a moment ago may still be the old one where the token is looked at.
    proof = await patiently(
      run,
      () => tryOnce(run, role),
      (answer) => answer !== 'accepted',
    )
  } catch (error) {
    if (!(error instanceof UpstreamProblem)) throw error
    proof = error.message
  }
  if (proof === 'accepted') return { accepted: true }
  if (proof === 'refused') return { accepted: false, note: 'AWS refused a foreign subject.', refusedFor: documentHash }
  return { accepted: false, note: `Whether AWS refuses a foreign subject could not be tried: ${proof}` }
}

async function tryOnce(run: Run, role: Role): Promise<string> {
  const token = await run.tokenOf({ decoy: true })
  const answer = await tryToken(run, role, { WebIdentityToken: token, RoleSessionName: 'gatehouse-trust-check', Policy: DENY_EVERYTHING })
  if ('value' in answer) return 'accepted'
  return isDenied(answer.refusal) ? 'refused' : describe(answer.refusal)
}
