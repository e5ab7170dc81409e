import type { Context } from '../context.ts'
import { Checks } from '../platform/check.ts'
import { Refusal, refuseIfAny, userError } from '../platform/errors.ts'
import type { Queryable } from '../platform/statement.ts'
import { type ConnectorRow, connectorColumns } from './connector.loader.ts'

/** Notes that the caller's agent is there. */
export async function connectorHeartbeat(context: Context, { agentVersion }: { agentVersion?: string | null }): Promise<ConnectorRow> {
  refuseIfAny(checkAgentVersion(agentVersion))
  const connector = await noteSignOfLife(context.db.pool, context, agentVersion)
  context.loaders.clear()
  return connector
}

export const checkAgentVersion = (agentVersion: string | null | undefined) =>
  new Checks('input').text('agentVersion', agentVersion ?? undefined, { min: 1, max: 100 }).errors

/** The connector whose key the caller has, heard of just now. */
export async function noteSignOfLife(db: Queryable, { viewer }: Context, agentVersion: string | null | undefined): Promise<ConnectorRow> {
  const { rows } = await db.query<ConnectorRow>({
    text: `update "Connector" n set "lastConnectedAt" = now(), "agentVersion" = coalesce($3, n."agentVersion")
           where n."organizationId" = any($1::text[]) and n."apiKeyId" = $2 returning ${connectorColumns}`,
    values: [viewer.organizationIds ?? [], viewer.apiKeyId, agentVersion ?? null],
  })
  const [connector] = rows
  // Deleted or given a new key since the caller was let in.
  if (!connector) throw new Refusal(userError.notFound(['input'], 'connector'))
  return connector
}
