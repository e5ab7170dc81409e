import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allowedActions, nextState } from '../../src/component/component.lifecycle.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { applySetup, breakSetup, newAccount, setAccountAlias } from '../support/aws-setup.ts'
import { componentCalls } from '../support/component-calls.ts'
import { accepted, itemOf, stagedKinds, type Tenant, tenant } from '../support/component-story.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

const callers = 32
/** INVENTORY asks AWS a dozen times a call; ACCESS_LOGS, which has no role, meets itself in the database alone. */
const games = [
  { kind: 'INVENTORY', config: { inventory: {} }, rounds: 5, refusals: ['ConflictError', 'TransitionError', 'VerificationError'] },
  { kind: 'ACCESS_LOGS', config: { accessLogs: {} }, rounds: 20, refusals: ['ConflictError', 'TransitionError'] },
] as const

test.each(games)(
  `whatever ${callers} concurrent calls do to one $kind, its history is one that the lifecycle allows`,
  { timeout: 90_000 },
  async ({ kind, config, rounds, refusals }) => {
    const own = await tenant(app)
    const item = itemOf(kind)
    const { component } = accepted(await own.calls.stage(item))
    applySetup(app.aws, component)
    const { id } = component
    const light = componentCalls(own, 'id state version')
    const calls = [
      () => light.verify(id),
      () => light.configure(id, config),
      () => light.verify(id),
      () => light.stage({ ...item, allowRestage: true }),
    ]
    const answers: Data[] = []
    for (let round = 0; round < rounds; round++) {
      // A new alias in each round: the account's row is written too.
      setAccountAlias(app.aws, component, `alias-${round}`)
      // Each begins in another state; what then comes first is chance.
      if (round % 3 > 0) answers.push(await light.verify(id))
      if (round % 3 > 1) answers.push(await light.configure(id, config))
      if (round === rounds - 1 && component.setup) breakSetup(app.aws, component)
      const burst = await together(callers, async (caller) => {
        await delay(Math.random() * 200)
        return calls[caller % calls.length]!()
      })
      answers.push(...burst)
    }

    const refused = answers.flatMap(({ errors }) => errors.map(({ __typename }: Data) => __typename as string))
    expect(new Set(refused)).toEqual(new Set(refusals))
    const { transitions, told, row } = await recordsOf(id)
    expect(new Set(transitions.map(({ action, fromState }) => `${action} ${fromState}`)).size).toBeGreaterThanOrEqual(4)
    expectLegal(transitions)
    expect(row).toMatchObject({ state: transitions.at(-1).toState, version: transitions.length })
    expect(told.map(({ action, before, after }) => [action, before?.state ?? null, after.state])).toEqual(
      transitions.map(({ action, fromState, toState }) => [`component.${action.toLowerCase()}`, fromState, toState]),
    )
    expect(told.map(({ after }) => after.version ?? 1)).toEqual(transitions.map((_, index) => index + 1))
    // A configuration that was answered with success was stored, and no other was.
    const configured = answers.filter(({ errors, verification }) => errors.length === 0 && verification?.trigger === 'CONFIGURE')
    expect(configured).toHaveLength(transitions.filter(({ action }) => action === 'CONFIGURE').length)
  },
)

const contests = [
  {
    action: 'verify',
    from: 'STAGE',
    to: 'CONFIGURE',
    call: (own: Tenant, id: string) => componentCalls(own, 'id state version').verify(id),
  },
  {
    action: 'configure',
    from: 'CONFIGURE',
    to: 'INSTALLED',
    call: (own: Tenant, id: string) => componentCalls(own, 'id state version').configure(id, { inventory: {} }),
  },
] as const

test.each(contests)(`of ${callers} concurrent calls of $action from $from exactly one wins`, async ({ action, from, to, call }) => {
  const own = await tenant(app)
  const component = await own.bring(itemOf('INVENTORY'), from)
  // All of them have read the same version before the first gets its answer from AWS.
  const fault = app.aws.faults.add({ kind: 'slow', delayMs: 1_500, operation: 'AssumeRoleWithWebIdentity', accountId: component.itemId })
  const answers = await together(callers, () => call(own, component.id))
  app.aws.faults.remove(fault)
  const won = answers.filter(({ errors }) => errors.length === 0)
  expect(won).toHaveLength(1)
  expect(won[0].component).toMatchObject({ state: to, version: component.version + 1 })
  for (const { errors } of answers.filter((answer) => answer !== won[0])) {
    expect(errors).toMatchObject([{ __typename: 'ConflictError', code: 'CONFLICT', currentVersion: component.version + 1 }])
  }
  const { transitions, told } = await recordsOf(component.id)
  expect(transitions.filter((made) => made.action === action.toUpperCase() && made.toState === to)).toHaveLength(1)
  expect(told).toHaveLength(transitions.length)
  expect(await own.calls.read(component.id)).toMatchObject({ state: to, version: component.version + 1 })
  // The losers' reports are kept all the same.
  const { component: read } = await own.ask(`{ component(id: "${component.id}") { verifications { totalCount } } }`)
  expect(read.verifications.totalCount).toBeGreaterThanOrEqual(callers)
})

