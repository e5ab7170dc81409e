import { randomBytes } from 'node:crypto'
import type { TxtAnswer } from '../dns/txt-lookup.ts'
import { enqueue } from '../jobs/enqueue.ts'
import type { Queryable } from '../platform/statement.ts'
import type { AfterLookUp, Finding } from './sso-connector.lifecycle.ts'
import type { SsoConnectorRow } from './sso-connector.loader.ts'

/** A value for the TXT record that nobody can guess: 128 random bits. */
export const newCode = () => `gatehouse-sso-verification=${randomBytes(16).toString('hex')}`

/** What the answer says of a code, which counts as one opaque string. */
export function findingOf(answer: TxtAnswer, code: string): Finding {
  if (answer.kind === 'UNCLEAR') return 'UNCLEAR'
  return answer.kind === 'RECORDS' && answer.values.includes(code) ? 'FOUND' : 'ABSENT'
}

export const lookUpKey = (id: string) => `sso:${id}`

/** Queues the next look-up for when the connector says it is due, in place of one that waits. Belongs in the transaction that decides it. */
export async function queueLookUp(
  tx: Queryable,
  { organizationId, id, nextCheckAt }: Pick<SsoConnectorRow, 'organizationId' | 'id' | 'nextCheckAt'>,
): Promise<void> {
  if (!nextCheckAt) throw new Error(`nothing says when ${id} is to be looked up`)
  const payload = { organizationId, ssoConnectorId: id }
  // One look-up at a time for an organization: name servers that never answer keep the workers from nobody else's jobs.
  await enqueue(tx, 'lookUpSsoConnector', payload, {
    key: lookUpKey(id),
    runAt: nextCheckAt,
    queue: `sso:${organizationId}`,
    maxAttempts: 25,
  })
}

export const awaitingMessage = 'Verification has not begun. Begin it to get a code and have it looked up.'
export const begunMessage = 'Add the code as a TXT record of the domain itself. The first look-up is under way.'

/** What to tell of a connector after a look-up; null where all is well. Says nothing of what other records hold. */
export function messageAfter(answer: TxtAnswer, finding: Finding, { status, firstAbsentAt }: AfterLookUp): string | null {
  if (finding === 'FOUND') return null
  const told = answer.kind === 'RECORDS' ? 'The domain has TXT records, but none that is exactly this code.' : texts[answer.reason]
  if (status === 'FAILED') {
    const since = firstAbsentAt ? `has been missing since ${firstAbsentAt.toISOString()}` : 'was not found in time'
    return `The record ${since}. ${told} Begin verification again for a new code.`
  }
  if (status === 'PENDING') return `${told} It will be looked up again.`
  const missing = firstAbsentAt ? `The record has been missing since ${firstAbsentAt.toISOString()}; after 7 days verification fails. ` : ''
  return `${missing}${told}`
}

const texts = {
  NXDOMAIN: 'The domain does not exist in DNS (NXDOMAIN).',
  NODATA: 'The domain has no TXT record.',
  CNAME: 'The domain is an alias (CNAME), and records of the name it stands for do not count. Put the TXT record at the domain itself.',
  SERVFAIL: "The domain's name servers failed (SERVFAIL), so nothing is known of the record.",
  REFUSED: 'The question was refused (REFUSED), so nothing is known of the record.',
  TIMEOUT: 'No name server answered in time, so nothing is known of the record.',
  UNREACHABLE: 'No name server could be reached, so nothing is known of the record.',
  UNUSABLE: 'The answer of the name servers was of no use, so nothing is known of the record.',
} as const
