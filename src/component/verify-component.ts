import type { VerificationReport, VerificationRequest } from '../aws/aws.type.ts'
import type { Context } from '../context.ts'
import type { ComponentAction, ComponentHealth } from '../generated/prisma/enums.ts'
import { Refusal, type UserErrorValue, userError } from '../platform/errors.ts'
import { allowedActions, nextState } from './component.lifecycle.ts'
import { type ComponentRow, componentLoader, type VerificationRow } from './component.loader.ts'
import { applyReport, type Effect } from './component-effect.ts'
import { verificationRequest } from './verification-request.ts'

export interface Attempt {
  component: ComponentRow | null
  verification: VerificationRow | null
  errors: UserErrorValue[]
}

export interface ComponentReference {
  id: string
  expectedVersion?: number | null
}

/** Where the reference stands in the mutation's input. */
export interface ReferencePaths {
  id: (string | number)[]
  expectedVersion: (string | number)[]
  config: (string | number)[]
}
export const inputPaths: ReferencePaths = {
  id: ['input', 'id'],
  expectedVersion: ['input', 'expectedVersion'],
  config: ['input', 'config'],
}

/** Looks at AWS. From STAGE a passed look leads to CONFIGURE; an INSTALLED component gets its health; else nothing but the report changes. */
export async function verifyComponent(
  context: Context,
  reference: ComponentReference,
  options: { at?: ReferencePaths; trigger?: 'VERIFY' | 'SCHEDULED'; signal?: AbortSignal } = {},
): Promise<Attempt> {
  const at = options.at ?? inputPaths
  const component = await requireComponent(context, reference, at)
  const toState = nextState('VERIFY', component.state)
  if (component.kind === 'BASE' || !toState) throw new Refusal(notAllowed(component, 'VERIFY', at.id))
  const trigger = options.trigger ?? 'VERIFY'
  const request = await verificationRequest(context, component, component.config ?? {}, trigger, at.id)
  if (trigger === 'VERIFY') assertAssessment(request, at.id)
  return attempt(context, component, request, options.signal, at, (report) => {
    if (component.state === 'INSTALLED') return { kind: 'health', health: healthOf(report) }
    if (report.outcome === 'PASSED' && component.state === 'STAGE') return { kind: 'transition', action: 'VERIFY', toState }
    return { kind: 'none' }
  })
}

/** The component if the viewer may see it, at the version expected; else a refusal. */
export async function requireComponent(
  context: Context,
  { id, expectedVersion }: ComponentReference,
  at: ReferencePaths,
): Promise<ComponentRow> {
  const component = await componentLoader(context).load(id)
  if (!component) throw new Refusal(userError.notFound(at.id, 'component'))
  if (expectedVersion != null && expectedVersion !== component.version)
    throw new Refusal(userError.conflict(at.expectedVersion, component.version))
  return component
}

export function notAllowed({ kind, state }: ComponentRow, action: ComponentAction, path: (string | number)[]): UserErrorValue {
  const allowed = allowedActions(kind, state)
  const message =
    kind === 'BASE'
      ? 'BASE is kept by the server: nothing can be done with it.'
      : `${action} is not possible in state ${state}. Possible now: ${allowed.join(', ')}.`
  return userError.transition(path, message, state, allowed)
}

/** ACCESS_LOGS with an event data store is looked at through the account's IAM_ASSESSMENT role. */
export function assertAssessment({ kind, config, assessment, accountId }: VerificationRequest, path: (string | number)[]): void {
  if (kind !== 'ACCESS_LOGS' || !config.cloudLakeArn || assessment) return
  throw new Refusal(
    userError.precondition(
      path,
      `The event data store is read through the IAM_ASSESSMENT role of account ${accountId}, which is not installed.`,
      `Stage, verify and configure IAM_ASSESSMENT for account ${accountId} first.`,
    ),
  )
}

/** Verifies, keeps the report, makes the effect, and says what came of it. AWS is called here, outside of any transaction. */
export async function attempt(
  context: Context,
  component: ComponentRow,
  request: VerificationRequest,
  signal: AbortSignal | undefined,
  at: ReferencePaths,
  effectOf: (report: VerificationReport) => Effect,
): Promise<Attempt> {
  const startedAt = new Date()
  const report = await context.verifier.verify(request, signal)
  const effect = effectOf(report)
  const outcome = await applyReport(context, component, report, { trigger: request.trigger, startedAt, finishedAt: new Date() }, effect)
  const fresh = await componentLoader(context).load(component.id)
  if (!outcome || !fresh) throw new Refusal(userError.notFound(at.id, 'component'))
  return { component: fresh, verification: outcome.verification, errors: errorsOf(report, outcome, fresh, effect, at) }
}

function errorsOf(
  report: VerificationReport,
  { verification, tookEffect }: { verification: VerificationRow; tookEffect: boolean },
  fresh: ComponentRow,
  effect: Effect,
  at: ReferencePaths,
): UserErrorValue[] {
  if (report.upstream) return [userError.upstream(at.id, report.upstream.service, report.upstream.message, report.upstream.retryable)]
  if (report.outcome === 'FAILED') {
    const failed = report.checks.filter(({ status }) => status === 'FAILED').map(({ code }) => code)
    return [
      userError.verification(at.id, `AWS is not set up as it has to be: ${failed.join(', ')}. The report says what to mend.`, verification),
    ]
  }
  // Another call came first: the report is kept, but it tells of a component that no longer is.
  if (!tookEffect) {
    const action = effect.kind === 'transition' && effect.action === 'CONFIGURE' ? 'CONFIGURE' : 'VERIFY'
    return [nextState(action, fresh.state) ? userError.conflict(at.expectedVersion, fresh.version) : notAllowed(fresh, action, at.id)]
  }
  return []
}

function healthOf({ outcome }: VerificationReport): ComponentHealth {
  if (outcome === 'PASSED') return 'HEALTHY'
  return outcome === 'FAILED' ? 'DRIFTED' : 'UNREACHABLE'
}
