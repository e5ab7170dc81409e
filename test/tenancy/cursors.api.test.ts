import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { argumentsOf } from '../graph/fillers.ts'
import { type FieldOfType, isConnection, queryAlong, reach, readFields, valuesAlong } from '../graph/schema-walk.ts'
import { type Answer, startTestApp, type TestApp } from '../support/app.ts'
import { type Everything, makeEverything } from './everything.ts'

let app: TestApp
let own: Everything
let other: Everything

beforeAll(async () => {
  app = await startTestApp()
  own = await makeEverything(app, 'walnut', '111122223333')
  other = await makeEverything(app, 'magnolia', '444455556666')
})
afterAll(() => app?.close())

const lists = readFields.filter(({ field }) => isConnection(field.type)).map((list) => ({ name: list.coordinate, list }))

describe("a cursor of another organization's list is refused, and so is what was never a cursor", () => {
  it.each(lists)('$name', async ({ list }) => {
    const foreign = await cursorOf(other, list)
    for (const argument of ['after', 'before']) {
      for (const cursor of [foreign, '', 'AAAA', 'not a cursor', Buffer.alloc(40).toString('base64url')]) {
        const answer = await page(own, list, `${argument}: ${JSON.stringify(cursor)}`)
        expect(refusals(answer)).toEqual([
          {
            code: 'BAD_USER_INPUT',
            argument,
            message: `${argument} is not a cursor of this list, order and filter. Use one that this list returned.`,
          },
        ])
      }
    }
    expect(refusals(await page(own, list, `after: ${JSON.stringify(await cursorOf(own, list))}`))).toEqual([])
  })
})

describe('a cursor is good for its own list, order and filter alone', () => {
  const integrations = (rest: string) => `integrations(first: 2${rest}) { edges { cursor } }`
  const ask = (selected: string) => app.send(own.key, `query ($id: ID!) { organization(id: $id) { ${selected} } }`, { id: own.id })
  const cursorIn = async (selected: string) => {
    const { data } = await ask(`list: ${selected}`)
    return data.organization.list.edges[0].cursor as string
  }

  it('of an order that had other columns in an earlier version it is refused', async () => {
    const binding = JSON.stringify(['organization.auditEvents', own.id, 'TIME', true, ''])
    const ofColumns = (...values: string[]) => app.booted.services.cursors.sign(binding, values)
    const found = await ask(`auditEvents(first: 1, after: "${ofColumns('2100-01-01T00:00:00Z', 'z')}") { nodes { id } }`)
    expect(found.data.organization.auditEvents.nodes).toHaveLength(1)
    for (const cursor of [ofColumns(own.idOf('AuditEvent')), ofColumns(), ofColumns('2100-01-01T00:00:00Z', 'z', 'z')]) {
      const answer = await ask(`auditEvents(first: 1, after: "${cursor}") { nodes { id } }`)
      expect(refusals(answer)).toMatchObject([{ code: 'BAD_USER_INPUT', argument: 'after' }])
    }
  })

  it('altered in any byte it is refused', async () => {
    const cursor = await cursorIn(integrations(', orderBy: { field: CREATED_AT }'))
    const bytes = Buffer.from(cursor, 'base64url')
    const altered = [...bytes.keys()].map((i) => Buffer.from(bytes.map((byte, j) => (i === j ? byte ^ 1 : byte))).toString('base64url'))
    const texts = [...altered, bytes.subarray(1).toString('base64url'), `${cursor}A`, cursor.slice(0, -1), `${cursor}=`, ` ${cursor}`]
    const answer = await ask(
      texts
        .map((text, i) => `c${i}: integrations(orderBy: { field: CREATED_AT }, after: ${JSON.stringify(text)}) { nodes { id } }`)
        .join(' '),
    )
    expect(bytes.length).toBeGreaterThan(40)
    expect(refusals(answer)).toHaveLength(texts.length)
    expect(new Set(refusals(answer).map(({ code }) => code))).toEqual(new Set(['BAD_USER_INPUT']))
    const unaltered = await ask(`integrations(orderBy: { field: CREATED_AT }, after: "${cursor}") { nodes { id } }`)
    expect(unaltered.errors).toBeUndefined()
  })

  const byName = integrations(', orderBy: { field: NAME }')
  const components = 'components(first: 2) { edges { cursor } }'
  const events = 'auditEvents(first: 2) { edges { cursor } }'
  it.each([
    { made: byName, used: 'integrations(orderBy: { field: CREATED_AT }', what: 'another order' },
    { made: byName, used: 'integrations(orderBy: { field: NAME, direction: DESC }', what: 'the other direction' },
    { made: byName, used: 'integrations(filter: { nameContains: "a" }', what: 'a filter' },
    { made: integrations(', filter: { nameContains: "a" }'), used: 'integrations(filter: { nameContains: "w" }', what: 'another filter' },
    { made: integrations(', filter: { nameContains: "a" }'), used: 'integrations(first: 1', what: 'no filter' },
    { made: components, used: 'awsIntegration { components(first: 1', what: 'a list of the same things elsewhere' },
    { made: components, used: 'apiKeys(first: 1', what: 'a list of other things' },
    { made: events, used: 'operations(first: 1', what: 'another list in the same order' },
  ])('used with $what it is refused', async ({ made, used }) => {
    const cursor = await cursorIn(made)
    const isNested = used.includes('{ components')
    const answer = await ask(`${used}, after: "${cursor}") { nodes { id } } ${isNested ? '}' : ''}`)
    expect(refusals(answer)).toEqual([expect.objectContaining({ code: 'BAD_USER_INPUT', argument: 'after' })])
  })

  it('the default order said aloud is the default order', async () => {
    const answer = await ask(`integrations(after: "${await cursorIn(byName)}") { nodes { id } }`)
    expect(answer.errors).toBeUndefined()
  })
})

const refusals = ({ errors = [] }: Answer) => errors.map(({ message, extensions: { code, argument } }) => ({ code, argument, message }))

const page = (caller: Everything, { type, field }: FieldOfType, args: string): Promise<Answer> => {
  const way = reach(type.name)
  const given = Object.entries(argumentsOf(type.name, field, caller)).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  const selected = `list: ${field.name}(${[...given, args].join(', ')}) { edges { cursor } }`
  return app.send(caller.key, queryAlong(way, selected), way.from ? { from: caller.idOf(way.from) } : {})
}

/** The first cursor of the caller's list; where it is empty, that of a list of the same name under something else. */
async function cursorOf(caller: Everything, list: FieldOfType): Promise<string> {
  const twins = readFields.filter(({ field }) => field.name === list.field.name && String(field.type) === String(list.field.type))
  for (const candidate of [list, ...twins]) {
    const way = reach(candidate.type.name)
    const { data } = await page(caller, candidate, 'first: 1')
    const [edge] = valuesAlong(way, data).flatMap(({ list: found }) => (found as { edges: { cursor: string }[] } | null)?.edges ?? [])
    if (edge) return edge.cursor
  }
  throw new Error(`${list.coordinate} is empty: make what it lists in test/tenancy/everything.ts.`)
}
