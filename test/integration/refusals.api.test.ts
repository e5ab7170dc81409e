import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { rowsOf } from '../support/rows.ts'
import { call, custom, done, postgresql, registerConnector, short, validate } from './integrations.ts'

let app: TestApp
let own: TestOrganization
let connectorId: string
let foreign: { connectorId: string; integrationId: string }
beforeAll(async () => {
  app = await startTestApp({ quotas: { integrations: 3 } })
  own = await app.organization()
  connectorId = (await registerConnector(own, 'agent')).id
  done(await call(own, 'createIntegration', custom(own.id, 'Taken')))
  const other = await app.organization()
  foreign = {
    connectorId: (await registerConnector(other, 'agent')).id,
    integrationId: done(await call(other, 'createIntegration', custom(other.id, 'theirs'))).id,
  }
})
afterAll(() => app?.close())

const V = 'ValidationError'
const secret = { username: 'u', password: 'p' }
const builtIn = (parameters: unknown) => ({ secretStore: { builtIn: { parameters } } })
const owner = { attributeType: 'email', attributeValues: ['a@b.example'] }

/** What each is made with in place of what would do, and how it is refused. */
const refusals: [string, object, string[]][] = [
  ['a name that is taken', { name: 'Taken' }, ['DuplicateError VALUE_DUPLICATE input.name']],
  ['an empty name', { name: '' }, [`${V} VALUE_OUT_OF_BOUNDS input.name`]],
  ['a name of 201 characters', { name: 'x'.repeat(201) }, [`${V} VALUE_OUT_OF_BOUNDS input.name`]],
  ['a name with a line break', { name: 'a\nb' }, [`${V} VALUE_INCORRECT_FORMAT input.name`]],
  ['a type that is not there', { type: 'oracle' }, [`${V} INVALID_VALUE input.type`]],
  ['the type aws', { type: 'aws', config: {} }, [`${V} INVALID_VALUE input.type`]],
  ['a missing param', { config: {} }, [`${V} REQUIRED_VALUE_MISSING input.config.host`]],
  ['an empty param', { config: { host: '' } }, [`${V} REQUIRED_VALUE_MISSING input.config.host`]],
  ['a param that is null', { config: { host: null } }, [`${V} VALUE_INCORRECT_TYPE input.config.host`]],
  ['a param that is a list', { config: { host: ['a'] } }, [`${V} VALUE_INCORRECT_TYPE input.config.host`]],
  [
    'unknown params',
    { config: { host: 'a.example', hots: 1, constructor: 2 } },
    [`${V} INVALID_VALUE input.config.hots`, `${V} INVALID_VALUE input.config.constructor`],
  ],
  [
    'a value among none of those there are',
    { config: { host: 'a.example', tlsMode: 'perhaps' } },
    [`${V} INVALID_VALUE input.config.tlsMode`],
  ],
  ['a port that is none', { config: { host: 'a.example', port: 70_000 } }, [`${V} VALUE_INCORRECT_FORMAT input.config.port`]],
  ['a socket for a host', { config: { host: '/var/run/postgresql' } }, [`${V} VALUE_INCORRECT_FORMAT input.config.host`]],
  ['a connection string for a host', { config: { host: 'postgres://a@b/c' } }, [`${V} VALUE_INCORRECT_FORMAT input.config.host`]],
  ['several hosts', { config: { host: 'a.example,b.example' } }, [`${V} VALUE_INCORRECT_FORMAT input.config.host`]],
  ['a host with a control character', { config: { host: 'a.example\0' } }, [`${V} VALUE_INCORRECT_FORMAT input.config.host`]],
  ['a value without end', { config: { host: 'a'.repeat(1_001) } }, [`${V} VALUE_OUT_OF_BOUNDS input.config.host`]],
  [
    'a hundred and one params',
    { config: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, i])) },
    [`${V} VALUE_OUT_OF_BOUNDS input.config`],
  ],
  ['no secret', { secretStore: undefined }, [`${V} REQUIRED_VALUE_MISSING input.secretStore`]],
  ['no secret, said aloud', { secretStore: null }, [`${V} REQUIRED_VALUE_MISSING input.secretStore`]],
  [
    'a store that the type does not support',
    { secretStore: { kubernetes: { namespace: 'n', name: 's' } } },
    [`${V} INVALID_VALUE input.secretStore.kubernetes`],
  ],
  ['a secret without password', builtIn({ username: 'u' }), [`${V} REQUIRED_VALUE_MISSING input.secretStore.builtIn.parameters.password`]],
  ['a secret with more than it holds', builtIn({ ...secret, pin: '1' }), [`${V} INVALID_VALUE input.secretStore.builtIn.parameters.pin`]],
  [
    'a secret that is a number',
    builtIn({ ...secret, password: 1 }),
    [`${V} VALUE_INCORRECT_TYPE input.secretStore.builtIn.parameters.password`],
  ],
  ['an empty secret', builtIn({ ...secret, password: '' }), [`${V} VALUE_OUT_OF_BOUNDS input.secretStore.builtIn.parameters.password`]],
  ['a connector for what this server reads', { connectorId: () => connectorId }, [`${V} INVALID_VALUE input.connectorId`]],
  ['a connector of nobody', { connectorId: () => newId('conn') }, ['NotFoundError NOT_FOUND input.connectorId']],
  ["another organization's connector", { connectorId: () => foreign.connectorId }, ['NotFoundError NOT_FOUND input.connectorId']],
  ['no resource types', { connectedResourceTypes: [] }, [`${V} VALUE_OUT_OF_BOUNDS input.connectedResourceTypes`]],
  [
    'resource types of something else, and one twice',
    { connectedResourceTypes: ['table', 'bucket', 'table'] },
    [`${V} INVALID_VALUE input.connectedResourceTypes.1`, `${V} VALUE_DUPLICATE input.connectedResourceTypes.2`],
  ],
  ['access details of 401 characters', { customAccessDetails: 'ä'.repeat(401) }, [`${V} VALUE_OUT_OF_BOUNDS input.customAccessDetails`]],
  [
    'access details with a control character',
    { customAccessDetails: 'a\u0007' },
    [`${V} VALUE_INCORRECT_FORMAT input.customAccessDetails`],
  ],
  ['an owner without values', { owner: { ...owner, attributeValues: [] } }, [`${V} VALUE_OUT_OF_BOUNDS input.owner.attributeValues`]],
  ['an owner twice', { owner: { ...owner, attributeValues: ['a', 'a'] } }, [`${V} VALUE_DUPLICATE input.owner.attributeValues.1`]],
  [
    "an owner out of another organization's integration",
    { owner: () => ({ ...owner, sourceIntegrationId: foreign.integrationId }) },
    ['NotFoundError NOT_FOUND input.owner.sourceIntegrationId'],
  ],
  [
    'a mapping without a key',
    { ownersMapping: { keyName: '', attributeType: 'email' } },
    [`${V} VALUE_OUT_OF_BOUNDS input.ownersMapping.keyName`],
  ],
  [
    'a mapping by an integration that is not there',
    { ownersMapping: () => ({ keyName: 'k', attributeType: 'e', sourceIntegrationId: newId('int') }) },
    ['NotFoundError NOT_FOUND input.ownersMapping.sourceIntegrationId'],
  ],
  [
    'everything at once',
    { name: ' x', config: { port: 'a' }, secretStore: null, customAccessDetails: '' },
    [
      `${V} VALUE_INCORRECT_FORMAT input.name`,
      `${V} VALUE_INCORRECT_FORMAT input.config.port`,
      `${V} REQUIRED_VALUE_MISSING input.config.host`,
      `${V} REQUIRED_VALUE_MISSING input.secretStore`,
      `${V} VALUE_OUT_OF_BOUNDS input.customAccessDetails`,
    ],
  ],
]

