import type { PoolClient } from 'pg'
import type { ResourceStatus } from '../generated/prisma/enums.ts'
import { Refusal, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'

/** Something that an integration was found to have. */
export interface Discovered {
  externalId: string
  name: string
  type: string
  status: ResourceStatus
  statusMessage: string | null
  sourceTags: { key: string; value: string }[]
}

export interface DiscoveredPermission {
  name: string
  resourceType: string
}

export interface DiscoveryPart {
  organizationId: string
  integrationId: string
  /** Calls with one runId are one run; null: this is none that could come to an end. */
  runId: string | null
  resources: readonly Discovered[]
  /** null: nothing is said of them. */
  permissions: readonly DiscoveredPermission[] | null
  /** Whether the run has now named everything there is. */
  isComplete: boolean
}

/** For so long the last call of a run can come again without passing for a new one. */
const keptDays = 7

/**
 * Writes what one part of a run found, set-wise and only where it differs; with the last part of a complete run, what no part named is
 * marked DELETED (and permissions go). A part that comes again after the end of its run deletes nothing. False where the integration is
 * gone. Throws a Refusal at the quota of resources.
 */
export async function recordDiscovery(tx: PoolClient, part: DiscoveryPart, maxResources: number): Promise<boolean> {
  if (!(await lock(tx, part))) return false
  const run = part.runId === null ? null : { ...part, runId: part.runId }
  const isOpen = run !== null && (await joinRun(tx, run))
  await upsertResources(tx, part, maxResources)
  if (part.permissions) await insertPermissions(tx, part, part.permissions)
  if (run && isOpen) {
    await rememberPart(tx, run)
    if (run.isComplete) await endRun(tx, run)
  }
  return true
}

type RunPart = DiscoveryPart & { runId: string }

/** Whether the run is still going on. Its last part waits for those under way, and they for it: it has to know what they named. */
async function joinRun(tx: PoolClient, { organizationId, integrationId, runId, isComplete }: RunPart): Promise<boolean> {
  await tx.query(
    `delete from "DiscoveryRun" where "organizationId" = $1 and "integrationId" = $2 and "startedAt" < now() - $3 * interval '1 day' and "runId" <> $4`,
    [organizationId, integrationId, keptDays, runId],
  )
  await tx.query('insert into "DiscoveryRun" ("organizationId", "integrationId", "runId") values ($1, $2, $3) on conflict do nothing', [
    organizationId,
    integrationId,
    runId,
  ])
  const { rows } = await tx.query<{ isOpen: boolean }>(
    `select "completedAt" is null as "isOpen" from "DiscoveryRun" where "organizationId" = $1 and "integrationId" = $2 and "runId" = $3
     for ${isComplete ? 'update' : 'share'}`,
    [organizationId, integrationId, runId],
  )
  return rows[0]?.isOpen ?? false
}

/** In the order in which everybody locks: the organization, then the integration, which can so not be deleted meanwhile. */
async function lock(tx: PoolClient, { organizationId, integrationId }: DiscoveryPart): Promise<boolean> {
  const organization = await tx.query('select 1 from "Organization" where "id" = $1 for key share', [organizationId])
  const integration = await tx.query('select 1 from "Integration" where "organizationId" = $1 and "id" = $2 for key share', [
    organizationId,
    integrationId,
  ])
  return organization.rowCount === 1 && integration.rowCount === 1
}

async function upsertResources(tx: PoolClient, part: DiscoveryPart, maxResources: number): Promise<void> {
  const { organizationId, integrationId, resources } = part
  if (resources.length === 0) return
  // What is as it was is only read: a row that is merely locked would be written, too.
  const { rows } = await tx.query<{ inserted: number }>(
    `with given as (
       select * from json_to_recordset($3::json) as g("id" text, "externalId" text, "name" text, "type" text, "status" "ResourceStatus",
         "statusMessage" text, "sourceTags" jsonb)
     ), differing as (
       select g.* from given g left join "Resource" r on r."organizationId" = $1 and r."integrationId" = $2 and r."externalId" = g."externalId"
       where r."id" is null or r."lastSeenAt" < now() - interval '1 hour' or (r."name", r."type", r."status", r."statusMessage", r."sourceTags")
         is distinct from (g."name", g."type", g."status", g."statusMessage", g."sourceTags")
     ), written as (
       insert into "Resource" ("id", "organizationId", "integrationId", "externalId", "name", "type", "status", "statusMessage", "sourceTags")
       select d."id", $1, $2, d."externalId", d."name", d."type", d."status", d."statusMessage", d."sourceTags" from differing d order by d."externalId"
       on conflict ("organizationId", "integrationId", "externalId") do update set "name" = excluded."name", "type" = excluded."type",
         "status" = excluded."status", "statusMessage" = excluded."statusMessage", "sourceTags" = excluded."sourceTags", "lastSeenAt" = now()
       returning xmax = 0 as "isNew"
     )
     select count(*)::int as "inserted" from written where "isNew"`,
    [organizationId, integrationId, JSON.stringify(resources.map((resource) => ({ ...resource, id: newId('res') })))],
  )
  const inserted = rows[0]?.inserted ?? 0
  if (inserted > 0) await count(tx, part, inserted, maxResources)
}

/** Not the organization's row: whoever deletes the integration holds that while waiting for this. */
const quotaLock = 71_106

async function count(tx: PoolClient, part: DiscoveryPart, inserted: number, maxResources: number): Promise<void> {
  const { organizationId, integrationId } = part
  await tx.query('select pg_advisory_xact_lock($1, hashtext($2))::text', [quotaLock, organizationId])
  await tx.query('update "Integration" set "resourceCount" = "resourceCount" + $3 where "organizationId" = $1 and "id" = $2', [
    organizationId,
    integrationId,
    inserted,
  ])
  const { rows } = await tx.query<{ total: number }>(
    'select sum("resourceCount")::int as "total" from "Integration" where "organizationId" = $1',
    [organizationId],
  )
  if ((rows[0]?.total ?? 0) <= maxResources) return
  const message = `The organization may have ${maxResources} resources, and with these it would have more. Delete integrations that are done with.`
  throw new Refusal(userError.quota(['input', 'resources'], message, maxResources))
}

async function insertPermissions(tx: PoolClient, part: DiscoveryPart, permissions: readonly DiscoveredPermission[]): Promise<void> {
  await tx.query(
    `insert into "IntegrationPermission" ("id", "organizationId", "integrationId", "resourceType", "name")
     select g."id", $1, $2, g."resourceType", g."name" from unnest($3::text[], $4::text[], $5::text[]) as g("id", "resourceType", "name")
     where not exists (select 1 from "IntegrationPermission" p where p."organizationId" = $1 and p."integrationId" = $2
       and p."resourceType" = g."resourceType" and p."name" = g."name")
     order by g."resourceType", g."name" on conflict do nothing`,
    [
      part.organizationId,
      part.integrationId,
      permissions.map(() => newId('perm')),
      permissions.map(({ resourceType }) => resourceType),
      permissions.map(({ name }) => name),
    ],
  )
}

/** Hashes are enough to know again what was named: 8 bytes instead of a name for each. */
async function rememberPart(
  tx: PoolClient,
  { organizationId, integrationId, runId, resources, permissions }: DiscoveryPart,
): Promise<void> {
  await tx.query(
    `insert into "DiscoveryRunPart" ("organizationId", "integrationId", "runId", "resources", "permissions")
     select $1, $2, $3, (select array_agg(hashtextextended(e, 0)) from unnest($4::text[]) e),
       case when $5::text[] is null then null else array(select hashtextextended(e, 0) from unnest($5::text[]) e) end`,
    [organizationId, integrationId, runId, resources.map(({ externalId }) => externalId), permissions?.map(permissionKey) ?? null],
  )
}

const permissionKey = ({ resourceType, name }: DiscoveredPermission) => `${resourceType}\n${name}`

async function endRun(tx: PoolClient, { organizationId, integrationId, runId }: RunPart): Promise<void> {
  const run = [organizationId, integrationId, runId]
  // What another run saw since this one began is there, whatever this one saw.
  // NOT IN is hashed whatever the planner guesses; NOT EXISTS compared each with each on a table that was not yet analyzed.
  await tx.query(
    `with run as (select "startedAt" from "DiscoveryRun" where "organizationId" = $1 and "integrationId" = $2 and "runId" = $3),
       seen as (select unnest("resources") as "hash" from "DiscoveryRunPart" where "organizationId" = $1 and "integrationId" = $2 and "runId" = $3)
     update "Resource" r set "status" = 'DELETED', "statusMessage" = null from run
     where r."organizationId" = $1 and r."integrationId" = $2 and r."status" <> 'DELETED' and r."lastSeenAt" < run."startedAt"
       and hashtextextended(r."externalId", 0) not in (select "hash" from seen)`,
    run,
  )
  await tx.query(
    `with parts as (
       select "permissions" from "DiscoveryRunPart" where "organizationId" = $1 and "integrationId" = $2 and "runId" = $3 and "permissions" is not null
     )
     delete from "IntegrationPermission" p where p."organizationId" = $1 and p."integrationId" = $2 and exists (select 1 from parts)
       and hashtextextended(p."resourceType" || E'\\n' || p."name", 0) not in (select unnest("permissions") from parts)`,
    run,
  )
  await tx.query('delete from "DiscoveryRunPart" where "organizationId" = $1 and "integrationId" = $2 and "runId" = $3', run)
  await tx.query(
    'update "DiscoveryRun" set "completedAt" = now() where "organizationId" = $1 and "integrationId" = $2 and "runId" = $3',
    run,
  )
}
