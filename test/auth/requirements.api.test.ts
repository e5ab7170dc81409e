import { isNonNullType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Scope } from '../../src/auth/scope.ts'
import { anonymous, platformAdministrator, type Viewer } from '../../src/auth/viewer.ts'
import { idPrefixes, newId } from '../../src/platform/typeid.ts'
import { argumentsOf, type Things } from '../graph/fillers.ts'
import { isConnection, queryAlong, reach, readFields, rootFields, Selections } from '../graph/schema-walk.ts'
import { type Answer, startTestApp, type TestApp } from '../support/app.ts'
import { type Everything, makeEverything } from '../tenancy/everything.ts'
import { declaredBy, enough, fallingShort, type Guarded, guarded, isRoot, neededByKeys } from './declared.ts'

let app: TestApp
let own: Everything
beforeAll(async () => {
  app = await startTestApp()
  own = await makeEverything(app, 'walnut', '111122223333')
})
afterAll(() => app?.close())

const cases = guarded.map((one) => ({ name: one.coordinate, one }))

describe('what asks something of its caller', () => {
  it('every root field and every list declares what it asks', () => {
    const lists = readFields.filter(({ field }) => isConnection(field.type)).map(({ field }) => field)
    const open = [...rootFields('query'), ...rootFields('mutation'), ...lists].filter((field) => !declaredBy(field))
    expect(open.map(({ name }) => name)).toEqual([])
    expect(guarded.length).toBeGreaterThan(60)
  })

  it('a field that a caller may see without its own scope can be null, so that a refusal takes nothing else with it', () => {
    const broken = guarded.filter(
      ({ type, field, declared }) => !isRoot(type) && 'signedIn' in declared === false && isNonNullType(field.type),
    )
    expect(broken.map(({ coordinate }) => coordinate)).toEqual([])
  })
})

describe('the resolver refuses before it does anything', () => {
  it.each(cases)('$name', ({ one: { field, declared } }) => {
    const asked = (viewer: Viewer) => {
      try {
        // Nothing behind the requirement can work with this source and context.
        const begun = field.resolve?.({}, {}, { viewer } as never, {} as never)
        if (begun instanceof Promise) begun.catch(() => undefined)
      } catch (error) {
        return (error as { extensions?: Record<string, unknown> }).extensions
      }
      return undefined
    }
    expect(asked(anonymous)).toMatchObject({ code: 'UNAUTHENTICATED' })
    for (const { scopes, missing } of fallingShort(declared)) {
      expect(asked(viewerWith(scopes))).toEqual({ code: 'FORBIDDEN', missingScopes: missing })
    }
    for (const scopes of [...enough(declared), ...(JSON.stringify(declared).includes('CONNECTOR') ? [] : [['ADMIN'] as Scope[]])]) {
      expect(asked(viewerWith(scopes))?.missingScopes ?? []).toEqual([])
    }
  })

  it('CONNECTOR is held by who was given it, and by no administrator', () => {
    expect(platformAdministrator.scopes).toEqual(Object.values(Scope).filter((scope) => scope !== 'CONNECTOR'))
  })
})

