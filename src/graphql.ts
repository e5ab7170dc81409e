import { ApolloServer, type ApolloServerPlugin } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled'
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache'
import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql'
import type { Context } from './context.ts'
import type { KnownOperations } from './known-operations.ts'
import { isUnavailable } from './platform/database/unavailable.ts'
import { isUnstorableText } from './platform/errors.ts'
import type { Execute } from './platform/executor.ts'
import type { Log } from './platform/log.ts'
import { gatehouseSchema } from './schema.ts'

/** Of a document; what the longest operations of a front end have is a tenth of it. */
export const parseLimits = { maxTokens: 15_000, maxComments: 1_000 }

/** Documents kept parsed, counted as JSON; as trees they take several times that. Some thousand of what a front end asks for. */
const documentStoreBytes = 8 * 1024 * 1024

export interface GraphqlServerOptions {
  execute: Execute
  /** Learns what passed. */
  known: KnownOperations
  log: Log
  plugins: ApolloServerPlugin<OperationContext>[]
}

/** The context of one operation. */
export interface OperationContext extends Context {
  /** What the operation came to before Apollo Server saw it: to be told, not run once more. */
  ran?: Promise<ExecutionResult>
}

/**
 * Apollo Server parses, validates and keeps documents; execution is ours, by the hook that gateways use. What wraps every resolver
 * (cache control, inline traces) is off.
 */
export function createGraphqlServer({ execute, known, log, plugins }: GraphqlServerOptions): ApolloServer<OperationContext> {
  const { schema } = gatehouseSchema()
  return new ApolloServer<OperationContext>({
    gateway: {
      onSchemaLoadOrUpdate(callback) {
        callback({ apiSchema: schema, coreSupergraphSdl: '' })
        return () => undefined
      },
      load: async () => ({
        // The name that was asked for: its own is that of the operation found, so that of a name without one the only operation would run.
        executor: async ({ document, source, request: { operationName, variables }, context, queryHash: documentHash }) => {
          if (context.viewer.kind !== 'ANONYMOUS') known.learn(source, { document, documentHash })
          return (await (context.ran ?? execute({ document, operationName, variables, context, documentHash }))) as never
        },
      }),
      stop: async () => undefined,
    },
    documentStore: new InMemoryLRUCache<DocumentNode>({ maxSize: documentStoreBytes }),
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    hideSchemaDetailsFromClientErrors: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: parseLimits,
    formatError: masked,
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      faults,
      statusOfGraphqlErrors,
      ...plugins,
    ],
    logger: apolloLog(log),
  })
}

/** What was meant for callers has a code of its own; anything else broke. */
const isFault = (code: unknown) => code === undefined || code === 'INTERNAL_SERVER_ERROR'
const causeOf = (error: unknown) => (error instanceof GraphQLError ? (error.originalError ?? error) : error)

/** What a caller reads of an error: of a fault a generic text. */
function masked(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { code, requestId } = formatted.extensions ?? {}
  if (!isFault(code)) return formatted
  if (isUnstorableText(causeOf(error))) {
    const message = 'A text of the request holds a character that no text here can hold (U+0000, or half of a surrogate pair).'
    return { ...formatted, message, extensions: { code: 'BAD_USER_INPUT' } }
  }
  const retryable = isUnavailable(causeOf(error))
  const message = retryable ? 'A part of the service did not answer in time. Try again.' : 'Something went wrong on our side.'
  return { message, path: formatted.path, locations: formatted.locations, extensions: { code, retryable, requestId } }
}

function logFault(log: Log, error: unknown): void {
  const err = causeOf(error)
  const path = error instanceof GraphQLError ? error.path : undefined
  log.error({ err, path }, isUnavailable(err) ? 'a request failed: the database did not answer' : 'a request failed')
}

/** What broke before the request had a context (the caller could not be looked up), as an error to answer with. */
export function faultBeforeContext(error: unknown, log: Log, requestId: string): GraphQLError {
  if (error instanceof GraphQLError) return error
  logFault(log.child({ requestId }), error)
  return new GraphQLError('no context', { originalError: error as Error, extensions: { requestId } })
}

/** Any error as callers may read it, outside of Apollo Server. A plain GraphQLError is about the document; a fault's text goes to the log. */
export function legible(error: unknown, log: Log, requestId: string): GraphQLError {
  const known = error instanceof GraphQLError ? error : new GraphQLError('', { originalError: error as Error })
  const { http: _status, ...given } = known.extensions
  const code = given.code ?? (known.originalError ? 'INTERNAL_SERVER_ERROR' : 'GRAPHQL_VALIDATION_FAILED')
  if (isFault(code) && !isUnstorableText(causeOf(known))) logFault(log.child({ requestId }), known)
  const named = isFault(code) ? { ...given, code, requestId } : { ...given, code }
  const { message, extensions } = masked({ ...known.toJSON(), extensions: named }, known)
  return new GraphQLError(message, { nodes: known.nodes, path: known.path, extensions })
}

/** A fault's text goes to the log; the request id finds it there. */
const faults: ApolloServerPlugin<Context> = {
  async requestDidStart({ contextValue }) {
    const { requestId } = contextValue
    return {
      async didEncounterErrors({ errors }) {
        for (const error of errors)
          if (isFault(error.extensions.code) && !isUnstorableText(causeOf(error))) logFault(contextValue.log, error)
      },
      async willSendResponse({ response }) {
        if (response.body.kind !== 'single') return
        for (const { extensions } of response.body.singleResult.errors ?? []) {
          if (extensions?.code === 'INTERNAL_SERVER_ERROR') extensions.requestId = requestId
        }
      },
    }
  },
}

/** GraphQL over HTTP: a client that reads plain JSON gets 200 for a document that does not parse or validate. */
const statusOfGraphqlErrors: ApolloServerPlugin<Context> = {
  async requestDidStart({ request }) {
    return {
      async willSendResponse({ response, errors }) {
        const wantsStatus = request.http?.headers.get('accept')?.includes('application/graphql-response+json')
        const codes = errors?.map(({ extensions }) => extensions.code)
        if (
          !wantsStatus &&
          response.http.status === 400 &&
          codes?.every((code) => code === 'GRAPHQL_PARSE_FAILED' || code === 'GRAPHQL_VALIDATION_FAILED')
        ) {
          response.http.status = 200
        }
      },
    }
  },
}

const apolloLog = (log: Log) => ({
  debug: (message?: string) => log.debug(message ?? ''),
  info: (message?: string) => log.debug(message ?? ''),
  warn: (message?: string) => log.warn(message ?? ''),
  error: (message?: string) => log.error(message ?? ''),
})
