import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allowedActions } from '../../src/component/component.lifecycle.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { configOf, itemOf, type StagedKind, type State, stagedKinds, type Tenant, tenant } from '../support/component-story.ts'

let app: TestApp
let own: Tenant
beforeAll(async () => {
  app = await startTestApp()
  own = await tenant(app)
})
afterAll(() => app.close())

const states: State[] = ['STAGE', 'CONFIGURE', 'INSTALLED']
const actions = ['STAGE', 'VERIFY', 'CONFIGURE', 'REMOVE'] as const
const perform = {
  STAGE: (kind: StagedKind, _id: string, itemId: string) => own.calls.stage({ kind, itemId, allowRestage: true }),
  VERIFY: (_kind: StagedKind, id: string) => own.calls.verify(id),
  CONFIGURE: (kind: StagedKind, id: string) => own.calls.configure(id, configOf(kind)),
  REMOVE: (_kind: StagedKind, id: string) => own.calls.remove(id),
}

describe.each(stagedKinds)('$kind', ({ kind }) => {
  test.each(states)('in %s names as allowed exactly what is then done, and refuses the rest', async (state) => {
    const allowed = allowedActions(kind, state)
    await Promise.all(
      actions.map(async (action) => {
        const component = await own.bring(itemOf(kind), state)
        expect(component.allowedActions).toEqual(allowed)
        const { errors } = await perform[action](kind, component.id, component.itemId)
        if (allowed.includes(action)) expect(errors).toEqual([])
        else {
          expect(errors).toMatchObject([
            { __typename: 'TransitionError', code: 'INVALID_TRANSITION', path: ['input', 'id'], fromState: state, allowedActions: allowed },
          ])
          expect(await own.calls.read(component.id)).toEqual(component)
        }
      }),
    )
  })
})

test('the lifecycle is the documented one', () => {
  expect(states.map((state) => allowedActions('INVENTORY', state))).toEqual([
    ['STAGE', 'VERIFY', 'REMOVE'],
    ['STAGE', 'VERIFY', 'CONFIGURE', 'REMOVE'],
    ['STAGE', 'VERIFY', 'CONFIGURE', 'REMOVE'],
  ])
})

test.each(actions)('BASE allows nothing: %s is a TransitionError that says so', async (action) => {
  const { itemId } = await own.bring(itemOf('ACCESS_LOGS'), 'STAGE')
  const [base] = await own.calls.all({ kinds: ['BASE'], accountIds: [itemId] })
  expect(base.allowedActions).toEqual([])
  const { errors } = await perform[action]('BASE' as StagedKind, base.id, itemId).catch(() => ({ errors: [] }))
  const answer = action === 'CONFIGURE' ? (await own.calls.configure(base.id, { inventory: {} })).errors : errors
  expect(answer).toMatchObject([{ __typename: 'TransitionError', fromState: 'INSTALLED', allowedActions: [] }])
  expect(await own.calls.read(base.id)).toEqual(base)
})
