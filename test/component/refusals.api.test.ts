import { describe, expect, test } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { componentCalls } from '../support/component-calls.ts'
import { rowsOf } from '../support/rows.ts'
import { expectRefusals, notAllowed, notFound, outOfBounds, stale, useScene } from './refusal-scene.ts'

const scene = useScene()

describe('verifyComponent, removeComponent and cancelOperation refuse, and nothing changes:', () => {
  expectRefusals(scene, [
    ['verification of an unknown component', ({ own }) => own.calls.verify(newId('cmp')), notFound('input.id')],
    ["verification of somebody else's", ({ own, foreignComponent }) => own.calls.verify(foreignComponent.id), notFound('input.id')],
    ['verification of what is no id', ({ own }) => own.calls.verify('cmp_nonsense'), notFound('input.id')],
    ['verification of the id of something else', ({ own }) => own.calls.verify(own.id), notFound('input.id')],
    ['verification of BASE', ({ own, base }) => own.calls.verify(base.id), notAllowed('input.id')],
    ['verification of an older version', ({ own, configurable }) => own.calls.verify(configurable.INVENTORY.id, 1), stale],
    ['verification of a later version', ({ own, staged }) => own.calls.verify(staged.id, 2), stale],
    ['removal of BASE', ({ own, base }) => own.calls.remove(base.id), notAllowed('input.id')],
    ['removal of an older version', ({ own, installed }) => own.calls.remove(installed.id, 2), stale],
    ['cancelling an unknown operation', ({ own }) => own.calls.cancel(newId('op')), notFound('input.id')],
  ])

  test('removing what is not there, or of somebody else, is no error and removes nothing', async () => {
    const before = [await rowsOf(scene().app, scene().own.id), await rowsOf(scene().app, scene().foreign.id)]
    for (const id of [newId('cmp'), scene().foreignComponent.id, 'nonsense']) {
      expect(await scene().own.calls.remove(id)).toEqual({ deletedIds: [], alreadyAbsent: true, organization: null, errors: [] })
    }
    expect([await rowsOf(scene().app, scene().own.id), await rowsOf(scene().app, scene().foreign.id)]).toEqual(before)
  })
})

const many = (count: number) => Array.from({ length: count }, (_, index) => String(300_000_000_000 + index))

describe('the bulk mutations refuse as a whole, and nothing changes:', () => {
  expectRefusals(scene, [
    ['no item to stage', ({ own }) => own.calls.stageAll({ kind: 'INVENTORY', itemIds: [] }), outOfBounds('input.itemIds')],
    ['501 items to stage', ({ own }) => own.calls.stageAll({ kind: 'INVENTORY', itemIds: many(501) }), outOfBounds('input.itemIds')],
    ['no component to verify', ({ own }) => own.calls.verifyAll([]), outOfBounds('input.ids')],
    ['501 components to verify', ({ own }) => own.calls.verifyAll(many(501)), outOfBounds('input.ids')],
    ['no component to configure', ({ own }) => own.calls.configureAll([], { inventory: {} }), outOfBounds('input.ids')],
    ['101 components to configure', ({ own }) => own.calls.configureAll(many(101), { inventory: {} }), outOfBounds('input.ids')],
    ['no component to remove', ({ own }) => own.calls.removeAll([]), outOfBounds('input.ids')],
    ['501 components to remove', ({ own }) => own.calls.removeAll(many(501)), outOfBounds('input.ids')],
    [
      "somebody else's organization to stage in",
      ({ own, foreign }) => componentCalls({ ...own, id: foreign.id }).stageAll({ kind: 'INVENTORY', itemIds: many(2) }),
      notFound('input.organizationId'),
    ],
    [
      "somebody else's organization to verify in",
      ({ own, foreign, foreignComponent }) => componentCalls({ ...own, id: foreign.id }).verifyAll([foreignComponent.id]),
      notFound('input.organizationId'),
    ],
    [
      "somebody else's organization to configure in",
      ({ own, foreign, foreignComponent }) =>
        componentCalls({ ...own, id: foreign.id }).configureAll([foreignComponent.id], { inventory: {} }),
      notFound('input.organizationId'),
    ],
    [
      "somebody else's organization to remove in",
      ({ own, foreign, foreignComponent }) => componentCalls({ ...own, id: foreign.id }).removeAll([foreignComponent.id]),
      notFound('input.organizationId'),
    ],
  ])
})
