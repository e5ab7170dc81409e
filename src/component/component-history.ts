import { type Acting, type AuditEntry, actorColumns, recordEvents } from '../audit/audit.ts'
import type { ComponentAction, ComponentState } from '../generated/prisma/enums.ts'
import { type Queryable, statement } from '../platform/statement.ts'
import { newId } from '../platform/typeid.ts'

export interface ComponentChange {
  organizationId: string
  componentId: string
  action: ComponentAction
  fromState: ComponentState | null
  toState: ComponentState | null
  /** What else the audit event says. */
  before?: object
  after?: object
}

const insertTransitions = statement(
  'component_transition_insert',
  `insert into "ComponentTransition" ("id", "organizationId", "componentId", "action", "fromState", "toState", "actorKind", "actorSubject", "actorLabel")
select * from json_to_recordset($1::json) as t("id" text, "organizationId" text, "componentId" text, "action" "ComponentAction", "fromState" "ComponentState",
  "toState" "ComponentState", "actorKind" "ActorKind", "actorSubject" text, "actorLabel" text)`,
)

/** Writes the transition and the audit event of each change: belongs in the transaction that makes them. */
export async function recordChanges(transaction: Queryable, acting: Acting, changes: ComponentChange[]): Promise<void> {
  if (changes.length === 0) return
  const actor = actorColumns(acting)
  const transitions = changes.map(({ organizationId, componentId, action, fromState, toState }) => ({
    id: newId('tr'),
    organizationId,
    componentId,
    action,
    fromState,
    toState,
    ...actor,
  }))
  await transaction.query({ ...insertTransitions, values: [JSON.stringify(transitions)] })
  await recordEvents(transaction, acting, changes.map(auditEntry))
}

/** The audit event of a change of state. */
export function auditEntry({ organizationId, componentId, action, fromState, toState, before, after }: ComponentChange): AuditEntry {
  return {
    organizationId,
    action: `component.${action.toLowerCase()}`,
    subjectId: componentId,
    before: fromState ? { state: fromState, ...before } : null,
    after: toState ? { state: toState, ...after } : null,
  }
}
