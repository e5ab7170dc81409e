import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FaultInput } from '../../emulator/faults.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { accepted, itemOf, refusalOf, type State, type Tenant, tenant } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'

type Verdict = 'upstream' | 'verification' | 'accepted'

interface Case {
  title: string
  fault: FaultInput
  verdict: Verdict
}

const sts = { service: 'sts', operation: 'AssumeRoleWithWebIdentity' } as const
const iam = { service: 'iam', operation: 'GetRole' } as const
const cases: Case[] = [
  { title: 'STS is silent', fault: { kind: 'silent', ...sts }, verdict: 'upstream' },
  { title: 'IAM is silent', fault: { kind: 'silent', ...iam }, verdict: 'upstream' },
  { title: 'IAM needs 30 s', fault: { kind: 'slow', delayMs: 30_000, ...iam }, verdict: 'upstream' },
  { title: 'IAM needs a second', fault: { kind: 'slow', delayMs: 1_000, ...iam }, verdict: 'accepted' },
  { title: 'STS answers 500', fault: { kind: 'error500', ...sts }, verdict: 'upstream' },
  { title: 'IAM answers 500', fault: { kind: 'error500', ...iam }, verdict: 'upstream' },
  { title: 'IAM answers 500 once', fault: { kind: 'error500', times: 1, ...iam }, verdict: 'accepted' },
  { title: 'STS throttles', fault: { kind: 'throttle', ...sts }, verdict: 'upstream' },
  { title: 'IAM throttles with 503', fault: { kind: 'throttle', httpStatus: 503, ...iam }, verdict: 'upstream' },
  { title: 'IAM throttles twice', fault: { kind: 'throttle', times: 2, ...iam }, verdict: 'accepted' },
  { title: 'STS resets the connection', fault: { kind: 'reset', ...sts }, verdict: 'upstream' },
  { title: 'IAM resets the connection', fault: { kind: 'reset', ...iam }, verdict: 'upstream' },
  { title: 'STS refuses', fault: { kind: 'refuse', ...sts }, verdict: 'verification' },
  { title: 'IAM refuses', fault: { kind: 'refuse', ...iam }, verdict: 'verification' },
]
const from: State[] = ['STAGE', 'CONFIGURE', 'INSTALLED']

/** One call under a fault, with all there was before and after it. */
interface Outcome extends Case {
  state: State
  tookMs: number
  before: Data
  after: Data
  payload: Data
  otherRows: [before: object, after: object]
  events: [string, string][]
}

let app: TestApp
let outcomes: Outcome[]
beforeAll(async () => {
  app = await startTestApp()
  const prepared: { own: Tenant; component: Data; state: State; known: Case }[] = []
  for (const known of cases) {
    for (const state of from) {
      const own = await tenant(app)
      prepared.push({ own, component: await own.bring(itemOf('INVENTORY'), state), state, known })
    }
  }
  // All at once: each waits for its own account, and the longest takes as long as a verification may.
  outcomes = await Promise.all(prepared.map(play))
}, 180_000)
afterAll(() => app.close())

async function play({ own, component, state, known }: { own: Tenant; component: Data; state: State; known: Case }): Promise<Outcome> {
  const kept = () => rowsOf(app, own.id, { except: ['Verification', 'AuditEvent'] })
  const rowsBefore = await kept()
  const fault = app.aws.faults.add({ ...known.fault, accountId: component.itemId })
  const startedAt = performance.now()
  // What is staged is verified, what can be configured is configured, what is installed is verified anew.
  const payload = await (state === 'CONFIGURE' ? own.calls.configure(component.id, { inventory: {} }) : own.calls.verify(component.id))
  const tookMs = performance.now() - startedAt
  app.aws.faults.remove(fault)
  const { organization } = await own.ask(
    `{ organization(id: "${own.id}") { auditEvents(first: 1, filter: { subjectIds: ["${component.id}"] }) { nodes { action outcome } } } }`,
  )
  return {
    ...known,
    state,
    tookMs,
    before: component,
    after: await own.calls.read(component.id),
    payload,
    otherRows: [rowsBefore, await kept()],
    events: organization.auditEvents.nodes.map(({ action, outcome }: Data) => [action, outcome]),
  }
}

