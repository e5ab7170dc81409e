import { type GraphQLObjectType, isInterfaceType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { argumentsOf, idNoun } from '../graph/fillers.ts'
import { nodeTypes, schema } from '../graph/schema-walk.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import {
  askAll,
  type FieldAnswer,
  isMutation,
  pairs,
  refusalsIn,
  saysAbsent,
  shapeOf,
  type Target,
  targets,
  textsOf,
  withoutArguments,
  withoutNovelties,
} from './calls.ts'
import { type Everything, makeEverything, missingTypes, sharedTypes } from './everything.ts'
import { digest, naturalKeys, texts } from './rows.ts'

/** Names that are unique over the whole installation: whether one is taken is told to whoever wants it, and nothing more. */
const sharedNames = ['UpdateOrganizationInput.slug']

let app: TestApp
let own: Everything
/** Makes things; what it has grows. */
let maker: Everything
let other: Everything
/** What only `other` has. */
let foreignTexts: string[]
let foreignNames: string[]

beforeAll(async () => {
  app = await startTestApp({
    worker: true,
    quotas: { runningOperations: 100_000, apiKeys: 100_000, ssoConnectors: 100_000, connectors: 100_000, integrations: 100_000 },
  })
  own = await makeEverything(app, 'walnut', '111122223333')
  maker = await makeEverything(app, 'chestnut', '777788889999')
  other = await makeEverything(app, 'magnolia', '444455556666')
  const { pool } = app.booted.services.db
  const ownTexts = await texts(pool, own.id)
  const secret = other.key.slice(-64)
  foreignTexts = [...(await texts(pool, other.id)), other.key, secret].filter((text) => !ownTexts.has(text))
  const ownNames = await naturalKeys(pool, own.id)
  foreignNames = (await naturalKeys(pool, other.id)).filter((name) => !ownNames.includes(name))
})
afterAll(() => app?.close())

describe('what the walk stands on', () => {
  it('both organizations have one of everything', async () => {
    expect({ own: missingTypes(own), other: missingTypes(other) }).toEqual({ own: [], other: [] })
    const empty = Object.entries(await digest(app.booted.services.db.pool, other.id)).filter(([, hash]) => hash === 'no row')
    expect(empty, 'tables without a row: make one in test/tenancy/everything.ts').toEqual([])
    expect(foreignNames).toEqual(expect.arrayContaining([other.slug, other.accountId, other.functionArn]))
    expect(foreignTexts).toEqual(expect.arrayContaining([other.id, other.slug, other.key, `Company ${other.tag}`, `alias-${other.tag}`]))
  })
})

const places = targets().map((target) => ({ name: target.name, target }))

describe("another organization's ids and names get the answer of what does not exist, and touch nothing", () => {
  it.each(places.filter(({ target }) => !makesThings(target)))('$name', async ({ target }) => {
    const asked = await askBoth(own, target)
    for (const { foreign, missing } of asked) {
      const seen = (answer: FieldAnswer) => (isMutation(target) ? withoutNovelties(withoutArguments(answer)) : withoutArguments(answer))
      expect(seen(foreign)).toEqual(seen(missing))
    }
    expect(whatKeptItFromTheId(target, asked)).toEqual([])
  })

  it("the caller's own ids are found, so that the walk can fail", async () => {
    const reads = targets().filter(({ typeName, position }) => typeName === 'Query' && position !== 'all' && position.type.name === 'ID')
    for (const target of reads) {
      if (target.position === 'all') continue
      const noun = idNoun(target.position.coordinate, target.position.path.at(-1) ?? '', target.field)
      const id = own.idOf(noun)
      const given = argumentsOf(target.typeName, target.field, own, target.position, target.position.isList ? [id] : id)
      const [answer] = await askAll(app, own, target, [given], 2)
      expect(JSON.stringify(answer?.data), target.name).toContain(id)
    }
    expect(reads.length).toBeGreaterThan(5)
  })
})

describe('what another organization is called by is free to be used, and touches nothing of it', () => {
  // Updates first: what is made by a name takes it, and an update to that name would be refused for it.
  const isUpdate = ({ target }: (typeof places)[number]) => target.field.name.startsWith('update')
  const making = places.filter(({ target }) => makesThings(target)).toSorted((a, b) => Number(isUpdate(b)) - Number(isUpdate(a)))
  it.each(making)('$name', async ({ target }) => {
    for (const { foreign, missing } of await askBoth(maker, target, 1)) {
      if (!isShared(target)) expect(shapeOf(foreign)).toEqual(shapeOf(missing))
    }
  })
})

