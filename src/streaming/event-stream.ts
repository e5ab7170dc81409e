import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ExecutionResult, type FormattedExecutionResult, GraphQLError } from 'graphql'
import { createHandler, type ResponseBody } from 'graphql-sse'
import { isFromThisMachine } from '../platform/loopback.ts'
import { isUnauthenticated, type Session } from './session.ts'
import type { TransportOptions } from './web-socket.ts'

/** What is sent and not taken for so long ends the stream. */
const stalledMs = 30_000

/** What the stream's events wait for: the library would pile up what a slow reader has not taken. */
interface Stream {
  session: Session
  ended: AbortController
  sent: Promise<void>
}

/** Subscriptions as server-sent events (graphql-sse, distinct connections) on the path of the other operations: `Accept: text/event-stream`. */
export function acceptEventStreams(scope: FastifyInstance, options: TransportOptions): void {
  const { subscriptions, credentials, recheckMs } = options
  const open = new Set<AbortController>()
  const handler = createHandler<FastifyRequest, Stream>({
    // No tokens: one stream a subscription.
    authenticate: async ({ context }) => {
      try {
        await context.session.viewer(performance.now())
        return null
      } catch (error) {
        if (!isUnauthenticated(error)) throw error
        return [
          JSON.stringify({ errors: [subscriptions.format(error, context.session)] }),
          { status: 401, statusText: 'Unauthorized', headers: { 'content-type': 'application/json; charset=utf-8' } },
        ]
      }
    },
    async onSubscribe({ context }, params) {
      const prepared = subscriptions.prepare(context.session, params)
      if (Array.isArray(prepared)) return only({ errors: prepared })
      try {
        const begun = await subscriptions.begin(prepared)
        return Symbol.asyncIterator in begun ? paced(begun, context) : only(asResult(begun))
      } catch (error) {
        return only({ errors: [subscriptions.format(error, context.session)] })
      }
    },
  })
  const stream = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const credential = { authorization: request.headers.authorization, isLocal: isFromThisMachine(request.raw) }
    const ended = new AbortController()
    const session: Session = {
      requestId: request.id,
      viewer: (sinceMs) => credentials.viewer(credential, sinceMs),
      end: (error) => ended.abort(subscriptions.format(error, session)),
    }
    const current: Stream = { session, ended, sent: Promise.resolve() }
    open.add(ended)
    const stop = credentials.watch(session, recheckMs)
    try {
      const headers = { get: (name: string) => (name === 'accept' ? 'text/event-stream' : String(request.headers[name] ?? '')) }
      const body = (request.body ?? null) as Record<PropertyKey, unknown> | null
      const [answer, init] = await handler({ method: request.method, url: request.url, headers, body, raw: request, context: current })
      reply.raw.writeHead(init.status, init.statusText, { ...init.headers, 'x-request-id': request.id, 'x-accel-buffering': 'no' })
      await send(reply, answer, current)
    } catch (error) {
      request.log.warn({ err: error, requestId: request.id }, 'an event stream failed')
      reply.raw.destroy()
    } finally {
      stop()
      open.delete(ended)
    }
  }
  scope.addHook('preHandler', (request, reply, done) => {
    if (!request.headers.accept?.includes('text/event-stream')) return done()
    reply.hijack()
    stream(request, reply).catch(() => reply.raw.destroy())
  })
  scope.addHook('preClose', async () => {
    for (const ended of open) ended.abort(goingAway())
  })
}

const goingAway = () =>
  new GraphQLError('The server stops. Subscribe again.', { extensions: { code: 'SERVICE_UNAVAILABLE', retryable: true } })

/** One event after the other, each once the one before it was taken; an error is the last event. */
async function* paced(events: AsyncGenerator<FormattedExecutionResult>, stream: Stream): AsyncGenerator<ExecutionResult> {
  const { signal } = stream.ended
  const aborted = new Promise<'aborted'>((resolve) => signal.addEventListener('abort', () => resolve('aborted'), { once: true }))
  try {
    while (!signal.aborted) {
      await stream.sent
      const next = await Promise.race([events.next(), aborted])
      if (next === 'aborted') break
      if (next.done) return
      yield asResult(next.value)
    }
    if (signal.reason instanceof GraphQLError) yield { errors: [signal.reason] }
  } catch (error) {
    yield { errors: [error instanceof GraphQLError ? error : new GraphQLError('Something went wrong on our side.')] }
  } finally {
    await events.return(undefined)
  }
}

/** The library takes a result without data for something else, a stream of one for what it is. */
async function* only(result: ExecutionResult): AsyncGenerator<ExecutionResult> {
  yield result
}

/** Errors are written as they are. */
const asResult = (formatted: FormattedExecutionResult) => formatted as ExecutionResult

async function send({ raw }: FastifyReply, body: ResponseBody | null, stream: Stream): Promise<void> {
  if (body === null || typeof body === 'string') {
    raw.end(body ?? undefined)
    return
  }
  const leave = () => {
    stream.ended.abort()
    void body.return(undefined)
  }
  raw.once('close', leave)
  for await (const text of body) {
    if (raw.destroyed) break
    stream.sent = written(raw, text)
    await stream.sent
  }
  raw.off('close', leave)
  raw.end()
  if (!raw.destroyed && !raw.writableFinished)
    await once(raw, 'close', { signal: AbortSignal.timeout(stalledMs) }).catch(() => raw.destroy())
}

/** Resolves when the system has taken it, or the connection is gone. */
function written(raw: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => raw.destroy(), stalledMs)
    raw.write(text, () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
