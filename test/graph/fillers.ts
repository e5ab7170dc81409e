import { randomBytes } from 'node:crypto'
import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLNamedInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql'
import { type Field, isConnection, nodeTypes, schema } from './schema-walk.ts'

/** What values are taken from: the things of one organization. */
export interface Things {
  slug: string
  accountId: string
  functionArn: string
  /** The id of something of that type (`Organization`, `Component` …). */
  idOf(typeName: string): string
}

/** A leaf somewhere in the arguments of a field. */
export interface Position {
  /** `Type.field.argument` or `Input.field`: says where in the schema it stands. */
  coordinate: string
  path: string[]
  type: GraphQLNamedInputType
  isList: boolean
}

type Input = GraphQLArgument | GraphQLInputField

/** Values by scalar, for arguments whose names tell nothing. */
const ofScalar: Record<string, (things: Things) => unknown> = {
  Boolean: () => false,
  Int: () => 1,
  Float: () => 1,
  DateTime: () => '2100-01-01T00:00:00.000Z',
  JSONObject: () => ({}),
  AwsAccountId: ({ accountId }) => accountId,
  Arn: ({ accountId }) => `arn:aws:access-analyzer:us-east-1:${accountId}:analyzer/example`,
  EmailAddress: ({ slug }) => `someone@${slug}.example`,
  DomainName: ({ slug }) => `${slug}.example`,
}

/** Strings by the name of their argument or input field. */
const ofName: Record<string, (things: Things) => string> = {
  slug: ({ slug }) => slug,
  confirmSlug: ({ slug }) => slug,
  itemId: ({ accountId }) => accountId,
  itemIds: ({ accountId }) => accountId,
  appId: () => '0oabcdef',
  type: () => 'custom',
}

/** A name that nothing has yet. */
const newName = () => `example ${randomBytes(5).toString('hex')}`

/** Strings whose name alone tells too little. */
const ofCoordinate: Record<string, (things: Things) => string> = {
  'ResourceScopeInput.key': ({ idOf }) => `organization.${idOf('Organization')}`,
  'ResourceObjectInput.key': () => '*',
  'CreateResourceGroupInput.name': newName,
  'CreateUserGroupInput.name': newName,
  'CreateIntegrationInput.name': newName,
  'RegisterConnectorInput.name': newName,
  'AccessQuestion.permission': () => 'awsRole:assume',
  'AccessQuestion.resourceKey': () => '*',
}

/** Where the first value of an enum is refused. */
const ofEnum: Record<string, string> = { ComponentKind: 'INVENTORY', Scope: 'COMPONENTS_READ' }

/** What ids are of whose argument and field do not say it by their names. */
const nounOf: Record<string, string> = {
  'RotateConnectorSecretInput.id': 'Connector',
  'IntegrationOwnerInput.sourceIntegrationId': 'Integration',
  'PolicyInput.id': 'Policy',
  'OwnersMappingInput.sourceIntegrationId': 'Integration',
}

/** Valid arguments: what is required, whatever leads to `chosen`, and there `value`; `wait`, so that the answer tells how it ended. */
export function argumentsOf(
  typeName: string,
  field: Field,
  things: Things,
  chosen: Pick<Position, 'path'> | 'all' | null = null,
  value?: unknown,
): Record<string, unknown> {
  const build = (input: Input, path: string[], coordinate: string): unknown =>
    chosen !== 'all' && chosen !== null && path.join() === chosen.path.join() ? value : ofType(input.type, path, coordinate)
  const isOnTheWay = (path: string[]) => chosen !== 'all' && chosen !== null && path.every((name, i) => chosen.path[i] === name)
  const isWanted = (input: Input, path: string[]) =>
    isOnTheWay(path) || input.name === 'wait' || (chosen === 'all' && isText(getNamedType(input.type)))

  const ofType = (type: GraphQLInputType, path: string[], coordinate: string): unknown => {
    if (isNonNullType(type)) return ofType(type.ofType, path, coordinate)
    if (isListType(type)) return [ofType(type.ofType, path, coordinate)]
    if (!isInputObjectType(type)) return leaf(type, coordinate, field, things)
    const fields = Object.values(type.getFields())
    const taken = type.isOneOf
      ? [fields.find(({ name }) => isOnTheWay([...path, name])) ?? fields[0]].filter((found) => found !== undefined)
      : fields.filter((input) => isRequiredInputField(input) || isWanted(input, [...path, input.name]))
    return Object.fromEntries(taken.map((input) => [input.name, build(input, [...path, input.name], `${type.name}.${input.name}`)]))
  }
  return Object.fromEntries(
    field.args
      .filter((input) => isRequiredArgument(input) || isWanted(input, [input.name]))
      .map((input) => [input.name, build(input, [input.name], `${typeName}.${field.name}.${input.name}`)]),
  )
}

