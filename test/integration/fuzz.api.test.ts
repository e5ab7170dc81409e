import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CatalogueEntry, type CatalogueParam, catalogue } from '../../src/integration/catalogue.ts'
import { type Answer, startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { registerConnector } from './integrations.ts'

const total = 2_000
const perType = Math.ceil(total / catalogue.length)
const batch = 20

let app: TestApp
let own: TestOrganization
let connectorId: string
beforeAll(async () => {
  app = await startTestApp({ quotas: { integrations: total } })
  own = await app.organization()
  connectorId = (await registerConnector(own, 'agent')).id
})
afterAll(() => app?.close())

/** Values that fit many a parameter, and such as fit none. */
const likely = [
  'db.example.com',
  '10.0.0.1',
  '5432',
  '0',
  '65536',
  'https://x.example.com/a',
  'http://x',
  'acme',
  '123456789012',
  'eu-west-1',
  'a@b.example',
]
const forms = ['11111111-2222-3333-4444-555555555555', 'T0123ABCD', '-----BEGIN CERTIFICATE-----', 'my-project-1', 'example.com']
const wild = fc.oneof(
  fc.constantFrom(...likely, ...forms),
  fc.string({ maxLength: 30 }),
  fc.constantFrom<unknown>(null, 5432, true, {}, [], '', ' ', 'a\nb', 'x'.repeat(1_001), '\u202e', '\0'),
)
/** One that fits, mostly. */
function value({ values, pattern }: CatalogueParam) {
  const fitting = [...(values ?? likely), ...forms].filter(
    (text) => (!values || values.includes(text)) && (!pattern || new RegExp(pattern, 'u').test(text)),
  )
  return fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...fitting) }, { weight: 1, arbitrary: wild })
}

const config = ({ params }: CatalogueEntry) =>
  fc
    .tuple(
      fc.record(Object.fromEntries(params.map((param) => [param.key, value(param)])), {
        requiredKeys: params.filter(({ optional }) => !optional).map(({ key }) => key),
      }),
      fc.constantFrom(...params.map(({ key }) => key), ...Array.from({ length: 3 * params.length + 1 }, () => 'none')),
      fc.option(fc.dictionary(fc.constantFrom('hots', 'constructor', 'toString', 'Host', ''), fc.constant('x'), { maxKeys: 2 }), {
        freq: 8,
      }),
    )
    .map(([all, left, more]) =>
      JSON.stringify({ ...Object.fromEntries(Object.entries(all).filter(([key]) => key !== left)), ...(more ?? {}) }),
    )

const text = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('a', 'secret', 'b/c') },
  { weight: 1, arbitrary: fc.constantFrom('', 'x\0', 'y'.repeat(10_001)) },
)
const secretStore = fc.oneof(
  fc.record({
    builtIn: fc.record({
      parameters: fc.record({ username: text, password: fc.oneof(text, fc.constant(1)), pin: text }, { requiredKeys: [] }),
    }),
  }),
  fc.record({ aws: fc.record({ region: text, secretId: text }) }),
  fc.record({ hashicorpVault: fc.record({ secretEngine: text, path: text }) }),
  fc.record({ kubernetes: fc.record({ namespace: text, name: text }) }),
)

