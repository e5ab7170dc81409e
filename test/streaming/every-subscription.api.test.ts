import { getNamedType, isObjectType } from 'graphql'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Scope } from '../../src/auth/scope.ts'
import { newId, prefixOf } from '../../src/platform/typeid.ts'
import { declaredBy, enough, fallingShort } from '../auth/declared.ts'
import { oddTexts } from '../graph/odd-texts.ts'
import { type Field, subscriptionFields } from '../graph/schema-walk.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { type Subscriber, subscribe } from '../support/subscriber.ts'
import { type Everything, makeEverything } from '../tenancy/everything.ts'

let app: TestApp
let own: Everything
let other: Everything
const started: Subscriber[] = []
beforeAll(async () => {
  app = await startTestApp({ quotas: { apiKeys: 10_000 } })
  own = await makeEverything(app, 'walnut', '111122223333')
  other = await makeEverything(app, 'magnolia', '444455556666')
})
afterEach(async () => {
  for (const { stop } of started.splice(0)) stop()
  await expect.poll(() => app.booted.services.changes.subscriptions, { timeout: 5_000 }).toBe(0)
})
afterAll(() => app?.close())

test('each of them is asked for by an organization and, if at all, one thing of it, and declares a scope', () => {
  expect(subscriptionFields.length).toBeGreaterThan(2)
  for (const field of subscriptionFields) {
    expect(Object.fromEntries(field.args.map(({ name, type }) => [name, String(type)]))).toEqual({
      organizationId: 'ID!',
      [subjectArgument(field)]: 'ID',
    })
    expect(declaredBy(field), field.name).not.toBeNull()
  }
})

describe.each(subscriptionFields.map((field) => ({ name: field.name, field })))('$name', ({ field }) => {
  const noun = subjectField(field).type
  const query = `subscription ($organizationId: ID!, $subjectId: ID) {
    ${field.name}(organizationId: $organizationId, ${subjectArgument(field)}: $subjectId) { change id ${subjectField(field).name} { id } } }`

  async function follow(key: string, variables: object): Promise<Subscriber> {
    const { changes } = app.booted.services
    const before = changes.subscriptions
    const subscriber = begin(key, variables)
    await expect.poll(() => changes.subscriptions, { timeout: 5_000 }).toBe(before + 1)
    return subscriber
  }
  const begin = (key: string, variables: object): Subscriber => {
    const subscriber = subscribe('WebSocket', app.url, key, query, variables)
    started.push(subscriber)
    return subscriber
  }
  const refusal = async (key: string, variables: object): Promise<Data[]> => {
    const ended = await begin(key, variables).ended
    return ended.map(({ message, extensions }: Data) => ({ message, ...extensions }))
  }
  const idsIn = ({ events }: Subscriber) => events.map(({ data }) => data[field.name].id)

  test('a change is told to its own organization and to no other', async () => {
    const [mine, theirs] = [own.idOf(noun), other.idOf(noun)]
    const subscribers = [
      await follow(own.key, { organizationId: own.id }),
      await follow(own.key, { organizationId: own.id, subjectId: mine }),
      await follow(other.key, { organizationId: other.id }),
    ]
    // The last one shows that all before it have been told.
    const told = [
      { organizationId: other.id, id: theirs },
      { organizationId: own.id, id: mine },
      { organizationId: other.id, id: theirs },
    ]
    for (const { organizationId, id } of told) await change(organizationId, noun, id)
    await expect.poll(() => subscribers.map(({ events }) => events.length), { timeout: 5_000 }).toEqual([1, 1, 2])
    expect(subscribers.map(idsIn)).toEqual([[mine], [mine], [theirs, theirs]])
    for (const { events } of subscribers)
      expect(events[0]?.data[field.name][subjectField(field).name]).toEqual({ id: events[0]?.data[field.name].id })
  })

  test("another organization's ids are refused in the words that unknown ones are", async () => {
    const theirs = other.idOf(noun)
    const prefix = prefixOf(theirs)
    if (!prefix) throw new Error(`${theirs} is no id`)
    const refused = [
      [{ organizationId: other.id }, { organizationId: newId('org') }],
      [
        { organizationId: own.id, subjectId: theirs },
        { organizationId: own.id, subjectId: newId(prefix) },
      ],
      [
        { organizationId: other.id, subjectId: theirs },
        { organizationId: newId('org'), subjectId: theirs },
      ],
    ] as const
    for (const [foreign, unknown] of refused) {
      const answer = await refusal(own.key, foreign)
      expect(answer).toEqual([expect.objectContaining({ message: expect.stringMatching(/^There is no/), code: 'BAD_USER_INPUT' })])
      expect(answer).toEqual(await refusal(own.key, unknown))
    }
  })

  test('whatever text stands for an id, nothing breaks', async () => {
    for (const text of oddTexts) {
      for (const variables of [{ organizationId: text }, { organizationId: own.id, subjectId: text }]) {
        const answer = await refusal(own.key, variables)
        expect(
          answer.map(({ code }) => code),
          JSON.stringify(variables).slice(0, 300),
        ).toEqual(['BAD_USER_INPUT'])
      }
    }
  })

  test('it begins with the scope and not without', async () => {
    const declared = declaredBy(field)
    if (!declared) throw new Error('it declares none')
    for (const { scopes, missing } of fallingShort(declared)) {
      const answer = await refusal(await keyWith(own, scopes), { organizationId: own.id })
      expect(answer).toEqual([expect.objectContaining({ code: 'FORBIDDEN', missingScopes: missing })])
    }
    for (const scopes of enough(declared)) await follow(await keyWith(own, scopes), { organizationId: own.id })
  })

  test('a key that has lost the scope reads no further change: the subscription ends', async () => {
    const scopes = enough(declaredBy(field) ?? { allOf: [] }).flat()
    const key = await keyWith(own, [...scopes, 'AUDIT_READ'])
    const subscriber = await follow(key, { organizationId: own.id })
    await app.booted.services.db.pool.query(`update "ApiKey" set "scopes" = '{AUDIT_READ}' where "id" = $1`, [key.slice(3, 33)])
    await change(own.id, noun, own.idOf(noun))
    expect(await subscriber.ended).toEqual([expect.objectContaining({ extensions: expect.objectContaining({ code: 'FORBIDDEN' }) })])
    expect(subscriber.events).toEqual([])
  })

  test('it ends with its organization, also for who outlives that, and others go on', async () => {
    const doomed = await app.organization()
    const subscribers = [await follow(doomed.key, { organizationId: doomed.id }), await follow(app.adminKey, { organizationId: doomed.id })]
    const surviving = await follow(app.adminKey, { organizationId: own.id })
    await app.send(app.adminKey, 'mutation ($input: DeleteOrganizationInput!) { deleteOrganization(input: $input) { deletedIds } }', {
      input: { id: doomed.id, confirmSlug: doomed.slug },
    })
    expect(await Promise.all(subscribers.map(({ ended }) => ended))).toEqual(['complete', 'complete'])
    await change(own.id, noun, own.idOf(noun))
    await expect.poll(() => surviving.events.length, { timeout: 5_000 }).toBe(1)
  })
})

