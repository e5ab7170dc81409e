import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type FormattedExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  validate,
} from 'graphql'
import PQueue from 'p-queue'
import type { Viewer } from '../auth/viewer.ts'
import type { Change } from '../changes/change-feed.ts'
import type { LiveChange } from '../changes/follow-changes.ts'
import { createContext, type Services } from '../context.ts'
import { legible, parseLimits } from '../graphql.ts'
import { compiledSize } from '../platform/compiled-size.ts'
import { topLevelError } from '../platform/errors.ts'
import { LoaderCache } from '../platform/loader.ts'
import { isUnauthenticated, type Session } from './session.ts'

/** How much one event may ask for, in fields; they are resolved anew for each. */
const maxSize = 500
/** Events of a process that are resolved at once: each takes a connection, and the pool serves everybody. */
const resolvedAtOnce = 4

export interface SubscriptionRequest {
  query?: unknown
  operationName?: unknown
  variables?: unknown
}

/** What runs a subscription, whatever carries it. */
export interface Subscriptions {
  /** Parses and validates. The errors are the caller's. */
  prepare(session: Session, request: SubscriptionRequest): ExecutionArgs | GraphQLError[]
  /** Begins what was prepared. Every event is authorized and resolved by itself. */
  begin(prepared: ExecutionArgs): Promise<AsyncGenerator<FormattedExecutionResult> | FormattedExecutionResult>
  /** An error as callers may read it. */
  format(error: unknown, session: Session): GraphQLError
}

export function createSubscriptions(schema: GraphQLSchema, services: Services): Subscriptions {
  const turns = new PQueue({ concurrency: resolvedAtOnce })
  const format = (error: unknown, { requestId }: Session) => legible(error, services.log, requestId)
  const formatted = ({ data, errors }: ExecutionResult, session: Session): FormattedExecutionResult => ({
    ...(data === undefined ? {} : { data }),
    ...(errors ? { errors: errors.map((error) => format(error, session).toJSON()) } : {}),
  })

  // Who carries the same credential and waits for the same change is looked at once, and what changed is then loaded once for all of them.
  const loaders = new WeakMap<Viewer, WeakMap<Change, LoaderCache>>()
  const loadersOf = (viewer: Viewer, change: Change): LoaderCache => {
    const ofViewer = loaders.get(viewer) ?? new WeakMap<Change, LoaderCache>()
    loaders.set(viewer, ofViewer)
    const shared = ofViewer.get(change) ?? new LoaderCache()
    ofViewer.set(change, shared)
    return shared
  }

  /** Null for an event that whoever asks may not see; throws where it may follow no longer. Scopes come first: without one, nothing is visible. */
  const resolve = async (args: ExecutionArgs, session: Session, change: LiveChange, atMs: number): Promise<ExecutionResult | null> => {
    const viewer = await session.viewer(atMs)
    const context = createContext(services, viewer, session.requestId, loadersOf(viewer, change.shared))
    const result = await execute({ ...args, contextValue: context, rootValue: change })
    const lostScope = result.data === null && result.errors?.find(({ extensions }) => extensions.code === 'FORBIDDEN')
    if (lostScope) throw lostScope
    return (await change.isVisible(context)) ? result : null
  }

  return {
    format,
    prepare(session, { query, operationName, variables }) {
      if (typeof query !== 'string') return [topLevelError.badInput('query must be a GraphQL document.', 'query')]
      let document: DocumentNode
      try {
        document = parse(query, parseLimits)
      } catch (error) {
        return [format(error, session)]
      }
      const invalid = validate(schema, document)
      if (invalid.length > 0) return invalid.map((error) => format(error, session))
      const name = typeof operationName === 'string' ? operationName : undefined
      const operation = getOperationAST(document, name)
      if (operation?.operation !== 'subscription')
        return [topLevelError.badInput('Here go subscriptions. Send queries and mutations with POST /graphql.')]
      if (compiledSize(schema, document, operation, maxSize) > maxSize)
        return [topLevelError.badInput(`At most ${maxSize} fields a subscription, a deep one counting for more.`)]
      const variableValues = typeof variables === 'object' && variables !== null ? { ...variables } : {}
      return { schema, document, operationName: name, variableValues, contextValue: session }
    },
    async begin(args) {
      const session = args.contextValue as Session
      const context = createContext(services, await session.viewer(performance.now()), session.requestId)
      const source = await turns.add(() => createSourceEventStream({ ...args, contextValue: context }))
      if (!(Symbol.asyncIterator in source)) return formatted(source, session)
      const changes = source[Symbol.asyncIterator]() as AsyncIterator<LiveChange>
      return generator(
        async () => {
          for (;;) {
            const { done, value } = await changes.next()
            if (done) return null
            const atMs = performance.now()
            const result = await turns.add(() => resolve(args, session, value, atMs))
            if (result) return formatted(result, session)
          }
        },
        async () => {
          await changes.return?.()
        },
        (error) => {
          if (isUnauthenticated(error)) session.end(error)
          return format(error, session)
        },
      )
    },
  }
}

/** By hand and not `async function*`: that one's `return` would wait until the next event came. */
function generator<T>(next: () => Promise<T | null>, end: () => Promise<void>, asError: (error: unknown) => Error): AsyncGenerator<T> {
  let hasEnded = false
  const finish = async (): Promise<IteratorResult<T>> => {
    if (!hasEnded) {
      hasEnded = true
      await end()
    }
    return { done: true, value: undefined }
  }
  const made = {
    async next(): Promise<IteratorResult<T>> {
      if (hasEnded) return { done: true, value: undefined }
      try {
        const value = await next()
        return value === null || hasEnded ? await finish() : { done: false, value }
      } catch (error) {
        await finish()
        throw asError(error)
      }
    },
    return: finish,
    async throw(error: unknown): Promise<IteratorResult<T>> {
      await finish()
      throw error
    },
    [Symbol.asyncIterator]() {
      return made
    },
    async [Symbol.asyncDispose]() {
      await finish()
    },
  }
  return made
}
