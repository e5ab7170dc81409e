import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { createAuthenticator } from './auth/authenticate.ts'
import type { Services } from './context.ts'
import { wellKnown } from './identity/well-known.ts'
import { acceptOperations } from './operations.ts'
import { pendingMigrations } from './platform/database/migrations.ts'
import { playground } from './playground/playground.ts'
import { gatehouseSchema } from './schema.ts'
import { acceptEventStreams } from './streaming/event-stream.ts'
import { Credentials } from './streaming/session.ts'
import { createSubscriptions } from './streaming/subscriptions.ts'
import { acceptWebSockets } from './streaming/web-socket.ts'

export interface AppOptions {
  services: Services
  adminKeys: string[]
  /** The folder of the built page; null: none is served. */
  playgroundRoot: string | null
  /** False once the process is about to stop. */
  isReady?: () => boolean
  /** How often the credential of an open stream is looked at. Default 20 s. */
  recheckMs?: number
}

/** 501 ids of a bulk mutation, ten times over. */
const bodyLimitBytes = 1024 * 1024

/** Of queries, mutations and subscriptions. */
const path = '/graphql'

/** The whole HTTP surface, not yet listening. */
export async function createApp({
  services,
  adminKeys,
  playgroundRoot,
  isReady = () => true,
  recheckMs,
}: AppOptions): Promise<FastifyInstance> {
  const { log, db } = services
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // Nothing here logs by Fastify's request: it would make a logger for each.
    childLoggerFactory: (logger) => logger,
    bodyLimit: bodyLimitBytes,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
  })
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  // Of fixed fields, none of which can hold a secret: they need not be searched for one.
  const requests = log.child({}, { redact: [] })
  app.addHook('onResponse', ({ id, method, url }, reply, done) => {
    requests.info(
      { requestId: id, method, path: url.split('?', 1)[0], status: reply.statusCode, ms: Math.round(reply.elapsedTime * 10) / 10 },
      'request',
    )
    done()
  })
  app.setErrorHandler((error: { statusCode?: number; message: string }, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) log.error({ err: error, requestId: request.id }, 'a request failed')
    const message = status >= 500 ? 'Something went wrong on our side.' : error.message
    reply
      .status(status)
      .send({ errors: [{ message, extensions: { code: status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_REQUEST', requestId: request.id } }] })
  })

  const authenticator = createAuthenticator({ credentials: db.credentials, pool: db.pool, adminKeys, log })
  const streaming = {
    subscriptions: createSubscriptions(gatehouseSchema().schema, services),
    credentials: new Credentials(authenticator),
    path,
    newRequestId: randomUUID,
    recheckMs,
  }
  acceptWebSockets(app, streaming)
  await app.register(async (scope) => {
    acceptEventStreams(scope, streaming)
    await acceptOperations(scope, { path, services, authenticator })
  })
  await app.register(wellKnown, { issuer: services.issuer })
  if (playgroundRoot) await app.register(playground, { root: playgroundRoot })
  app.get('/livez', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const problem = isReady() ? await readinessProblem(services) : 'stopping'
    reply.header('cache-control', 'no-store')
    return problem ? reply.status(503).send({ status: 'unavailable', problem }) : { status: 'ok' }
  })
  return app
}

/** Why requests would fail, or null. The database is given as long as any statement. */
async function readinessProblem({ db, log }: Services): Promise<string | null> {
  try {
    const pending = await pendingMigrations({ pool: db.pool })
    return pending.length > 0 ? `migrations are pending: ${pending.join(', ')}` : null
  } catch (error) {
    log.warn({ err: error }, 'the database did not answer the readiness check')
    return 'the database does not answer'
  }
}
