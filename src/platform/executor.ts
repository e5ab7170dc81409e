import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
} from 'graphql'
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit'
import { LRUCache } from 'lru-cache'

/** Compiled queries kept. Each holds some tens of kilobytes, so that clients with ever new documents cannot fill the memory. */
const maxCompiled = 500

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
  const compiled = new LRUCache<string, CompiledQuery>({ max: maxCompiled })
  return async ({ document, operationName, variables, context, documentHash }) => {
    const operation = getOperationAST(document, operationName)
    const args: ExecutionArgs = { schema, document, operationName, variableValues: variables ?? {}, contextValue: context }
    if (operation?.operation !== 'query') return execute(args)
    const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {}, { maxErrors: 50 })
    if (coerced.errors) return { errors: coerced.errors }
    const key = `${documentHash} ${operation.name?.value ?? ''}`
    let query = compiled.get(key)
    if (!query) {
      const made = compileQuery(schema, document, operation.name?.value)
      if (!isCompiledQuery(made)) return execute(args)
      query = made as CompiledQuery
      compiled.set(key, query)
    }
    return query.query({}, context, variables ?? {})
  }
}
