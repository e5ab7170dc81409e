import { setTimeout as delay } from 'node:timers/promises'

/** As with AWS: 3 seconds a call, three of them at most, with a growing, jittered wait in between. */
const callTimeoutMs = 3_000
const attempts = 3
const firstWaitMs = 200

export interface GoogleAnswer {
  status: number
  body: Record<string, unknown>
}

/** Google gave no answer to build on: silence, a broken connection, 5xx or throttling, each time it was asked. */
export class GoogleUnreachable extends Error {}

/** One call, repeated where another try may help. Any other answer is returned, refusals too. `prepare` is asked before each try. */
export async function callGoogle(
  service: string,
  url: string,
  prepare: (attempt: number) => Promise<RequestInit> | RequestInit,
): Promise<GoogleAnswer> {
  let reason: unknown
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await delay(firstWaitMs * 2 ** attempt * (0.5 + Math.random() / 2))
    const request = await prepare(attempt)
    try {
      const response = await fetch(url, { ...request, redirect: 'error', signal: AbortSignal.timeout(callTimeoutMs) })
      const body = asObject(await response.text())
      const mayPass = response.status === 429 || response.status >= 500 || (response.status === 401 && attempt === 0)
      if (!mayPass) return { status: response.status, body }
      reason = `${service} answered ${response.status}`
    } catch (error) {
      reason = error
    }
  }
  const text = typeof reason === 'string' ? reason : `${service} did not answer: ${describe(reason)}`
  throw new GoogleUnreachable(text, { cause: reason })
}

/** What Google says of a refusal, cut to a sentence or two. */
export function refusalText({ status, body }: GoogleAnswer): string {
  const { error, error_description: description } = body
  const text = typeof error === 'object' && error !== null && 'message' in error ? error.message : (description ?? error)
  return `${status}${typeof text === 'string' ? `: ${text.slice(0, 300)}` : ''}`
}

function asObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return 'no reason given'
  if (reason.name === 'TimeoutError') return `not within ${callTimeoutMs / 1000} seconds`
  return reason.cause instanceof Error ? reason.cause.message : reason.message
}
