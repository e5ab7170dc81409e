import { actorColumns, auditEvent } from '../audit/audit.ts'
import type { ComponentConfig, VerificationReport, VerificationRequest } from '../aws/aws.type.ts'
import type { Context } from '../context.ts'
import type { ComponentAction, ComponentHealth, ComponentState } from '../generated/prisma/enums.ts'
import { rows, statement } from '../platform/statement.ts'
import { newId } from '../platform/typeid.ts'
import { inTurn } from './account-turn.ts'
import type { ComponentRow, VerificationRow } from './component.loader.ts'
import { auditEntry } from './component-history.ts'
import { jittered } from './verification-schedule.ts'

/** What a verification does to its component, if the component is still what it was when the verification began. */
export type Effect =
  /** Nothing but the report. */
  | { kind: 'none' }
  | { kind: 'health'; health: ComponentHealth }
  | { kind: 'transition'; action: ComponentAction; toState: ComponentState; health?: ComponentHealth; config?: ComponentConfig }

export interface Outcome {
  verification: VerificationRow
  /** False where the component had changed in the meantime: the report is kept, nothing else happened. */
  tookEffect: boolean
}

/** How many verifications of a component are kept besides those whose outcome differed, which stay 90 days. */
const keptVerifications = 50

// One statement, so one transaction and one round trip: the guarded update and what must come with it. Two calls that read the same
// version both get here; the second update waits for the first and then finds another version. Before anything is written its rows are
// locked in the order in which everybody locks them (organization, integration, account, component), or two would wait for each other.
const apply = statement(
  'component_apply',
  `with subject as (
  select "id", "organizationId", "awsAccountId", "integrationId" from "Component" where "organizationId" = $1 and "id" = $2
), organization_lock as (
  select "id" from "Organization" where "id" = $1 for key share
), integration_lock as (
  select i."id" from "Integration" i join subject s on i."organizationId" = s."organizationId" and i."id" = s."integrationId"
  where $5 = 'INSTALLED' and i."status" = 'INITIALIZING' for no key update of i
), account_lock as (
  select a."id" from "AwsAccount" a join subject s on a."organizationId" = s."organizationId" and a."id" = s."awsAccountId"
  where $14::boolean and a."alias" is distinct from $15 for no key update of a
), target as (
  select c.* from "Component" c where c."organizationId" = $1 and c."id" = $2 and (select count(*) from organization_lock) = 1
    and (select count(*) from integration_lock) >= 0 and (select count(*) from account_lock) >= 0 for key share
), previous as (
  select "outcome" from "Verification" where "organizationId" = $1 and "componentId" = $2 order by "id" desc limit 1
), moved as (
  update "Component" c set "state" = coalesce($5::"ComponentState", c."state"), "health" = coalesce($6::"ComponentHealth", c."health"),
    "config" = case when $7::jsonb is null then c."config" else $7::jsonb end,
    "nextVerifyAt" = case when $5 = 'INSTALLED' then now() + ${jittered('$28')} when $5::text is null then c."nextVerifyAt" end,
    "version" = c."version" + case when $5::"ComponentState" is null then 0 else 1 end,
    "updatedAt" = case when $5::"ComponentState" is null then c."updatedAt" else now() end
  from target t where c."organizationId" = t."organizationId" and c."id" = t."id" and c."state" = $3::"ComponentState" and c."version" = $4
    and ($5::text is not null or $6::text is not null)
  returning c."id"
), kept as (
  insert into "Verification" ("id", "organizationId", "componentId", "trigger", "outcome", "changed", "startedAt", "finishedAt", "checks")
  select $8, "organizationId", "id", $9::"VerificationTrigger", $10::"VerificationOutcome", $10::"VerificationOutcome" is distinct from (select "outcome" from previous),
    $11::timestamptz, $12::timestamptz, $13::jsonb from target
  returning "id", "organizationId", "componentId", "trigger", "outcome", "startedAt", "finishedAt", "checks"
), old as (
  select v."id" from "Verification" v join target t on v."organizationId" = t."organizationId" and v."componentId" = t."id"
  where v."id" <= (select "id" from "Verification" where "organizationId" = $1 and "componentId" = $2 order by "id" desc offset ${keptVerifications - 1} limit 1)
    and not (v."changed" and v."finishedAt" > now() - interval '90 days') for update of v skip locked
), pruned as (
  delete from "Verification" v using old where v."organizationId" = $1 and v."id" = old."id"
), alias as (
  update "AwsAccount" a set "alias" = $15 from target where $14::boolean and a."organizationId" = target."organizationId" and a."id" = target."awsAccountId"
    and a."alias" is distinct from $15
), decoy as (
  update "RoleSetup" r set "decoyRefusedFor" = $16 from target where r."organizationId" = target."organizationId" and r."componentId" = target."id"
    and $16::text is not null and r."decoyRefusedFor" is distinct from $16
), integration as (
  update "Integration" i set "status" = 'ACTIVE', "statusMessage" = null, "updatedAt" = now() from target, moved
  where $5 = 'INSTALLED' and i."organizationId" = target."organizationId" and i."id" = target."integrationId" and i."status" = 'INITIALIZING'
), transition as (
  insert into "ComponentTransition" ("id", "organizationId", "componentId", "action", "fromState", "toState", "actorKind", "actorSubject", "actorLabel")
  select $17, $1, moved."id", $18::"ComponentAction", $3::"ComponentState", $5::"ComponentState", $19::"ActorKind", $20, $21 from moved where $18::text is not null
), event as (
  insert into "AuditEvent" ("id", "organizationId", "actorKind", "actorSubject", "actorLabel", "action", "outcome", "subjectId", "before", "after", "requestId")
  select $22, $1, $19::"ActorKind", $20, $21, $23, $24::"AuditOutcome", $2, $25::jsonb, $26::jsonb, $27
  from target where $23::text is not null and ($24 = 'REFUSED' or exists (select 1 from moved))
)
select kept.*, exists (select 1 from moved) as "moved" from kept`,
)

