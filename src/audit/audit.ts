import type { Viewer } from '../auth/viewer.ts'
import { type Queryable, statement } from '../platform/statement.ts'
import { newId } from '../platform/typeid.ts'

/** Who acted, and in which request. */
export interface Acting {
  viewer: Viewer
  requestId: string | null
}

export interface AuditEntry {
  organizationId: string
  /** noun.verb, e.g. `component.verify`. */
  action: string
  outcome?: 'SUCCEEDED' | 'REFUSED'
  subjectId: string | null
  /** What changed, before and after. Never a secret. */
  before?: object | null
  after?: object | null
}

export type ActorKindValue = 'API_KEY' | 'USER' | 'PLATFORM_ADMIN' | 'SYSTEM'

/** The columns that say who acted. Anonymous callers never get this far. */
export function actorColumns({ viewer }: Acting): { actorKind: ActorKindValue; actorSubject: string; actorLabel: string } {
  if (viewer.kind === 'ANONYMOUS') throw new Error('an anonymous caller cannot act')
  return { actorKind: viewer.kind, actorSubject: viewer.subject, actorLabel: viewer.label }
}

/** A row of AuditEvent, to be written in the transaction of what it tells. */
export function auditEvent(acting: Acting, entry: AuditEntry) {
  return {
    id: newId('aud'),
    organizationId: entry.organizationId,
    ...actorColumns(acting),
    action: entry.action,
    outcome: entry.outcome ?? ('SUCCEEDED' as const),
    subjectId: entry.subjectId,
    before: entry.before ?? undefined,
    after: entry.after ?? undefined,
    requestId: acting.requestId,
  }
}

/** SQL that inserts the events of a parameter made by `eventRows`: a part of the statement that makes the change. A condition may follow. */
export const insertEvents = (parameter: string) =>
  `insert into "AuditEvent" ("id", "organizationId", "actorKind", "actorSubject", "actorLabel", "action", "outcome", "subjectId", "before", "after", "requestId")
select * from json_to_recordset(${parameter}::json) as e("id" text, "organizationId" text, "actorKind" "ActorKind", "actorSubject" text, "actorLabel" text,
  "action" text, "outcome" "AuditOutcome", "subjectId" text, "before" jsonb, "after" jsonb, "requestId" text)`

export const eventRows = (acting: Acting, entries: AuditEntry[]): string =>
  JSON.stringify(entries.map((entry) => auditEvent(acting, entry)))

const insert = statement('audit_event_insert', insertEvents('$1'))

/** Writes audit events, in one statement, on a transaction's connection. */
export async function recordEvents(transaction: Queryable, acting: Acting, entries: AuditEntry[]): Promise<void> {
  if (entries.length > 0) await transaction.query({ ...insert, values: [eventRows(acting, entries)] })
}
