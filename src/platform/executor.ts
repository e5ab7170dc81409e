import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
} from 'graphql'
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit'
import { LRUCache } from 'lru-cache'
import { generatedFields } from './compiled-size.ts'

/** Compiled queries kept, and fields in all of them together: a field holds 1.5 kB, so that clients with ever new documents cannot fill the memory. */
const maxCompiled = 500
const maxCompiledFields = 50_000
/** Fields of the largest operation that is compiled, ten times what a front end asks for: 0.1 s of work. Larger ones are interpreted. */
const maxFields = 2_000

export interface ExecutionRequest {
  document: DocumentNode
  operationName: string | null | undefined
  variables: Record<string, unknown> | null | undefined
  context: unknown
  /** The same for equal documents. */
  documentHash: string
}

/**
 * Queries run compiled (graphql-jit), everything else on graphql-js: the compiler neither enforces @oneOf in variables nor keeps
 * null apart as strictly, which only inputs of mutations need. Variables are always accepted by graphql-js first.
 */
export function createExecutor(schema: GraphQLSchema): (request: ExecutionRequest) => Promise<ExecutionResult> {
  const compiled = new LRUCache<string, CompiledQuery>({ max: maxCompiled, maxSize: maxCompiledFields })
  return async ({ document, operationName, variables, context, documentHash }) => {
    const operation = getOperationAST(document, operationName)
    const args: ExecutionArgs = { schema, document, operationName, variableValues: variables ?? {}, contextValue: context }
    if (operation?.operation !== 'query') return execute(args)
    const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {}, { maxErrors: 50 })
    if (coerced.errors) return { errors: coerced.errors }
    const key = `${documentHash} ${operation.name?.value ?? ''}`
    let query = compiled.get(key)
    if (!query) {
      const size = generatedFields(schema, document, operation, maxFields)
      if (size > maxFields) return execute(args)
      const made = compileQuery(schema, document, operation.name?.value)
      if (!isCompiledQuery(made)) return execute(args)
      query = made as CompiledQuery
      compiled.set(key, query, { size: size + 1 })
    }
    const result = await query.query({}, context, variables ?? {})
    return result.errors ? { ...result, errors: result.errors.map(complete) } : result
  }
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