/**
 * Keeps the report and, if the component is still at the version the verification began with, makes its effect: with its transition and its
 * audit event, in one statement. Null where the component is gone.
 */
export async function applyReport(
  context: Context,
  component: ComponentRow,
  report: VerificationReport,
  times: { trigger: VerificationRequest['trigger']; startedAt: Date; finishedAt: Date },
  effect: Effect,
): Promise<Outcome | null> {
  const { organizationId, id, state, version } = component
  const actor = actorColumns(context)
  const verificationId = newId('ver')
  const event = eventOf(context, component, report, times.trigger, verificationId, effect)
  const moves = effect.kind === 'transition' ? effect : null
  const values = [
    organizationId,
    id,
    state,
    version,
    moves?.toState ?? null,
    effect.kind === 'none' ? null : (effect.health ?? null),
    moves?.config === undefined ? null : JSON.stringify(moves.config),
    verificationId,
    times.trigger,
    report.outcome,
    times.startedAt,
    times.finishedAt,
    JSON.stringify(report.checks),
    report.learned.accountAlias !== undefined,
    report.learned.accountAlias ?? null,
    report.learned.decoyRefusedFor ?? null,
    newId('tr'),
    moves?.action ?? null,
    actor.actorKind,
    actor.actorSubject,
    actor.actorLabel,
    newId('aud'),
    event?.action ?? null,
    event?.outcome ?? null,
    event?.before ? JSON.stringify(event.before) : null,
    event?.after ? JSON.stringify(event.after) : null,
    context.requestId,
    context.config.reverifySeconds,
  ]
  const [kept] = await inTurn(component, () => rows<VerificationRow & { moved: boolean }>(context.db.pool, apply, values))
  context.loaders.clear()
  if (!kept) return null
  const { moved, ...verification } = kept
  return { verification, tookEffect: moved || effect.kind === 'none' }
}

/** A change of state is told as such; a caller's attempt that AWS did not bear out as refused. A scheduled look tells only of changed health. */
function eventOf(
  context: Context,
  component: ComponentRow,
  report: VerificationReport,
  trigger: VerificationRequest['trigger'],
  verificationId: string,
  effect: Effect,
): ReturnType<typeof auditEvent> | null {
  const { organizationId, id, state, version, health } = component
  if (effect.kind === 'transition') {
    const { action, toState } = effect
    const after = { version: version + 1, verificationId, ...(effect.config ? { config: effect.config } : {}) }
    const before = { version, ...(effect.config ? { config: component.config } : {}) }
    return auditEvent(context, auditEntry({ organizationId, componentId: id, action, fromState: state, toState, before, after }))
  }
  if (trigger === 'SCHEDULED') {
    if (effect.kind !== 'health' || effect.health === health) return null
    return auditEvent(context, {
      organizationId,
      action: 'component.health',
      subjectId: id,
      before: { health },
      after: { health: effect.health, verificationId },
    })
  }
  if (report.outcome === 'PASSED') return null
  const action = `component.${trigger.toLowerCase()}`
  return auditEvent(context, {
    organizationId,
    action,
    outcome: 'REFUSED',
    subjectId: id,
    after: { verificationId, outcome: report.outcome },
  })
}
