import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { askAll, type Target, targets } from '../tenancy/calls.ts'
import { type Everything, makeEverything } from '../tenancy/everything.ts'
import { argumentsOf } from './fillers.ts'
import { oddTexts } from './odd-texts.ts'

let app: TestApp
let own: Everything
beforeAll(async () => {
  app = await startTestApp({ worker: true, quotas: { apiKeys: 10_000, runningOperations: 10_000 } })
  own = await makeEverything(app, 'walnut', '111122223333')
})
afterAll(() => app?.close())

const places = targets()
  .filter(({ position }) => position !== 'all')
  .map((target) => ({ name: target.name, target }))

describe('whatever text stands in a request, nothing breaks', () => {
  // Where a call waits for an operation, twenty of them take their time.
  it.each(places)('$name', { timeout: 90_000 }, async ({ target }) => {
    const given = oddTexts.map((text) => withText(target, text))
    // One by one, so that one refused text does not hide what another does.
    for (const args of given) {
      const [answer] = await askAll(app, own, target, [args], 1)
      const codes = answer?.errors.map(({ code }) => code) ?? []
      expect(codes, JSON.stringify(args).slice(0, 300)).not.toContain('INTERNAL_SERVER_ERROR')
    }
  })

  it.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '2026-02-28T23:59:59+14:00'])(
    'the time %s',
    async (since) => {
      const { errors } = await app.send(
        own.key,
        'query ($id: ID!, $since: DateTime) { organization(id: $id) { auditEvents(filter: { since: $since }) { totalCount } } }',
        { id: own.id, since },
      )
      expect(errors).toBeUndefined()
    },
  )
})

function withText({ typeName, field, position }: Target, text: string) {
  if (position === 'all') throw new Error('one place at a time')
  return argumentsOf(typeName, field, own, position, position.isList ? [text] : text)
}
