import type DataLoader from 'dataloader'
import pg from 'pg'
import { type Acting, type AuditEntry, auditEvent, insertEvents } from '../audit/audit.ts'
import { isUnavailable } from '../platform/database/unavailable.ts'
import { jointLoader } from '../platform/joint-loader.ts'
import { rows, statement } from '../platform/statement.ts'
import { statesThatAllow } from './sso-connector.lifecycle.ts'
import { type SsoConnectorRow, ssoConnectorColumns } from './sso-connector.loader.ts'

/** A connector that is to be enabled or disabled, if nothing but its state and version may stand against that. */
export interface Switch {
  organizationId: string
  id: string
  enabled: boolean
  expectedVersion: number | null
}

// Takes no more than is free: whoever would have to wait for a lock, or whose domain another organization has enabled, goes on its own and
// holds up nobody else. That two enable one domain in the same instant is left to the index: then all are made one by one.
const switchAll = statement(
  'sso_connector_switch',
  `with asked as (
  select * from unnest($1::text[], $2::text[], $3::boolean[], $4::int[]) as a("organizationId", "id", "enabled", "expectedVersion")
), "owner" as materialized (
  select o."id" from "Organization" o where o."id" = any($1::text[]) for key share skip locked
), "free" as materialized (
  select s."id" from "SsoConnector" s where s."id" = any($2::text[]) and s."organizationId" = any($1::text[])
    and not exists (select from "SsoConnector" h where h."emailDomain" = s."emailDomain" and h."enabled" and h."id" <> s."id")
  for no key update of s skip locked
), changed as (
  update "SsoConnector" s set "enabled" = a."enabled", "version" = s."version" + 1, "updatedAt" = now() from asked a
  where s."organizationId" = a."organizationId" and s."id" = a."id" and s."enabled" <> a."enabled"
    and (not a."enabled" or s."status"::text = any($5::text[])) and s."version" = coalesce(a."expectedVersion", s."version")
    and s."id" in (select "id" from "free") and s."organizationId" in (select "id" from "owner")
  returning ${ssoConnectorColumns}
), event as (
  ${insertEvents('$6')} where e."subjectId" in (select "id" from changed)
)
select * from changed`,
)

type Asked = Switch & { acting: Acting }

/** How many go into one transaction, and how many of those a process has under way. */
const jointly = { atOnce: 2, maxBatchSize: 100 }
const loaders = new WeakMap<pg.Pool, DataLoader<Asked, SsoConnectorRow | null>>()

/**
 * Enables or disables a connector and writes the event, in one transaction with whatever others are switched meanwhile: they share one
 * statement and one commit. None is undone by another, nor held up by it, unless both want one domain in the same instant. Null where that found nothing to do, or somebody at work on it.
 */
export function switchSsoConnector(pool: pg.Pool, acting: Acting, change: Switch): Promise<SsoConnectorRow | null> {
  let loader = loaders.get(pool)
  if (!loader) {
    loader = jointLoader((asked) => switchJointly(pool, asked), jointly)
    loaders.set(pool, loader)
  }
  return loader.load({ ...change, acting })
}

async function switchJointly(pool: pg.Pool, asked: readonly Asked[]): Promise<(SsoConnectorRow | null | Error)[]> {
  try {
    return await switchInOne(pool, asked)
  } catch (error) {
    if (asked.length === 1 || !isAboutOne(error)) throw error
    return Promise.all(
      asked.map((one) =>
        switchInOne(pool, [one]).then(
          ([row = null]) => row,
          (reason: unknown) => reason as Error,
        ),
      ),
    )
  }
}

/** What the database refused may be the fault of one. What kept it from answering is the same for all. */
const isAboutOne = (error: unknown) => error instanceof pg.DatabaseError && (!isUnavailable(error) || error.code === statementTimeout)
const statementTimeout = '57014'

async function switchInOne(pool: pg.Pool, asked: readonly Asked[]): Promise<(SsoConnectorRow | null)[]> {
  // A connector can be switched once in a statement; who asks for the same finds it switched.
  const firsts = new Map(asked.toReversed().map((one) => [one.id, one]))
  const changes = [...firsts.values()]
  const switched = await rows<SsoConnectorRow>(pool, switchAll, [
    changes.map(({ organizationId }) => organizationId),
    changes.map(({ id }) => id),
    changes.map(({ enabled }) => enabled),
    changes.map(({ expectedVersion }) => expectedVersion),
    statesThatAllow('ENABLE'),
    JSON.stringify(changes.map((change) => auditEvent(change.acting, switchEvent({ ...change, from: !change.enabled })))),
  ])
  const byId = new Map(switched.map((row) => [row.id, row]))
  return asked.map((one) => (firsts.get(one.id) === one ? (byId.get(one.id) ?? null) : null))
}

/** `tookOver`: from another organization. */
export function switchEvent(change: {
  organizationId: string
  id: string
  from: boolean
  enabled: boolean
  tookOver?: boolean
}): AuditEntry {
  const { organizationId, id, from, enabled, tookOver } = change
  return {
    organizationId,
    action: enabled ? 'ssoConnector.enable' : 'ssoConnector.disable',
    subjectId: id,
    before: { enabled: from },
    after: { enabled, ...(tookOver ? { reason: 'TOOK_OVER' } : {}) },
  }
}