const outcomeOf = (title: string, state: State): Outcome => {
  const found = outcomes.find((outcome) => outcome.title === title && outcome.state === state)
  if (!found) throw new Error(`nothing was played for ${title} from ${state}`)
  return found
}
const attempted = (state: State) => (state === 'CONFIGURE' ? 'component.configure' : 'component.verify')
const withVerdict = (verdict: Verdict) =>
  cases.filter((known) => known.verdict === verdict).flatMap(({ title }) => from.map((state) => ({ title, state })))

describe('no answer from AWS is an UpstreamError that may be repeated, in bounded time; nothing changes but the kept report', () => {
  test.each(withVerdict('upstream'))('$title, from $state', ({ title, state }) => {
    const { payload, before, after, tookMs, otherRows, events } = outcomeOf(title, state)
    expect(refusalOf(payload)).toEqual(['UpstreamError', 'UPSTREAM_UNAVAILABLE', 'input.id'])
    expect(payload.errors[0]).toMatchObject({ retryable: true, service: title.startsWith('STS') ? 'AWS STS' : 'AWS IAM' })
    expect(tookMs).toBeLessThan(25_000)
    expect(payload.verification).toMatchObject({ outcome: 'UNREACHABLE', trigger: state === 'CONFIGURE' ? 'CONFIGURE' : 'VERIFY' })
    expect(payload.verification.checks.map(({ status }: Data) => status)).not.toContain('FAILED')
    const health = state === 'INSTALLED' ? 'UNREACHABLE' : before.health
    expect(after).toEqual({ ...before, health, lastVerification: { id: payload.verification.id, outcome: 'UNREACHABLE' } })
    if (state !== 'INSTALLED') expect(otherRows[1]).toEqual(otherRows[0])
    expect(events).toEqual([[attempted(state), 'REFUSED']])
  })
})

describe('a refusal of AWS is a VerificationError; nothing changes but the kept report', () => {
  test.each(withVerdict('verification'))('$title, from $state', ({ title, state }) => {
    const { payload, before, after, otherRows, events } = outcomeOf(title, state)
    expect(refusalOf(payload)).toEqual(['VerificationError', 'VERIFICATION_FAILED', 'input.id'])
    expect(payload.errors[0].verification.id).toBe(payload.verification.id)
    const health = state === 'INSTALLED' ? 'DRIFTED' : before.health
    expect(after).toEqual({ ...before, health, lastVerification: { id: payload.verification.id, outcome: 'FAILED' } })
    if (state !== 'INSTALLED') expect(otherRows[1]).toEqual(otherRows[0])
    expect(events).toEqual([[attempted(state), 'REFUSED']])
  })
})

describe('what passes when it is asked again passes', () => {
  test.each(withVerdict('accepted'))('$title, from $state', ({ title, state }) => {
    const { payload, tookMs } = outcomeOf(title, state)
    expect(accepted(payload).component.state).toBe(state === 'STAGE' ? 'CONFIGURE' : 'INSTALLED')
    expect(tookMs).toBeLessThan(15_000)
  })
})

test('once AWS answers again, a repeated call succeeds and an UNREACHABLE component is HEALTHY', async () => {
  const own = await tenant(app)
  const installed = await own.bring(itemOf('INVENTORY'), 'INSTALLED')
  const fault = app.aws.faults.add({ kind: 'reset', accountId: installed.itemId })
  expect((await own.calls.verify(installed.id)).component.health).toBe('UNREACHABLE')
  app.aws.faults.remove(fault)
  expect(accepted(await own.calls.verify(installed.id)).component.health).toBe('HEALTHY')
})