describe('through the server', () => {
  it.each(cases)('$name', async ({ one }) => {
    const refusedAs = (answer: Answer) =>
      answer.errors?.map(({ path, extensions: { code, missingScopes } }) => ({ path: path?.at(-1), code, missingScopes }))
    const anonymously = await ask(null, one)
    expect(refusedAs(anonymously)).toContainEqual(expect.objectContaining({ code: 'UNAUTHENTICATED' }))
    expect(anonymously.status).toBe(401)
    const scopesOfKeys = neededByKeys[one.coordinate]
    const needed = scopesOfKeys ? { allOf: scopesOfKeys } : one.declared
    for (const { scopes, missing } of fallingShort(needed)) {
      const answer = await ask(await keyWith(scopes), one)
      // Where the way to the field asks for the same, it ends there already.
      if (!isRoot(one.type) && answer.data.node === null) {
        expect(refusedAs(answer)).toEqual([expect.objectContaining({ path: 'node', code: 'FORBIDDEN' })])
        continue
      }
      expect(refusedAs(answer)).toEqual([{ path: 'asked', code: 'FORBIDDEN', missingScopes: missing }])
      if (isRoot(one.type) && isNonNullType(one.field.type)) continue
      expect(JSON.stringify(answer.data)).toContain('"asked":null')
      expect(JSON.stringify(answer.data)).toContain(isRoot(one.type) ? '"__typename":"Query"' : '"beside"')
    }
    if (!isRoot(one.type)) return
    for (const scopes of enough(needed)) {
      const answer = await ask(await keyWith(scopes), one)
      const only = answer.errors?.[0]?.message
      if (only !== 'Only the platform administrator may do this.') expect(answer.errors).toBeUndefined()
    }
  })

  it('what a mutation answers with is guarded as anything else', async () => {
    const writer = await keyWith(['COMPONENTS_WRITE'])
    const { data, errors } = await app.send(
      writer,
      `mutation ($input: StageComponentInput!) { stageComponent(input: $input) {
        errors { message } component { id state setup { roleName } lastVerification { id } verifications { totalCount } organization { slug apiKeys { totalCount } } } } }`,
      { input: { organizationId: own.id, kind: 'INVENTORY', itemId: own.accountId } },
    )
    expect(data.stageComponent).toMatchObject({
      errors: [],
      component: {
        state: 'STAGE',
        setup: null,
        lastVerification: null,
        verifications: null,
        organization: { slug: own.slug, apiKeys: null },
      },
    })
    const at = (field: string, scope: string) => ({ path: ['stageComponent', 'component', ...field.split('.')], missingScopes: [scope] })
    expect(errors?.map(({ path, extensions }) => ({ path, missingScopes: extensions.missingScopes }))).toEqual(
      expect.arrayContaining([
        at('setup', 'COMPONENTS_READ'),
        at('lastVerification', 'COMPONENTS_READ'),
        at('verifications', 'COMPONENTS_READ'),
        at('organization.apiKeys', 'API_KEYS_READ'),
      ]),
    )
    expect(errors).toHaveLength(4)
  })

  it('each id of nodes and each reference of a router is guarded by the scope of its own type', async () => {
    const key = await keyWith(['INTEGRATIONS_READ'])
    const ids = ['Integration', 'Component', 'ApiKey', 'AuditEvent', 'AwsAccount', 'Organization'].map(own.idOf)
    const nodes = await app.send(key, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })
    const references = await app.send(key, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Integration { id } } }', {
      r: [...ids.map((id) => ({ __typename: 'Integration', id })), { __typename: 'Organization', slug: own.slug }],
    })
    expect(nodes.data.nodes).toEqual([{ id: ids[0] }, null, null, null, null, null])
    expect(references.data._entities).toEqual([{ id: ids[0] }, null, null, null, null, null, null])
    const scopes = ['COMPONENTS_READ', 'API_KEYS_READ', 'AUDIT_READ', 'AWS_READ', 'ORGANIZATIONS_READ']
    const refused = (answer: Answer) => answer.errors?.map(({ path, extensions }) => [path?.[1], extensions.missingScopes])
    expect(refused(nodes)).toEqual(scopes.map((scope, i) => [i + 1, [scope]]))
    expect(refused(references)).toEqual([...scopes.map((scope, i) => [i + 1, [scope]]), [6, ['ORGANIZATIONS_READ']]])
  })
})

const viewerWith = (scopes: Scope[]): Viewer => ({
  kind: 'API_KEY',
  subject: 'key',
  label: 'key',
  scopes,
  organizationIds: [],
  apiKeyId: 'key',
  verifiedEmail: null,
})

const keys = new Map<string, Promise<string>>()
const keyWith = (scopes: Scope[]): Promise<string> => {
  const name = scopes.join()
  const key = keys.get(name) ?? createKey(scopes)
  keys.set(name, key)
  return key
}

async function createKey(scopes: Scope[]): Promise<string> {
  // Nobody is given that one: it comes with a connector.
  if (scopes.includes('CONNECTOR')) return own.connectorKey
  const { createApiKey } = await own.ask(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret errors { message } } }',
    { input: { organizationId: own.id, name: 'walk', scopes } },
  )
  return createApiKey.secret
}

/** Things that are nowhere: a mutation that gets as far as looking for them changes nothing. */
const nothing: Things = {
  slug: 'nothing-of-that-name',
  accountId: '999900001111',
  functionArn: 'arn:aws:lambda:us-east-1:999900001111:function:none',
  idOf: (typeName) => newId((Object.entries(idPrefixes).find(([, type]) => type === typeName)?.[0] ?? 'org') as keyof typeof idPrefixes),
}

/** Selects the field as `asked`, with something beside it that asks for less. */
function ask(key: string | null, { type, field }: Guarded): Promise<Answer> {
  const args = argumentsOf(type.name, field, nothing)
  const names = Object.keys(args)
  const declared = names.map((name) => `$${name}: ${String(field.args.find((arg) => arg.name === name)?.type)}`).join(', ')
  const passed = names.length > 0 ? `(${names.map((name) => `${name}: $${name}`).join(', ')})` : ''
  const selections = new Selections()
  const asked = `asked: ${field.name}${passed} ${selections.of(field.type, 0)}`
  if (type.name === 'Mutation') {
    return app.send(key, `mutation${declared ? ` (${declared})` : ''} { ${asked} } ${selections.fragments}`, args)
  }
  const way = isRoot(type) ? { from: null, steps: [] } : reach(type.name)
  const beside = isRoot(type) ? '__typename' : 'beside: __typename'
  const query = `${queryAlong(way, `${asked} ${beside}`, declared)} ${selections.fragments}`
  return app.send(key, query, { ...args, ...(way.from ? { from: own.idOf(way.from) } : {}) })
}