describe("references of a router to another organization's entities are null", () => {
  const ownedTypes = nodeTypes.filter(({ name }) => !sharedTypes.includes(name))
  const keyed = [...ownedTypes, ...Object.values(schema.getTypeMap()).filter(isInterfaceType)].flatMap((type) =>
    (type.astNode?.directives ?? [])
      .filter(({ name }) => name.value === 'key')
      .map((key) => {
        const fields = key.arguments?.find(({ name }) => name.value === 'fields')?.value
        return { typeName: type.name, key: fields?.kind === 'StringValue' ? fields.value : '' }
      }),
  )

  it.each(keyed)('$typeName by $key', async ({ typeName, key }) => {
    const [mine, theirs] = [await representation(own, typeName, key), await representation(other, typeName, key)]
    const mixed = [mix(mine, theirs), mix(theirs, mine)]
    const { data, errors } = await entities([theirs, ...mixed.filter((r) => JSON.stringify(r) !== JSON.stringify(mine)), mine])
    expect(errors).toBeUndefined()
    expect(data._entities.at(-1)).not.toBeNull()
    expect(data._entities.slice(0, -1).filter(Boolean)).toEqual([])
  })

  it('every type that is a Node has a key', () => {
    expect(ownedTypes.map(({ name }) => name).filter((name) => !keyed.some(({ typeName }) => typeName === name))).toEqual([])
  })

  type Representation = Record<string, unknown>
  const entities = (representations: Representation[]) =>
    app.send(own.key, 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', { r: representations })

  async function representation({ ask, idOf }: Everything, typeName: string, key: string): Promise<Representation> {
    const { node } = await ask(`query ($id: ID!) { node(id: $id) { ... on ${typeName} { ${key} } } }`, { id: idOf(typeName) })
    return { __typename: typeName, ...node }
  }

  /** One key's first field with the rest of the other's. */
  const mix = (first: Representation, second: Representation): Representation => {
    const [name] = Object.keys(first).filter((field) => field !== '__typename')
    return name ? { ...second, [name]: first[name] } : second
  }
})

interface Asked {
  foreign: FieldAnswer
  missing: FieldAnswer
}

/** Calls the field with what is the other organization's and with what is nowhere. Neither tells anything of it, nor changes it. */
async function askBoth(caller: Everything, target: Target, depth = isMutation(target) ? 2 : 3): Promise<Asked[]> {
  const { pool } = app.booted.services.db
  const before = await digest(pool, other.id)
  const calls = pairs(target, caller, other, valuesFor(target))
  const given = calls.flatMap(({ foreign, missing }) => [foreign, missing])
  const answers = await askAll(app, caller, target, given, depth)
  expect(await digest(pool, other.id)).toEqual(before)
  return calls.map((_, i) => {
    const asked = { foreign: answers[2 * i] as FieldAnswer, missing: answers[2 * i + 1] as FieldAnswer }
    expect(foreignTextsIn(asked.foreign)).toEqual([])
    expect(asked.foreign.errors.map(({ code }) => code)).not.toContain('INTERNAL_SERVER_ERROR')
    return asked
  })
}

/** Ids where an id is asked for, names where a text is. To read, ids of every kind; to change, those that the mutation takes, and one more. */
function valuesFor(target: Target): string[] {
  const { position, field } = target
  if (position === 'all') return []
  if (position.type.name !== 'ID') return foreignNames
  const noun = idNoun(position.coordinate, position.path.at(-1) ?? '', field)
  const fits = (type: GraphQLObjectType) => [type, ...type.getInterfaces()].some(({ name }) => name === noun || name === 'Organization')
  const foreign = nodeTypes.filter(({ name }) => !sharedTypes.includes(name))
  return foreign.filter((type) => !isMutation(target) || fits(type)).map(({ name }) => other.idOf(name))
}

function foreignTextsIn({ given, ...answer }: FieldAnswer): string[] {
  const said = textsOf(given).reduce((left, text) => left.replaceAll(text, ''), JSON.stringify(answer))
  return foreignTexts.filter((text) => said.includes(text) && !textsOf(given).some((known) => known.includes(text)))
}

const isShared = ({ position }: Target) => position !== 'all' && sharedNames.includes(position.coordinate)

/** A mutation that is given a text takes it for the name of something new. */
const makesThings = (target: Target) => isMutation(target) && target.position !== 'all' && target.position.type.name !== 'ID'

/**
 * A mutation that is refused for something else never looks at the id, and the walk would prove nothing: at least one of the ids it is
 * given must be answered with NotFoundError or "already absent". Whatever else it said is returned.
 */
function whatKeptItFromTheId(target: Target, asked: Asked[]): string[] {
  const { position, name } = target
  if (!isMutation(target) || position === 'all' || position.type.name !== 'ID') return []
  const isAbout = ({ data }: FieldAnswer) => saysAbsent(data) || refusalsIn(data).some((refusal) => refusal.__typename === 'NotFoundError')
  if (asked.some(({ foreign }) => isAbout(foreign))) return []
  const answer = JSON.stringify(asked[0]?.foreign)
  return [`${name} was refused for something else; say what its other arguments need in test/graph/fillers.ts: ${answer}`]
}
