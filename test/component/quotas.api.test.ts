import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { INLINE_POLICY_LIMIT, inlinePolicySize } from '../../src/aws/role-setup.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { applySetup, newAccount } from '../support/aws-setup.ts'
import { accepted, functionArn, itemOf, refusalOf, type Tenant, tenant } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ quotas: { awsAccounts: 3, components: 60 } })
})
afterAll(() => app.close())

async function expectRefused(own: Tenant, item: { kind: string; itemId: string }, refusal: [string, string, string]): Promise<Data> {
  const before = await rowsOf(app, own.id)
  const payload = await own.calls.stage(item)
  expect(refusalOf(payload)).toEqual(refusal)
  expect(await rowsOf(app, own.id)).toEqual(before)
  return payload.errors[0]
}
const exceeded: [string, string, string] = ['QuotaError', 'QUOTA_EXCEEDED', 'input.itemId']

describe('an organization', () => {
  test('has as many AWS accounts as it may have, and one more is refused with the limit', async () => {
    const own = await tenant(app)
    const accounts = [newAccount(), newAccount(), newAccount()]
    for (const account of accounts) accepted(await own.calls.stage(itemOf('INVENTORY', account)))
    expect(await expectRefused(own, itemOf('INVENTORY'), exceeded)).toMatchObject({ limit: 3 })
    // A known account is no new one, also when nothing is left in it.
    const { component } = accepted(await own.calls.stage(itemOf('ACCESS_LOGS', accounts[0])))
    accepted(await own.calls.remove(component.id))
    accepted(await own.calls.stage(itemOf('ACCESS_LOGS', accounts[0])))
    expect(accepted(await (await tenant(app)).calls.stage(itemOf('INVENTORY'))).component.state).toBe('STAGE')
  })

  test('has as many components as it may have besides BASE, and one more is refused with the limit', async () => {
    const own = await tenant(app)
    const functions = [newAccount(), newAccount(), newAccount()].flatMap((account) =>
      Array.from({ length: 20 }, (_, index) => functionArn(account, 'AWS', `f${index}`)),
    )
    expect((await own.calls.stageAll({ kind: 'FUNCTION_CALLER', itemIds: functions })).summary.succeeded).toBe(60)
    const another = itemOf('INVENTORY', functions[0]!.split(':')[4])
    expect(await expectRefused(own, another, exceeded)).toMatchObject({ limit: 60 })
    const { component } = accepted(await own.calls.stage({ kind: 'FUNCTION_CALLER', itemId: functions[0]! }))
    accepted(await own.calls.remove(component.id))
    accepted(await own.calls.stage(another))
  })
})

describe('the functions of an account share one role', () => {
  test('whose policies fit the 10,240 characters that AWS allows a role; staging a function beyond them is QUOTA_EXCEEDED', async () => {
    const own = await tenant(app)
    const account = newAccount()
    const names = Array.from({ length: 60 }, (_, index) =>
      functionArn(account, 'AWS', `${'f'.repeat(61)}-${String(index).padStart(2, '0')}`),
    )
    const { results } = await own.calls.stageAll({ kind: 'FUNCTION_CALLER', itemIds: names })
    const refused = results.filter(({ errors }: Data) => errors.length > 0)
    expect(refused.length).toBeGreaterThan(0)
    for (const { errors, itemId } of refused) {
      const path = ['input', 'itemIds', String(names.indexOf(itemId))]
      expect(errors).toMatchObject([{ __typename: 'QuotaError', code: 'QUOTA_EXCEEDED', path }])
    }
    const components = await own.calls.all({ kinds: ['FUNCTION_CALLER'] })
    expect(components).toHaveLength(60 - refused.length)
    const policies = components.map(({ setup }) => setup.inlinePolicy as string)
    const size = inlinePolicySize([...policies, components[0].setup.additionalInlinePolicies[0].document])
    expect(size).toBeLessThanOrEqual(INLINE_POLICY_LIMIT)
    expect(size + inlinePolicySize([policies[0]!])).toBeGreaterThan(INLINE_POLICY_LIMIT)
    for (const component of components) applySetup(app.aws, component)
    accepted(await own.calls.verify(components.at(-1).id))
    // One less makes room for one more.
    accepted(await own.calls.remove(components[0].id))
    accepted(await own.calls.stage({ kind: 'FUNCTION_CALLER', itemId: refused[0].itemId }))
  })

  const twins: [title: string, first: string, second: string][] = [
    ['the alias LATEST and $LATEST', 'f:$LATEST', 'f:LATEST'],
    ['a name and a name with a qualifier', 'f-live', 'f:live'],
  ]
  test.each(twins)('and no policy: %s would have the same name, so the second is refused', async (_title, first, second) => {
    const own = await tenant(app)
    const account = newAccount()
    const { component } = accepted(await own.calls.stage({ kind: 'FUNCTION_CALLER', itemId: functionArn(account, 'AWS', first) }))
    const item = { kind: 'FUNCTION_CALLER', itemId: functionArn(account, 'AWS', second) }
    const error = await expectRefused(own, item, ['ValidationError', 'INVALID_VALUE', 'input.itemId'])
    expect(error.message).toContain(component.itemId)
    accepted(await own.calls.remove(component.id))
    const { component: other } = accepted(await own.calls.stage(item))
    expect(other.setup.inlinePolicyName).toBe(component.setup.inlinePolicyName)
  })
})
