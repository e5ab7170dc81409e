import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticator } from './auth/authenticate.ts'
import { createContext, type Services } from './context.ts'
import { createGraphqlServer, faultBeforeContext, type OperationContext } from './graphql.ts'
import { KnownOperations } from './known-operations.ts'
import { keepOrganization } from './organization/organization.loader.ts'
import { createExecutor } from './platform/executor.ts'
import { isFromThisMachine } from './platform/loopback.ts'
import { gatehouseSchema } from './schema.ts'

interface OperationsOptions {
  path: string
  services: Services
  authenticator: Authenticator
}

/**
 * Queries and mutations. A request for a document that passed before is run at once, and answered unless there are errors. What those look
 * like, and everything else, is Apollo Server's business.
 */
export async function acceptOperations(scope: FastifyInstance, { path, services, authenticator }: OperationsOptions): Promise<void> {
  const { log } = services
  const execute = createExecutor(gatehouseSchema().schema)
  const known = new KnownOperations()
  const apollo = createGraphqlServer({ execute, known, log, plugins: [fastifyApolloDrainPlugin(scope) as never] })
  await apollo.start()

  const contexts = new WeakMap<FastifyRequest, Promise<OperationContext>>()
  const contextOf = async (request: FastifyRequest): Promise<OperationContext> => {
    const { viewer, organization } = await authenticator
      .authenticate(request.headers.authorization, () => isFromThisMachine(request.raw))
      .catch((error: unknown) => {
        throw faultBeforeContext(error, log, request.id)
      })
    const context = createContext(services, viewer, request.id)
    if (organization) keepOrganization(context, organization)
    return context
  }
  const askApollo = fastifyApolloHandler<OperationContext>(apollo, { context: (request) => contexts.get(request) ?? contextOf(request) })

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const operation = known.find(request)
    // An address that cannot be read is a fault on Apollo Server's way in: nothing may have been run by then.
    if (!operation || !URL.canParse(`http://${request.host}`)) return askApollo.call(scope, request, reply)
    const made = contextOf(request)
    contexts.set(request, made)
    try {
      const context = await made
      context.ran = execute({ ...operation, context })
      const { data, errors } = await context.ran
      if (!errors) return reply.header('content-type', operation.contentType).send(`${JSON.stringify({ data })}\n`)
    } catch {
      // Refused or failed: both promises tell Apollo Server why.
    }
    return askApollo.call(scope, request, reply)
  }
  scope.route({ method: ['GET', 'POST', 'OPTIONS'], url: path, handler: answer })
}