const given = (change: object) =>
  Object.fromEntries(Object.entries(change).map(([key, value]) => [key, typeof value === 'function' ? value() : value]))

describe('an integration with', () => {
  it.each(refusals)('%s is refused, by validateIntegration in the same words, and nothing is written', async (_name, change, expected) => {
    const before = await rowsOf(app, own.id)
    const input = postgresql(own.id, 'New', given(change))
    const created = await call(own, 'createIntegration', input)
    expect(short(created.errors)).toEqual(expected)
    expect(created.integration).toBeNull()
    expect(await validate(own, input)).toEqual({ valid: false, errors: created.errors })
    expect(await rowsOf(app, own.id)).toEqual(before)
  })

  it('nothing wrong is valid, and validating writes nothing', async () => {
    const before = await rowsOf(app, own.id)
    expect(await validate(own, postgresql(own.id, 'New'))).toEqual({ valid: true, errors: [] })
    expect(await rowsOf(app, own.id)).toEqual(before)
  })

  it('an organization of somebody else gets the answer of one that is nowhere', async () => {
    const answers = []
    for (const id of [(await app.organization()).id, newId('org')]) {
      const { errors } = await call(own, 'createIntegration', custom(id, 'New'))
      expect(short(errors)).toEqual(['NotFoundError NOT_FOUND input.organizationId'])
      expect(await validate(own, custom(id, 'New'))).toEqual({ valid: false, errors })
      answers.push(errors)
    }
    expect(answers[0]).toEqual(answers[1])
  })

  it('two secret stores does not pass the schema', async () => {
    const secretStore = { aws: { region: 'a', secretId: 'b' }, gcp: { project: 'a', secretId: 'b' } }
    const answer = await app.send(own.key, 'mutation ($i: CreateIntegrationInput!) { createIntegration(input: $i) { errors { code } } }', {
      i: custom(own.id, 'New', { secretStore }),
    })
    expect(answer.errors).toHaveLength(1)
  })
})

