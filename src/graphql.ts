import { ApolloServer, type ApolloServerPlugin } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import type { Context } from './context.ts'
import { isUnavailable } from './platform/database/unavailable.ts'
import { createExecutor } from './platform/executor.ts'
import type { Log } from './platform/log.ts'
import { gatehouseSchema } from './schema.ts'

/** Tokens of a document; what the longest operations of a front end have is a tenth of it. */
const maxTokens = 15_000

/**
 * Apollo Server parses, validates and keeps documents; execution is ours, by the hook that gateways use. What wraps every resolver
 * (cache control, inline traces) is off.
 */
export function createGraphqlServer(log: Log, plugins: ApolloServerPlugin<Context>[]): ApolloServer<Context> {
  const { schema } = gatehouseSchema()
  const execute = createExecutor(schema)
  return new ApolloServer<Context>({
    gateway: {
      onSchemaLoadOrUpdate(callback) {
        callback({ apiSchema: schema, coreSupergraphSdl: '' })
        return () => undefined
      },
      load: async () => ({
        executor: async ({ document, operationName, request, context, queryHash }) =>
          (await execute({ document, operationName, variables: request.variables, context, documentHash: queryHash })) as never,
      }),
      stop: async () => undefined,
    },
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    hideSchemaDetailsFromClientErrors: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens },
    formatError: (formatted, error) => masked(formatted, error, log),
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      requestIdInFaults,
      statusOfGraphqlErrors,
      ...plugins,
    ],
    logger: apolloLog(log),
  })
}

/** What a caller reads of an error. What was meant for callers has a code of its own; of anything else they get a generic text, the log the rest. */
function masked(formatted: GraphQLFormattedError, error: unknown, log: Log): GraphQLFormattedError {
  if (formatted.extensions?.code !== 'INTERNAL_SERVER_ERROR') return formatted
  const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error
  const isDown = isUnavailable(cause)
  log.error({ err: cause, path: formatted.path }, isDown ? 'a request failed: the database did not answer' : 'a request failed')
  const message = isDown ? 'A part of the service did not answer in time. Try again.' : 'Something went wrong on our side.'
  return { message, path: formatted.path, locations: formatted.locations, extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: isDown } }
}

/** The request id finds the rest of a fault in the log. */
const requestIdInFaults: ApolloServerPlugin<Context> = {
  async requestDidStart({ contextValue }) {
    return {
      async willSendResponse({ response }) {
        if (response.body.kind !== 'single') return
        for (const { extensions } of response.body.singleResult.errors ?? []) {
          if (extensions?.code === 'INTERNAL_SERVER_ERROR') extensions.requestId = contextValue.requestId
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
