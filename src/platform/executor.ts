import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  getVariableValues,
  isAbstractType,
  isEnumType,
  isIntrospectionType,
  isLeafType,
  isListType,
  isObjectType,
  isSpecifiedScalarType,
  Kind,
  type OperationDefinitionNode,
  valueFromASTUntyped,
} from 'graphql'
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit'
import { LRUCache } from 'lru-cache'
import { compiledSize } from './compiled-size.ts'

/** Compiled queries kept, and fields in all of them together: a field holds 1.5 kB, so that clients with ever new documents cannot fill the memory. */
const maxCompiled = 500
const maxCompiledFields = 50_000
/** The largest operation that is compiled, five times what a front end asks for: 0.1 s of work. Larger ones are interpreted. */
const maxSize = 1_500

export interface ExecutionRequest {
  document: DocumentNode
  operationName: string | null | undefined
  variables: Record<string, unknown> | null | undefined
  context: unknown
  /** The same for equal documents. */
  documentHash: string
}

export type Compile = (...given: Parameters<typeof compileQuery>) => CompiledQuery | ExecutionResult

export type Execute = (request: ExecutionRequest) => Promise<ExecutionResult>

/**
 * Queries run compiled (graphql-jit), everything else on graphql-js: the compiler neither enforces @oneOf in variables nor keeps
 * null apart as strictly, which only inputs of mutations need. Variables are always accepted by graphql-js first.
 */
export function createExecutor(schema: GraphQLSchema, { compile = compileQuery as Compile } = {}): Execute {
  keepTypesFromThrowing(schema)
  // The compiler looks at each value with a list of what to say if it is wrong, made for each value.
  const disableLeafSerialization = checkResolvedLeaves(schema)
  const compiled = new LRUCache<string, Compiled>({ max: maxCompiled, maxSize: maxCompiledFields })
  return async ({ document, operationName, variables, context, documentHash }) => {
    const operation = getOperationAST(document, operationName)
    const args: ExecutionArgs = { schema, document, operationName, variableValues: variables ?? {}, contextValue: context }
    if (operation?.operation === 'subscription') return { errors: [notHere()] }
    if (operation?.operation !== 'query') return execute(args)
    const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {}, { maxErrors: 50 })
    if (coerced.errors) return { errors: coerced.errors }
    const key = `${documentHash} ${operation.name?.value ?? ''}`
    let query = compiled.get(key)
    if (!query) {
      const size = compiledSize(schema, document, operation, maxSize)
      if (size > maxSize) return execute(args)
      const made = compile(schema, document, operation.name?.value, { disableLeafSerialization })
      if (!isCompiledQuery(made)) return execute(args)
      query = { run: made.query, defaults: requiredDefaults(operation) }
      compiled.set(key, query, { size: Math.ceil(size) + 1 })
    }
    const result = await query.run({}, context, { ...query.defaults, ...variables })
    return result.errors ? { ...result, errors: result.errors.map(complete) } : result
  }
}

interface Compiled {
  run: CompiledQuery['query']
  defaults: Record<string, unknown>
}

/** Defaults of variables that cannot be null: the compiler takes such a variable for missing where it is left out. */
function requiredDefaults({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, unknown> {
  const defaults = variableDefinitions.flatMap(({ type, variable, defaultValue }) =>
    type.kind === Kind.NON_NULL_TYPE && defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [],
  )
  return Object.fromEntries(defaults)
}

/**
 * The compiler's errors as graphql-js makes them: with `extensions`, which every reader counts on, and with an original error where
 * something broke, which tells a fault from a refusal.
 */
function complete(error: GraphQLError): GraphQLError {
  const { message, path, locations, originalError } = error
  const whole = new GraphQLError(message, { path, originalError: originalError ?? new Error(message) })
  return Object.assign(whole, { locations })
}

/**
 * An error thrown while the type of a value is told would leave a compiled query without an answer, and end the process as an unhandled
 * rejection. Its text as the name of a type that there is not makes it a fault like any other.
 */
function keepTypesFromThrowing(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isAbstractType(type) || !type.resolveType) continue
    const { resolveType } = type
    type.resolveType = (...value) => {
      try {
        return resolveType(...value)
      } catch (error) {
        return String(error)
      }
    }
  }
}

/**
 * Lets what resolvers return for a scalar or an enum through only as that type writes it, so that queries need not look once more. What
 * has no resolver is a column or a property, of the type that the database and the compiler gave it. False, and nothing done, for a
 * schema with an enum that writes its values in other words.
 */
function checkResolvedLeaves(schema: GraphQLSchema): boolean {
  const types = Object.values(schema.getTypeMap())
  if (types.some((type) => isEnumType(type) && type.getValues().some(({ name, value }) => name !== value))) return false
  for (const type of types.filter(isObjectType)) {
    // Those of introspection belong to graphql-js.
    if (isIntrospectionType(type)) continue
    for (const field of Object.values(type.getFields())) {
      const { resolve, type: fieldType } = field
      if (!resolve || !isUncheckedLeaf(getNamedType(fieldType))) continue
      field.resolve = (...given) => {
        const value: unknown = resolve(...given)
        return isPromise(value) ? value.then((settled) => written(fieldType, settled)) : written(fieldType, value)
      }
    }
  }
  return true
}

const isUncheckedLeaf = (type: GraphQLNamedType) => isEnumType(type) || isSpecifiedScalarType(type)
const isPromise = (value: unknown): value is Promise<unknown> => typeof (value as Promise<unknown> | null)?.then === 'function'

/** As the type writes it; an error in the place of what it cannot write, which both executors take for one. */
function written(type: GraphQLOutputType, value: unknown): unknown {
  const bare = getNullableType(type)
  if (value === null || value === undefined || value instanceof Error) return value
  if (isListType(bare)) return Array.isArray(value) ? value.map((item) => written(bare.ofType, item)) : value
  if (!isLeafType(bare) || isPromise(value)) return value
  try {
    return bare.serialize(value)
  } catch (error) {
    return error
  }
}

const notHere = () =>
  new GraphQLError('Subscribe over a WebSocket (graphql-transport-ws) or with "Accept: text/event-stream" on this path.', {
    extensions: { code: 'BAD_USER_INPUT' },
  })
