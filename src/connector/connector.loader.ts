import type { Context } from '../context.ts'
import type { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface ConnectorRow {
  id: string
  organizationId: string
  name: string
  apiKeyId: string
  agentVersion: string | null
  lastConnectedAt: Date | null
  status: 'CONNECTED' | 'DISCONNECTED'
  version: number
  createdAt: Date
  updatedAt: Date
}

/** Nobody would write down that an agent has fallen silent, so the status is told by the database's clock. */
export const connectorColumns = `n."id", n."organizationId", n."name", n."apiKeyId", n."agentVersion", n."lastConnectedAt", n."version", n."createdAt", n."updatedAt",
  case when n."lastConnectedAt" > now() - interval '2 minutes' then 'CONNECTED' else 'DISCONNECTED' end as "status"`

const byIds = statement(
  'connector_by_ids',
  `select ${connectorColumns} from "Connector" n where n."id" = any($1::text[]) and ($2::text[] is null or n."organizationId" = any($2))`,
)
const byNames = statement(
  'connector_by_names',
  `select ${connectorColumns} from unnest($1::text[], $2::text[]) as k("organizationId", "name") join "Connector" n using ("organizationId", "name")
   where ($3::text[] is null or n."organizationId" = any($3))`,
)

export function connectorLoader(context: Context): RowLoader<ConnectorRow> {
  return tenantLoader(context, 'connector', byIds, ['id'])
}

/** Connectors by `<organization id> <name>`. */
export function connectorByNameLoader(context: Context): RowLoader<ConnectorRow> {
  return tenantLoader(context, 'connectorByName', byNames, ['organizationId', 'name'])
}

/** An organization's connectors by name, which is unique in it. */
export const organizationConnectors: PageSource<ConnectorRow> = {
  name: 'organization.connectors',
  columns: connectorColumns,
  from: '"Connector" n',
  parentColumns: ['n."organizationId"'],
  orders: { NAME: [{ sql: 'n."name"', type: 'text', key: ({ name }) => name }] },
}
