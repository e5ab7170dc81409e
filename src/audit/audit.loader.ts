import type { Context } from '../context.ts'
import type { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'
import type { ActorKindValue } from './audit.ts'

export interface ActorColumns {
  actorKind: ActorKindValue
  actorSubject: string
  actorLabel: string
}

export interface AuditEventRow extends ActorColumns {
  id: string
  organizationId: string
  at: Date
  action: string
  outcome: 'SUCCEEDED' | 'REFUSED'
  subjectId: string | null
  before: object | null
  after: object | null
  requestId: string | null
}

const columns = `e."id", e."organizationId", e."at", e."actorKind", e."actorSubject", e."actorLabel", e."action", e."outcome", e."subjectId", e."before",
  e."after", e."requestId"`

const byIds = statement(
  'audit_event_by_ids',
  `select ${columns} from "AuditEvent" e where e."id" = any($1::text[]) and ($2::text[] is null or e."organizationId" = any($2))`,
)

export function auditEventLoader(context: Context): RowLoader<AuditEventRow> {
  return tenantLoader(context, 'auditEvent', byIds, ['id'])
}

/** An organization's audit trail. */
export const organizationAuditEvents: PageSource<AuditEventRow> = {
  name: 'organization.auditEvents',
  columns,
  from: '"AuditEvent" e',
  parentColumns: ['e."organizationId"'],
  orders: {
    TIME: [
      { sql: 'e."at"', type: 'timestamptz', key: ({ at }) => at.toISOString() },
      { sql: 'e."id"', type: 'text', key: ({ id }) => id },
    ],
  },
}