test('staged again by many at once, an INSTALLED component goes back to STAGE once', async () => {
  const own = await tenant(app)
  const component = await own.bring(itemOf('INVENTORY'), 'INSTALLED')
  const answers = await together(20, () => own.calls.stage({ ...itemOf('INVENTORY', component.itemId), allowRestage: true }))
  for (const answer of answers) expect(accepted(answer).component).toMatchObject({ state: 'STAGE', version: component.version + 1 })
  const { transitions } = await recordsOf(component.id)
  expect(transitions).toHaveLength(4)
})

test('what is removed while AWS is asked stays removed, and the caller is told that it is gone', async () => {
  const own = await tenant(app)
  const component = await own.bring(itemOf('INVENTORY'), 'CONFIGURE')
  const fault = app.aws.faults.add({ kind: 'slow', delayMs: 600, operation: 'AssumeRoleWithWebIdentity', accountId: component.itemId })
  const configuring = own.calls.configure(component.id, { inventory: {} })
  await delay(200)
  accepted(await own.calls.remove(component.id))
  expect((await configuring).errors).toMatchObject([{ __typename: 'NotFoundError', path: ['input', 'id'] }])
  app.aws.faults.remove(fault)
  expect(await own.calls.all()).toEqual([])
  const { transitions, told } = await recordsOf(component.id)
  expect(transitions.map(({ action }) => action)).toEqual(['STAGE', 'VERIFY', 'REMOVE'])
  expect(told).toHaveLength(3)
})

test('what is staged again while AWS is asked keeps its new setup: the report is kept, its effect is not', async () => {
  const own = await tenant(app)
  const item = itemOf('INVENTORY')
  const component = await own.bring(item, 'INSTALLED')
  const fault = app.aws.faults.add({ kind: 'slow', delayMs: 600, operation: 'AssumeRoleWithWebIdentity', accountId: component.itemId })
  const looking = own.calls.verify(component.id)
  await delay(200)
  accepted(await own.calls.stage({ ...item, allowRestage: true }))
  const answer = await looking
  app.aws.faults.remove(fault)
  expect(answer.errors).toMatchObject([{ __typename: 'ConflictError', currentVersion: 4 }])
  expect(answer.verification).toMatchObject({ outcome: 'PASSED' })
  expect(await own.calls.read(component.id)).toMatchObject({
    state: 'STAGE',
    health: 'UNKNOWN',
    version: 4,
    lastVerification: { id: answer.verification.id },
  })
})

test('BASE comes once and goes once, however many stage and remove in its account at the same time', { timeout: 60_000 }, async () => {
  const own = await tenant(app)
  const { pool } = app.booted.services.db
  for (let round = 0; round < 5; round++) {
    const accountId = newAccount()
    const items = stagedKinds.map(({ kind }) => itemOf(kind, accountId))
    const staged = (await together(20, (caller) => own.calls.stage(items[caller % items.length]!))).map(
      (answer) => accepted(answer).component,
    )
    const ids = [...new Set(staged.map(({ id }) => id))]
    expect(ids).toHaveLength(items.length)
    expect((await own.calls.all({ accountIds: [accountId] })).map(({ kind }) => kind).sort()).toEqual(
      ['BASE', ...items.map(({ kind }) => kind)].sort(),
    )
    // The last removals of the account against stagings of its first one.
    const mixed = await together(20, (caller) =>
      caller % 4 === 3 ? own.calls.stage(items[caller % items.length]!) : own.calls.remove(ids[caller % ids.length]!),
    )
    for (const answer of mixed) accepted(answer)
    const left = await own.calls.all({ accountIds: [accountId] })
    expect(left.filter(({ kind }) => kind === 'BASE')).toHaveLength(left.length > 1 ? 1 : 0)
    for (const { id, kind } of left) if (kind !== 'BASE') accepted(await own.calls.remove(id))
    expect(await own.calls.all({ accountIds: [accountId] })).toEqual([])
  }
  const { rows } = await pool.query(
    `select t."componentId", array_agg(t."action"::text order by t."id") as "actions" from "ComponentTransition" t where t."organizationId" = $1 group by 1`,
    [own.id],
  )
  for (const { actions } of rows) expect(actions).toEqual(['STAGE', 'REMOVE'])
})

/** All of them begin at once; what fails is told when all have ended. */
async function together(count: number, call: (caller: number) => Promise<Data>): Promise<Data[]> {
  const settled = await Promise.allSettled(Array.from({ length: count }, (_, caller) => call(caller)))
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

function expectLegal(transitions: Data[]): void {
  let state: Data = null
  for (const { action, fromState, toState } of transitions) {
    expect(fromState).toBe(state)
    if (state === null) expect(action).toBe('STAGE')
    else {
      expect(allowedActions('INVENTORY', state)).toContain(action)
      expect(nextState(action, state)).toBe(toState)
    }
    state = toState
  }
}

/** Oldest first. */
async function recordsOf(id: string): Promise<{ transitions: Data[]; told: Data[]; row: Data }> {
  const { pool } = app.booted.services.db
  const { rows: transitions } = await pool.query('select * from "ComponentTransition" where "componentId" = $1 order by "id"', [id])
  const { rows: told } = await pool.query(`select * from "AuditEvent" where "subjectId" = $1 and "outcome" = 'SUCCEEDED' order by "id"`, [
    id,
  ])
  const { rows } = await pool.query('select "state", "version" from "Component" where "id" = $1', [id])
  return { transitions, told, row: rows[0] }
}
