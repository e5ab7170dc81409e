import { type GraphQLFieldResolver, isScalarType } from 'graphql'
import { getMetadataStorage } from 'type-graphql'

type Resolver = GraphQLFieldResolver<unknown, never>
type Method = (...params: unknown[]) => unknown

/**
 * The method behind a field, called as it is. type-graphql's own way into it sorts and copies the parameters and waits for two promises a
 * call, which a page with a list in each of its rows pays for every row. `resolve`, which is that way, stays where a parameter is more than
 * the source, the context, the info or plain arguments, where something is to run before the method, and for calls with an input object.
 */
export function directResolver(typeName: string, fieldName: string, resolve: Resolver): Resolver {
  const metadata = metadataOf(typeName, fieldName)
  const params = [...(metadata?.params ?? [])].sort((a, b) => a.index - b.index)
  if (!metadata || !params.every(isPlain)) return resolve
  const resolver = new (metadata.target as new () => Record<string, Method>)()
  const method = resolver[metadata.methodName]
  if (!method) return resolve
  const picks = params.map(pickerOf)
  const inputs = params.flatMap((param) => (param.kind === 'arg' && !isScalar(param.getType()) ? [param.name] : []))
  return (source, args, context, info) => {
    if (inputs.some((name) => args[name] !== undefined)) return resolve(source, args, context, info)
    return method.apply(
      resolver,
      picks.map((pick) => pick(source, args, context, info)),
    )
  }
}

type Picker = (...given: Parameters<Resolver>) => unknown

function pickerOf(param: Param): Picker {
  switch (param.kind) {
    case 'root':
      return (source) => source
    case 'args':
      return (_source, args) => args
    case 'arg':
      return (_source, args) => args[param.name]
    case 'context':
      return (_source, _args, context) => context
    default:
      return (_source, _args, _context, info) => info
  }
}

function metadataOf(typeName: string, fieldName: string) {
  const { queries, fieldResolvers, objectTypes } = getMetadataStorage()
  const type = objectTypes.find(({ name }) => name === typeName)
  const [metadata, ...others] =
    typeName === 'Query'
      ? queries.filter(({ schemaName }) => schemaName === fieldName)
      : fieldResolvers.filter(
          ({ kind, schemaName, getObjectType }) =>
            kind === 'external' && schemaName === fieldName && type && getObjectType?.() === type.target,
        )
  return others.length === 0 && !metadata?.middlewares?.length && !metadata?.roles?.length ? metadata : undefined
}

type Param = NonNullable<ReturnType<typeof getMetadataStorage>['fieldResolvers'][number]['params']>[number]

function isPlain(param: Param, position: number): boolean {
  if (param.index !== position) return false
  switch (param.kind) {
    case 'info':
    case 'arg':
      return true
    case 'context':
      return !param.propertyName
    case 'root':
      return !param.propertyName && !param.getType
    case 'args': {
      const { fields = [] } = getMetadataStorage().argumentTypes.find(({ target }) => target === param.getType()) ?? {}
      return fields.length > 0 && fields.every((field) => isScalar(field.getType()))
    }
    default:
      return false
  }
}

const isScalar = (type: unknown) => type === String || type === Boolean || type === Number || isScalarType(type)
