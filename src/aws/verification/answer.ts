import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from './run.ts'

/** What AWS said no to, in its own words; made plain when it enters a report. */
export interface Refusal {
  /** The error code without the suffix that only some of AWS's protocols add: AccessDenied, NoSuchEntity … */
  code: string
  message: string
}

export type Answer<T> = { value: T } | { refusal: Refusal }

/** How long it pays to look again. */
export type Patience = Pick<Run, 'signal' | 'consistencyWaitsMs' | 'patientUntilMs'>

/** AWS gave no answer to build on. It says nothing about the customer's account, so it never fails a check. */
export class UpstreamProblem extends Error {
  constructor(
    readonly service: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/**
 * One call of AWS: its value, or its refusal as data. Everything that is no answer (silence, a broken connection, 5xx, throttling
 * after the SDK's retries, the verification's end) is thrown as an UpstreamProblem.
 */
export async function ask<T>(
  run: Pick<Run, 'signal'>,
  service: string,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<Answer<T>> {
  try {
    return { value: await send({ abortSignal: run.signal }) }
  } catch (error) {
    if (run.signal.aborted) throw new UpstreamProblem(service, `${service} did not answer within the time limit.`, { cause: error })
    const refusal = readRefusal(error)
    if (refusal !== null) return { refusal }
    throw new UpstreamProblem(service, describeProblem(service, error), { cause: error })
  }
}

/** Asks again, after the run's waits, while AWS refuses for want of something that may only not have arrived everywhere yet. */
export function askPatiently<T>(
  run: Patience,
  service: string,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<Answer<T>> {
  return patiently(
    run,
    () => ask(run, service, send),
    (answer) => 'value' in answer || !mayBeUnderWay(answer.refusal),
  )
}

/** Repeats `attempt` after each of the run's waits until its answer is final, within the first half of the time limit. */
export async function patiently<T>(run: Patience, attempt: () => Promise<T>, isFinal: (answer: T) => boolean): Promise<T> {
  let answer = await attempt()
  for (const waitMs of run.consistencyWaitsMs) {
    if (isFinal(answer) || performance.now() + waitMs > run.patientUntilMs) break
    const waited = await sleep(waitMs, true, { signal: run.signal }).catch(() => false)
    if (!waited) break
    answer = await attempt()
  }
  return answer
}

export function describe({ code, message }: Refusal): string {
  return `${code}: ${message}`
}

export function isDenied({ code }: Refusal): boolean {
  return code === 'AccessDenied' || code === 'UnauthorizedOperation'
}

export function isMissing({ code }: Refusal): boolean {
  return code === 'NoSuchEntity' || code.endsWith('NotFound')
}

/** Also the credentials of a moment ago may be unknown in another region. */
function mayBeUnderWay(refusal: Refusal): boolean {
  return (
    isDenied(refusal) || isMissing(refusal) || ['InvalidIdentityToken', 'InvalidClientTokenId', 'UnrecognizedClient'].includes(refusal.code)
  )
}

const THROTTLING = /throttl|toomanyrequests|requestlimitexceeded|slowdown|^limitexceeded$|priorrequestnotcomplete|bandwidthlimit/i

/** What the SDK calls an answer in which it found no AWS error. */
const NO_AWS_ERROR = /^(Unknown|UnknownError|Error|SyntaxError|TypeError|)$/

/** A refusal is an AWS error of the 4xx kind with a code; anything else under 500 comes from something in between. */
function readRefusal(error: unknown): Refusal | null {
  const { name = '', message = '', $metadata } = error as { name?: string; message?: string; $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode ?? 0
  if (status < 400 || status >= 500 || status === 408 || status === 429) return null
  if (NO_AWS_ERROR.test(name)) return null
  const code = name.replace(/Exception$/, '')
  return THROTTLING.test(code) ? null : { code, message }
}

function describeProblem(service: string, error: unknown): string {
  const { name = 'Error', message = '', $metadata } = error as { name?: string; message?: string; $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode
  if (status === undefined) return `${service} could not be reached or did not answer: ${name}: ${message}`
  return NO_AWS_ERROR.test(name)
    ? `${service} answered ${status} with something that is no answer of AWS.`
    : `${service} answered ${status} ${name}: ${message}`
}
