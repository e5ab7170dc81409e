import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { newAccount } from '../support/aws-setup.ts'
import { accepted, functionArn, itemOf, type Tenant, tenant } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'

let app: TestApp
let own: Tenant
let foreign: Tenant
beforeAll(async () => {
  app = await startTestApp()
  own = await tenant(app)
  foreign = await tenant(app)
})
afterAll(() => app.close())

const refusals = (results: Data[]) => results.map(({ errors }) => errors.map(({ code, path }: Data) => `${code} ${path.join('.')}`).join())

describe('stageComponents', () => {
  test('stages 500 items in one call, each by itself: results in input order, the bad ones told at their index', {
    timeout: 60_000,
  }, async () => {
    const onboarding = await tenant(app)
    const govAccount = newAccount()
    accepted(await onboarding.calls.stage({ kind: 'INVENTORY', itemId: govAccount, partition: 'AWS_US_GOV' }))
    const itemIds = Array.from({ length: 500 }, () => newAccount())
    const known = itemIds[7]!
    const bad: Record<number, [itemId: string, refusal: string]> = {
      0: ['12345678901', 'VALUE_INCORRECT_FORMAT input.itemIds.0'],
      13: [functionArn(newAccount()), 'VALUE_INCORRECT_FORMAT input.itemIds.13'],
      250: ['', 'VALUE_INCORRECT_FORMAT input.itemIds.250'],
      251: [govAccount, 'INVALID_VALUE input.partition'],
      499: ['１２３４５６７８９０１２', 'VALUE_INCORRECT_FORMAT input.itemIds.499'],
    }
    for (const [index, [itemId]] of Object.entries(bad)) itemIds[Number(index)] = itemId
    itemIds[300] = known
    const { results, summary, errors } = await onboarding.calls.stageAll({ kind: 'INVENTORY', itemIds, partition: 'AWS' })
    expect(errors).toEqual([])
    expect(summary).toEqual({ total: 500, succeeded: 495, failed: 5 })
    expect(results.map(({ itemId }: Data) => itemId)).toEqual(itemIds)
    expect(refusals(results)).toEqual(itemIds.map((_, index) => bad[index]?.[1] ?? ''))
    for (const [index, { component }] of results.entries()) {
      if (bad[index]) expect(component).toBeNull()
      else expect(component).toMatchObject({ kind: 'INVENTORY', itemId: itemIds[index], state: 'STAGE', version: 1, partition: 'AWS' })
    }
    // An item given twice is one component.
    expect(results[300].component.id).toBe(results[7].component.id)
    const { organization } = await onboarding.ask(
      `{ organization(id: "${onboarding.id}") { staged: components(filter: { kinds: [INVENTORY] }) { totalCount } bases: components(filter: { kinds: [BASE] }) { totalCount } awsAccounts { totalCount } } }`,
    )
    expect(organization).toEqual({ staged: { totalCount: 495 }, bases: { totalCount: 495 }, awsAccounts: { totalCount: 495 } })
  })

  test('repeated after an answer that was lost, changes nothing more', async () => {
    const repeated = await tenant(app)
    const itemIds = Array.from({ length: 20 }, () => newAccount())
    const first = await repeated.calls.stageAll({ kind: 'ACCESS_LOGS', itemIds })
    const before = await rowsOf(app, repeated.id)
    expect(await repeated.calls.stageAll({ kind: 'ACCESS_LOGS', itemIds })).toEqual(first)
    expect(await rowsOf(app, repeated.id)).toEqual(before)
  })

  test('stages INSTALLED ones again only with allowRestage, and tells of each', async () => {
    const installed = await own.bring(itemOf('INVENTORY'), 'INSTALLED')
    const configurable = await own.bring(itemOf('INVENTORY'), 'CONFIGURE')
    const itemIds = [installed.itemId, configurable.itemId]
    const refused = await own.calls.stageAll({ kind: 'INVENTORY', itemIds })
    expect(refusals(refused.results)).toEqual(['INVALID_TRANSITION input.itemIds.0', ''])
    expect(refused.summary).toEqual({ total: 2, succeeded: 1, failed: 1 })
    const { summary, results } = await own.calls.stageAll({ kind: 'INVENTORY', itemIds, allowRestage: true })
    expect(summary).toEqual({ total: 2, succeeded: 2, failed: 0 })
    expect(results.map(({ component }: Data) => [component.state, component.version])).toEqual([
      ['STAGE', 4],
      ['STAGE', 3],
    ])
  })
})

