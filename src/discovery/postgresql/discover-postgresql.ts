import type { Discover } from '../discovery.ts'
import { DiscoveryError } from '../discovery-error.ts'
import { withConnection } from './connection.ts'
import { explain } from './explain.ts'
import { readCatalog } from './read-catalog.ts'

/** Of the whole, connecting included. */
const totalMs = 60_000

/** Reads a PostgreSQL server: its databases and roles, and the schemas and tables of one database. */
export const discoverPostgresql: Discover = async ({ outbound }, target, found, signal) => {
  const server = {
    host: target.param('host') ?? '',
    port: Number(target.param('port')),
    database: target.param('database') ?? '',
    tlsMode: target.param('tlsMode') ?? '',
    caCertificate: target.param('caCertificate'),
    username: target.secret.username ?? '',
    password: target.secret.password ?? '',
  }
  const ends = AbortSignal.any([signal, AbortSignal.timeout(totalMs)])
  const { resources, ...end } = await withConnection(server, outbound, ends, (query) => readCatalog(query, target.wants)).catch(
    (error: unknown) => {
      // Cut off from here: nothing is known of the server.
      if (signal.aborted) throw signal.reason
      throw error instanceof DiscoveryError ? error : new DiscoveryError(explain(error, server))
    },
  )
  await found(resources)
  return end
}