test('that a role was seen once more is no change of it; that it is described otherwise is one', async () => {
  const { pool } = app.booted.services.db
  const id = own.idOf('AwsRole')
  const written = async (assignment: string) => {
    const before = await pool.query('select 1 from "Change" where "subjectId" = $1', [id])
    await pool.query(`update "AwsRole" set ${assignment} where "id" = $1`, [id])
    const { rows } = await pool.query('select "noun", "change" from "Change" where "subjectId" = $1 order by "sequence" offset $2', [
      id,
      before.rowCount,
    ])
    return rows
  }
  expect(await written('"lastSeenAt" = now()')).toEqual([])
  expect(await written(`"description" = 'another one'`)).toEqual([{ noun: 'AwsRole', change: 'UPDATED' }])
})

const subjectArgument = ({ args }: Field) => args.find(({ name }) => name !== 'organizationId')?.name ?? ''

/** The field of a change that leads to what changed, and the type of that. */
function subjectField({ type }: Field): { name: string; type: string } {
  const changed = getNamedType(type)
  const fields = isObjectType(changed) ? Object.values(changed.getFields()) : []
  const subject = fields.find(({ name }) => !['change', 'id'].includes(name))
  if (!subject) throw new Error(`${changed.name} leads to nothing`)
  return { name: subject.name, type: getNamedType(subject.type).name }
}

async function change(organizationId: string, noun: string, id: string): Promise<void> {
  await app.booted.services.db.pool.query(
    `with written as (insert into "Change" ("organizationId", "noun", "subjectId", "change") values ($1, $2, $3, 'UPDATED'))
     select pg_notify('gatehouse_change', '')::text`,
    [organizationId, noun, id],
  )
}

async function keyWith({ id, ask }: Everything, scopes: Scope[]): Promise<string> {
  const { createApiKey } = await ask('mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }', {
    input: { organizationId: id, name: 'subscriber', scopes },
  })
  return createApiKey.secret
}