describe('configureComponents', () => {
  test('gives each its configuration by itself, in input order, and keeps the report of each', async () => {
    const good = await Promise.all([1, 2, 3].map(() => own.bring(itemOf('INVENTORY'), 'CONFIGURE')))
    const staged = await own.bring(itemOf('INVENTORY'), 'STAGE')
    const other = await own.bring(itemOf('ACCESS_LOGS'), 'CONFIGURE')
    const alien = await foreign.bring(itemOf('INVENTORY'), 'CONFIGURE')
    const ids = [good[0].id, newId('cmp'), staged.id, good[1].id, other.id, alien.id, good[2].id, good[0].id]
    const { results, summary } = await own.calls.configureAll(ids, { inventory: {} })
    expect(results.map(({ componentId }: Data) => componentId)).toEqual(ids)
    expect(refusals(results)).toEqual([
      '',
      'NOT_FOUND input.ids.1',
      'INVALID_TRANSITION input.ids.2',
      '',
      'INVALID_VALUE input.config.inventory',
      'NOT_FOUND input.ids.5',
      '',
      // Given twice, it is configured twice, one after the other.
      '',
    ])
    expect(summary).toEqual({ total: 8, succeeded: 4, failed: 4 })
    for (const index of [0, 3, 6, 7]) {
      expect(results[index]).toMatchObject({ component: { state: 'INSTALLED' }, verification: { outcome: 'PASSED' } })
    }
    expect((await own.calls.read(good[0].id)).version).toBe(4)
    expect((await foreign.calls.read(alien.id)).state).toBe('CONFIGURE')
  })
})

describe('removeComponents', () => {
  test('removes each by itself, takes BASE along with the last of its account, and says what was gone already', async () => {
    const account = newAccount()
    const first = await own.bring(itemOf('INVENTORY', account), 'STAGE')
    const second = await own.bring(itemOf('ACCESS_LOGS', account), 'STAGE')
    const third = await own.bring(itemOf('INVENTORY'), 'INSTALLED')
    const bases = await own.calls.all({ kinds: ['BASE'], accountIds: [account, third.itemId] })
    const alien = await foreign.bring(itemOf('INVENTORY'), 'STAGE')
    const kept = await own.bring(itemOf('INVENTORY'), 'STAGE')
    const [keptBase] = await own.calls.all({ kinds: ['BASE'], accountIds: [kept.itemId] })
    const ids = [first.id, newId('cmp'), second.id, alien.id, third.id, first.id, keptBase.id]
    const { results, deletedIds, summary } = await own.calls.removeAll(ids)
    expect(results.map(({ componentId }: Data) => componentId)).toEqual(ids)
    expect(results.map(({ alreadyAbsent }: Data) => alreadyAbsent)).toEqual([false, true, false, true, false, true, false])
    expect(refusals(results)).toEqual(['', '', '', '', '', '', 'INVALID_TRANSITION input.ids.6'])
    expect(summary).toEqual({ total: 7, succeeded: 6, failed: 1 })
    expect([...deletedIds].sort()).toEqual([first.id, second.id, third.id, ...bases.map(({ id }) => id)].sort())
    expect((await foreign.calls.read(alien.id)).id).toBe(alien.id)
    expect(await own.calls.read(kept.id)).toEqual(kept)
  })

  test('removes 500 in one call', { timeout: 60_000 }, async () => {
    const leaving = await tenant(app)
    const { results } = await leaving.calls.stageAll({ kind: 'ACCESS_LOGS', itemIds: Array.from({ length: 500 }, () => newAccount()) })
    const { summary, deletedIds } = await leaving.calls.removeAll(results.map(({ component }: Data) => component.id))
    expect(summary).toEqual({ total: 500, succeeded: 500, failed: 0 })
    expect(deletedIds).toHaveLength(1000)
    expect((await rowsOf(app, leaving.id)).Component).toEqual([])
  })
})