const good = {
  builtIn: { parameters: { username: 'u', password: 'p' } },
  aws: { region: 'eu-west-1', secretId: 's' },
}
/** What would do for most types; what a type does not support stands here too. */
const plausible = ({ requiresSecret, supportedSecretStores, discovery, resourceTypes }: CatalogueEntry) => {
  const store = supportedSecretStores.includes('BUILT_IN') ? { builtIn: good.builtIn } : { aws: good.aws }
  return fc.record({
    secretStore: requiresSecret ? fc.constant(store) : fc.constant(null),
    connectorId: fc.constantFrom(null, discovery === 'CONNECTOR' ? 'own' : null),
    connectedResourceTypes: fc.option(fc.constant([resourceTypes[0] ?? 'x'])),
    customAccessDetails: fc.option(fc.constant('ask')),
    owner: fc.option(fc.constant({ attributeType: 'email', attributeValues: ['a'] })),
    ownersMapping: fc.constant(null),
  })
}
const anything = ({ resourceTypes }: CatalogueEntry) =>
  fc.record(
    {
      secretStore: fc.option(secretStore, { freq: 20 }),
      connectorId: fc.constantFrom('own', 'conn_nothing', null),
      connectedResourceTypes: fc.option(
        fc.array(fc.constantFrom(...resourceTypes, ...(resourceTypes.length > 0 ? [] : ['x']), 'table'), { maxLength: 3 }),
      ),
      customAccessDetails: fc.option(fc.constantFrom('ask', '', 'z'.repeat(401)), { freq: 2 }),
      owner: fc.option(fc.record({ attributeType: text, attributeValues: fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }) }), {
        freq: 2,
      }),
      ownersMapping: fc.option(fc.record({ keyName: fc.constantFrom('k', ''), attributeType: fc.constant('email') }), { freq: 2 }),
    },
    { requiredKeys: [] },
  )
interface Rest {
  secretStore?: object | null
  connectorId?: string | null
  [more: string]: unknown
}
const rest = (entry: CatalogueEntry): fc.Arbitrary<Rest> =>
  fc.oneof<fc.WeightedArbitrary<Rest>[]>({ weight: 3, arbitrary: plausible(entry) }, { weight: 2, arbitrary: anything(entry) })

const made = { valid: 0, invalid: 0 }

/** Asks first what would be refused, then has it made: one field after the other, in one request. */
async function bothOf(inputs: object[]): Promise<{ valid: boolean; refused: object[]; created: boolean; errors: object[] }[]> {
  const errors = 'errors { __typename code path message }'
  const calls = inputs.map(
    (_, i) =>
      `v${i}: validateIntegration(input: $i${i}) { valid ${errors} } c${i}: createIntegration(input: $i${i}) { integration { id } ${errors} }`,
  )
  const declared = inputs.map((_, i) => `$i${i}: CreateIntegrationInput!`).join(', ')
  const answer: Answer = await app.send(
    own.key,
    `mutation (${declared}) { ${calls.join('\n')} }`,
    Object.fromEntries(inputs.map((input, i) => [`i${i}`, input])),
  )
  if (answer.errors) throw new Error(JSON.stringify(answer.errors))
  return inputs.map((_, i) => ({
    valid: answer.data[`v${i}`].valid,
    refused: answer.data[`v${i}`].errors,
    created: answer.data[`c${i}`].integration !== null,
    errors: answer.data[`c${i}`].errors,
  }))
}

describe(`validateIntegration and createIntegration agree on ${total} generated integrations`, () => {
  it.each(catalogue.map((entry) => ({ type: entry.type, entry })))('of type $type', { timeout: 120_000 }, async ({ type, entry }) => {
    const samples = fc.sample(fc.tuple(config(entry), rest(entry)), { numRuns: perType, seed: 20_261_122 })
    const inputs = samples.map(([text, more], i) => ({
      organizationId: own.id,
      name: i % 25 === 24 ? `${type} 0` : `${type} ${i}`,
      type,
      config: JSON.parse(text) as object,
      ...more,
      ...(more.connectorId === 'own' ? { connectorId } : {}),
    }))
    for (let from = 0; from < inputs.length; from += batch) {
      for (const { valid, refused, created, errors } of await bothOf(inputs.slice(from, from + batch))) {
        expect({ valid, refused }).toEqual({ valid: created, refused: errors })
        made[valid ? 'valid' : 'invalid'] += 1
      }
    }
  })

  it('and both valid and invalid ones were among them', () => {
    expect(made.valid + made.invalid).toBeGreaterThanOrEqual(total)
    expect(made.valid).toBeGreaterThan(total / 20)
    expect(made.invalid).toBeGreaterThan(total / 20)
  })
})
