import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { agentOf, report, resource } from '../connector/agents.ts'
import { call, done, short } from '../integration/integrations.ts'
import { type Data, startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { rowsOf } from '../support/rows.ts'

let app: TestApp
let own: TestOrganization
let integrationId: string
beforeAll(async () => {
  app = await startTestApp()
  own = await app.organization()
  const agent = await agentOf(own)
  integrationId = agent.integrationId
  const { errors } = await report(app, agent.key, {
    integrationId,
    resources: [
      resource('1', { name: 'Orders', type: 'table' }),
      resource('2', { name: 'orders_old', type: 'table', status: 'ERROR' }),
      resource('3', {
        name: 'People',
        type: 'schema',
        sourceTags: [
          { key: 'team', value: 'hr' },
          { key: 'Team', value: 'x' },
        ],
      }),
      resource('4', { name: 'Zoo', type: 'schema', sourceTags: [{ key: 'team', value: '' }] }),
    ],
    permissions: [
      { name: 'read', resourceType: 'table' },
      { name: 'create', resourceType: 'schema' },
      { name: 'alter', resourceType: 'table' },
    ],
  })
  expect(errors).toEqual([])
})
afterAll(() => app?.close())

const names = (nodes: { name: string }[]) => nodes.map(({ name }) => name)
const idOf = async (name: string): Promise<string> => {
  const { integration } = await own.ask(
    `{ integration(id: "${integrationId}") { resources(filter: { name: "${name}" }) { nodes { id } } } }`,
  )
  return integration.resources.nodes[0].id
}

describe('resources', () => {
  it.each([
    ['{}', ['Orders', 'People', 'Zoo', 'orders_old']],
    ['{ types: ["schema"] }', ['People', 'Zoo']],
    ['{ types: [] }', []],
    ['{ statuses: [ERROR] }', ['orders_old']],
    ['{ name: "ORDERS" }', ['Orders']],
    ['{ nameContains: "orders" }', ['Orders', 'orders_old']],
    ['{ nameContains: "s_o" }', ['orders_old']],
    ['{ types: ["table"], statuses: [ACTIVE, DELETED] }', ['Orders']],
  ])('under the filter %s are %j, under their integration and their organization alike', async (filter, expected) => {
    const page = `resources(filter: ${filter}) { totalCount nodes { name } }`
    const data = await own.ask(`{ integration(id: "${integrationId}") { ${page} } organization(id: "${own.id}") { ${page} } }`)
    for (const { resources } of [data.integration, data.organization]) {
      expect(names(resources.nodes)).toEqual(expected)
      expect(resources.totalCount).toBe(expected.length)
    }
  })

  it('have permissions by type and name, or those of one type', async () => {
    const { integration } = await own.ask(`{ integration(id: "${integrationId}") { all: permissions { nodes { name } }
      some: permissions(resourceType: "table") { nodes { name resourceType integration { id } } } } }`)
    expect(names(integration.all.nodes)).toEqual(['create', 'alter', 'read'])
    expect(integration.some.nodes).toEqual(
      ['alter', 'read'].map((name) => ({ name, resourceType: 'table', integration: { id: integrationId } })),
    )
  })

  it('belong to whom the mapped tag names, else to the owner of the integration, else to nobody', async () => {
    const owners = async () => {
      const { integration } = await own.ask(`{ integration(id: "${integrationId}") { resources { nodes {
        name owner { attributeType attributeValues sourceIntegration { id } } } } } }`)
      return Object.fromEntries(
        integration.resources.nodes.map(({ name, owner }: Data) => [
          name,
          owner && [owner.attributeType, ...owner.attributeValues, owner.sourceIntegration?.id],
        ]),
      )
    }
    const change = (changes: object) => call(own, 'updateIntegration', { id: integrationId, ...changes }).then(done)
    expect(await owners()).toEqual({ Orders: null, orders_old: null, People: null, Zoo: null })
    await change({ ownersMapping: { keyName: 'team', attributeType: 'group', sourceIntegrationId: integrationId } })
    expect(await owners()).toEqual({ Orders: null, orders_old: null, People: ['group', 'hr', integrationId], Zoo: null })
    await change({ owner: { attributeType: 'email', attributeValues: ['a', 'b'] } })
    const fallback = ['email', 'a', 'b', undefined]
    expect(await owners()).toEqual({ Orders: fallback, orders_old: fallback, People: ['group', 'hr', integrationId], Zoo: fallback })
  })
})

describe('user tags', () => {
  const tags = async (mutation: 'set' | 'add' | 'remove', input: object) => {
    const name = `${mutation}ResourceUserTags`
    const data = await own.ask(
      `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) {
        resource { userTags { key value } } errors { __typename code path message } } }`,
      { input },
    )
    return data[name]
  }

  it('are set, added to, and taken away; what changes nothing writes nothing', async () => {
    const resourceId = await idOf('Orders')
    const steps: ['set' | 'add' | 'remove', object, string[]][] = [
      [
        'set',
        {
          tags: [
            { key: 'b', value: '1' },
            { key: 'a', value: '' },
          ],
        },
        ['a=', 'b=1'],
      ],
      [
        'add',
        {
          tags: [
            { key: 'b', value: '2' },
            { key: 'c', value: '3' },
          ],
        },
        ['a=', 'b=2', 'c=3'],
      ],
      ['remove', { keys: ['a', 'nothing'] }, ['b=2', 'c=3']],
      ['set', { tags: [{ key: '__proto__', value: 'x' }] }, ['__proto__=x']],
      ['set', { tags: [] }, []],
    ]
    for (const [mutation, input, expected] of steps) {
      for (let again = 0; again < 2; again++) {
        const before = await rowsOf(app, own.id)
        const { resource: changed, errors } = await tags(mutation, { resourceId, ...input })
        expect(errors).toEqual([])
        expect(changed.userTags.map(({ key, value }: Data) => `${key}=${value}`)).toEqual(expected)
        if (again) expect(await rowsOf(app, own.id)).toEqual(before)
      }
    }
  })

  it('that twenty callers add at once are all there, and a report leaves them', async () => {
    const resourceId = await idOf('People')
    await Promise.all(Array.from({ length: 20 }, (_, i) => tags('add', { resourceId, tags: [{ key: `k${i}`, value: `${i}` }] })))
    await Promise.all(Array.from({ length: 10 }, (_, i) => tags('remove', { resourceId, keys: [`k${i}`] })))
    const { resource: read } = await own.ask(`{ resource(id: "${resourceId}") { userTags { key value } } }`)
    const left = Array.from({ length: 10 }, (_, i) => ({ key: `k${i + 10}`, value: `${i + 10}` }))
    expect(read.userTags).toEqual(left)
  })

  it('of callers at once never come to more than 50', async () => {
    const resourceId = await idOf('Zoo')
    await tags('set', { resourceId, tags: Array.from({ length: 45 }, (_, i) => ({ key: `s${i}`, value: '' })) })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => tags('add', { resourceId, tags: [{ key: `k${i}`, value: '' }] })),
    )
    expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(5)
    const [refused] = answers.filter(({ errors }) => errors.length > 0)
    expect(short(refused.errors)).toEqual(['ValidationError VALUE_OUT_OF_BOUNDS input.tags'])
  })

  const V = 'ValidationError'
  const one = (key: string, value = '') => ({ tags: [{ key, value }] })
  it.each<['set' | 'add' | 'remove', string, object, string[]]>([
    ['set', 'an empty key', one(''), [`${V} VALUE_OUT_OF_BOUNDS input.tags.0.key`]],
    ['set', 'a key of 129 characters', one('x'.repeat(129)), [`${V} VALUE_OUT_OF_BOUNDS input.tags.0.key`]],
    ['add', 'a value of 257 characters', one('k', 'x'.repeat(257)), [`${V} VALUE_OUT_OF_BOUNDS input.tags.0.value`]],
    ['add', 'a key with a control character', one('a\0'), [`${V} VALUE_INCORRECT_FORMAT input.tags.0.key`]],
    ['add', 'a key twice', { tags: [one('a').tags[0], one('a').tags[0]] }, [`${V} VALUE_DUPLICATE input.tags.1.key`]],
    [
      'set',
      '51 tags',
      { tags: Array.from({ length: 51 }, (_, i) => ({ key: `k${i}`, value: '' })) },
      [`${V} VALUE_OUT_OF_BOUNDS input.tags`],
    ],
    ['remove', 'an empty key', { keys: [''] }, [`${V} VALUE_OUT_OF_BOUNDS input.keys.0`]],
    ['remove', '51 keys', { keys: Array.from({ length: 51 }, (_, i) => `k${i}`) }, [`${V} VALUE_OUT_OF_BOUNDS input.keys`]],
    ['set', 'a resource of nobody', { resourceId: newId('res'), tags: [] }, ['NotFoundError NOT_FOUND input.resourceId']],
  ])('to %s: %s is refused and nothing is written', async (mutation, _what, input, expected) => {
    const resourceId = await idOf('Orders')
    const before = await rowsOf(app, own.id)
    expect(short((await tags(mutation, { resourceId, ...input })).errors)).toEqual(expected)
    expect(await rowsOf(app, own.id)).toEqual(before)
  })
})
