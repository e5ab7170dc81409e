import { setMaxListeners } from 'node:events'
import type { Log } from '../../platform/log.ts'
import type { Learned, TokenSource, VerificationCheck, VerificationReport, VerificationRequest } from '../aws.type.ts'
import { type AwsClientSettings, createAwsClients } from '../clients.ts'
import { type IdentityProblem, IdentityUnusable } from '../identity-unusable.ts'
import { UpstreamProblem } from './answer.ts'
import { plannedChecks, withSkipped } from './check.ts'
import { makeChecks } from './make-checks.ts'
import { plainText } from './plain-text.ts'
import type { Run } from './run.ts'

export interface VerifierSettings extends AwsClientSettings {
  /** AWS_REGION: the default region of components of its partition. */
  awsRegion: string | null
  /** Of a whole verification. Default 20,000. */
  timeLimitMs?: number
  /** IAM is eventually consistent: what is missing is looked for again after each of these. Default 300 and 900. */
  consistencyWaitsMs?: readonly number[]
  log?: Pick<Log, 'warn'>
}

export interface Verifier {
  /**
   * Makes the checks of the request's kind. AWS or the way to it failing is an outcome of the report, not an error; rejects with the
   * signal's reason once the caller's `signal` is aborted, and where the server itself is at fault (no signing key, a stored document
   * that is none).
   */
  verify(request: VerificationRequest, signal?: AbortSignal): Promise<VerificationReport>
  /** Drops the connections to AWS. */
  close(): void
}

/** What AWS wrote may be as long as it likes; a report keeps this much of it, in characters. */
const LIMITS = { message: 1_000, expected: 2_000, actual: 2_000, remediation: 2_000 }

/** Verifies components against AWS as it is. One verifier serves a whole process. */
export function createVerifier(settings: VerifierSettings, tokens: TokenSource): Verifier {
  const clients = createAwsClients(settings)
  const { timeLimitMs = 20_000, consistencyWaitsMs = [300, 900], awsRegion, log = null } = settings
  return {
    async verify(request, signal) {
      signal?.throwIfAborted()
      // Not AbortSignal.timeout: a signal made of it does not keep it, so that it can be collected before it fires.
      const limit = new AbortController()
      const timer = setTimeout(() => limit.abort(), timeLimitMs)
      const ending = signal === undefined ? limit.signal : AbortSignal.any([limit.signal, signal])
      // Every call under way listens, and a search through all regions is more calls than Node takes for a leak.
      setMaxListeners(0, ending)
      const secrets = new Set<string>()
      const run: Run = {
        request,
        clients,
        identityProblem: (issuer) => identityProblem(tokens, request, issuer, { secrets, signal: ending }),
        tokenOf: (options) => tokenOf(tokens, request, { secrets, signal: ending }, options),
        awsRegion,
        signal: ending,
        consistencyWaitsMs,
        patientUntilMs: performance.now() + timeLimitMs / 2,
        secrets,
        log,
      }
      const { checks, learned, problem } = await makeChecks(run).finally(() => clearTimeout(timer))
      signal?.throwIfAborted()
      return report(run, checks, learned, problem)
    },
    close: () => clients.close(),
  }
}

function report(run: Run, checks: VerificationCheck[], learned: Learned, problem: UpstreamProblem | null): VerificationReport {
  const planned = plannedChecks(run.request)
  const tidy = (text: string, maxLength: number) => plainText(text, run.secrets, maxLength)
  const tidied = checks.map((check) => ({
    ...check,
    message: tidy(check.message, LIMITS.message),
    expected: check.expected === null ? null : tidy(check.expected, LIMITS.expected),
    actual: check.actual === null ? null : tidy(check.actual, LIMITS.actual),
    remediation: check.remediation === null ? null : tidy(check.remediation, LIMITS.remediation),
  }))
  if (problem !== null) {
    const made = tidied.sort((left, right) => planned.indexOf(left.code) - planned.indexOf(right.code))
    const message = tidy(problem.message, LIMITS.message)
    run.log?.warn({ componentId: run.request.componentId, service: problem.service }, `A verification could not be finished: ${message}`)
    return { outcome: 'UNREACHABLE', checks: made, learned, upstream: { service: problem.service, message, retryable: true } }
  }
  const all = withSkipped(planned, tidied)
  return { outcome: all.some(({ status }) => status === 'FAILED') ? 'FAILED' : 'PASSED', checks: all, learned, upstream: null }
}

/** In google mode the token itself tells: it comes before AWS is asked, and the checks that follow use the same one. */
async function identityProblem(
  tokens: TokenSource,
  request: VerificationRequest,
  issuer: string,
  run: Pick<Run, 'secrets' | 'signal'>,
): Promise<IdentityProblem | null> {
  const problem = tokens.identityProblem(issuer, request.identity)
  if (problem !== null || request.identity.mode === 'issuer') return problem
  try {
    await tokenOf(tokens, request, run)
    return null
  } catch (error) {
    if (error instanceof UpstreamProblem && error.cause instanceof IdentityUnusable) return error.cause.problem
    throw error
  }
}

/** In issuer mode this server signs, and what goes wrong is its own fault; in google mode another service makes the token. */
async function tokenOf(
  tokens: TokenSource,
  { identity }: VerificationRequest,
  { secrets, signal }: Pick<Run, 'secrets' | 'signal'>,
  options?: { decoy?: boolean },
): Promise<string> {
  const service = identity.mode === 'issuer' ? "This server's issuer" : 'Google IAM Credentials'
  try {
    const token = await Promise.race([tokens.token(identity, options), endOf(signal, service)])
    secrets.add(token)
    return token
  } catch (error) {
    if (identity.mode === 'issuer' || error instanceof UpstreamProblem) throw error
    const reason = error instanceof Error ? error.message : 'no reason given'
    throw new UpstreamProblem(service, `No token of the organization's Google service account could be had: ${reason}`, { cause: error })
  }
}

/** Rejects when the verification ends: a token source takes no signal. */
function endOf(signal: AbortSignal, service: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = () => reject(new UpstreamProblem(service, `${service} did not answer within the time limit.`))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