describe('a change of an integration to', () => {
  it.each([
    ['no name', { name: null }, [`${V} REQUIRED_VALUE_MISSING input.name`]],
    ['no config', { config: null }, [`${V} REQUIRED_VALUE_MISSING input.config`]],
    ['no secret', { secretStore: null }, [`${V} REQUIRED_VALUE_MISSING input.secretStore`]],
    ...refusals
      .filter(
        ([, change]) =>
          !('type' in change) &&
          Object.values(change).every((value) => value !== undefined && value !== null) &&
          Object.keys(change).length === 1,
      )
      .map(([name, change, expected]): [string, object, string[]] => [name, change, expected]),
  ] as [string, object, string[]][])('%s is refused and nothing is written', async (_name, change, expected) => {
    const tenant = own
    const existing = (await tenant.ask(`{ organization(id: "${tenant.id}") { integration(name: "Postgres") { id } } }`)).organization
      .integration
    const { id } = existing ?? done(await call(tenant, 'createIntegration', postgresql(tenant.id, 'Postgres')))
    const before = await rowsOf(app, tenant.id)
    const { integration, errors } = await call(tenant, 'updateIntegration', { id, ...given(change) })
    // With other params the secret may have to be sent again, too.
    expect(short(errors).filter((error) => expected.includes(error))).toEqual(expected)
    expect(integration).toBeNull()
    expect(await rowsOf(app, tenant.id)).toEqual(before)
  })
})

describe('one too many', () => {
  it('is refused by both, and by 10 at once', async () => {
    const tenant = await app.organization()
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => call(tenant, 'createIntegration', custom(tenant.id, `n ${i}`))))
    expect(answers.filter(({ integration }) => integration)).toHaveLength(3)
    const [refused] = answers.filter(({ errors }) => errors.length > 0)
    expect(refused?.errors).toMatchObject([{ __typename: 'QuotaError', code: 'QUOTA_EXCEEDED', path: ['input'], limit: 3 }])
    expect(await validate(tenant, custom(tenant.id, 'one more'))).toEqual({ valid: false, errors: refused?.errors })
  })
})