/** Every leaf of a field's arguments that can name something: ids, and texts of any kind. Cursors are no names. */
export function positionsOf(typeName: string, field: Field): Position[] {
  const found: Position[] = []
  const walk = (input: Input, path: string[], coordinate: string, above: string[]) => {
    const type = getNamedType(input.type) as GraphQLNamedInputType
    if (isInputObjectType(type)) {
      if (above.includes(type.name)) return
      for (const inner of Object.values(type.getFields())) {
        walk(inner, [...path, inner.name], `${type.name}.${inner.name}`, [...above, type.name])
      }
    } else if (isText(type)) {
      const list = isNonNullType(input.type) ? input.type.ofType : input.type
      found.push({ coordinate, path, type, isList: isListType(list) })
    }
  }
  for (const arg of field.args) {
    if (isConnection(field.type) && ['after', 'before'].includes(arg.name)) continue
    walk(arg, [arg.name], `${typeName}.${field.name}.${arg.name}`, [])
  }
  return found
}

const isText = (type: GraphQLNamedInputType) =>
  !isEnumType(type) && !isInputObjectType(type) && !['Boolean', 'Int', 'Float', 'DateTime', 'JSONObject'].includes(type.name)

function leaf(type: GraphQLNamedInputType, coordinate: string, field: Field, things: Things): unknown {
  if (isEnumType(type)) return ofEnum[type.name] ?? type.getValues()[0]?.name
  const name = coordinate.split('.').at(-1) ?? ''
  if (type.name === 'ID') return things.idOf(idNoun(coordinate, name, field))
  if (name === 'wait') return true
  if (type.name === 'String') return (ofCoordinate[coordinate] ?? ofName[name])?.(things) ?? 'example'
  const make = ofScalar[type.name]
  if (!make)
    throw new Error(`Nothing says what a ${type.name} looks like (for ${coordinate}): add it to ofScalar in test/graph/fillers.ts.`)
  return make(things)
}

/** The type that an id is of, read from names: `organizationId`, the id of `verifyComponent`, the id of a field that answers an Integration. */
export function idNoun(coordinate: string, name: string, field: Field): string {
  const known = nounOf[coordinate]
  if (known) return known
  const named = capitalised(name.replace(/Ids?$/, ''))
  if (/Ids?$/.test(name) && schema.getType(named)) return named
  const types = [...nodeTypes.map((type) => type.name), 'Component']
  const answered = getNamedType(field.type).name
  if (types.includes(answered)) return answered
  const text = field.name.toLowerCase()
  const places = types.map((type) => ({ type, at: text.indexOf(type.toLowerCase()) })).filter(({ at }) => at >= 0)
  const [first] = places.sort((a, b) => a.at - b.at || b.type.length - a.type.length)
  if (first) return first.type
  const lastWord = /[A-Z][a-z]+?(?=s?$)/.exec(field.name)?.[0]
  return types.find((type) => lastWord && type.endsWith(lastWord)) ?? 'Organization'
}

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
