import { recordEvents } from '../audit/audit.ts'
import type { RoleTag, SeenRole } from '../aws/aws.type.ts'
import type { Context } from '../context.ts'
import { transaction } from '../platform/database/transaction.ts'
import { newId } from '../platform/typeid.ts'

/** Whose roles are written, what they were read through, and when the scan began: that is when they were seen. */
export interface ScannedAccount {
  organizationId: string
  awsAccountId: string
  sourceId: string
  startedAt: Date
}

/**
 * Writes a page of seen roles in one statement: new ones, and those that differ from what is known or were MISSING. A role that is as
 * known is not even locked. One whose role id has changed under its ARN is another role: it begins anew, granted by no group, and that is audited.
 */
export async function storeSeenRoles(
  context: Context,
  { organizationId, awsAccountId, sourceId, startedAt }: ScannedAccount,
  seen: SeenRole[],
): Promise<void> {
  if (seen.length === 0) return
  const given = seen.map(({ details, tags, ...role }) => ({
    ...role,
    id: newId('role'),
    hasDetails: details !== undefined,
    description: details?.description ?? null,
    maxSessionDuration: details?.maxSessionDuration ?? null,
    tags: tags ?? null,
  }))
  const values = [organizationId, awsAccountId, sourceId, JSON.stringify(given)]
  const { rowCount } = await context.db.pool.query(`${changed} select 1 from changed limit 1`, values)
  if (rowCount === 0) return
  await transaction(context.db.pool, async (tx) => {
    const { rows } = await tx.query<Replaced>(upsert, [...values, startedAt])
    await recordEvents(
      tx,
      context,
      rows.map(({ id, arn, oldRoleId, roleId, userGroupIds }) => ({
        organizationId,
        action: 'awsRole.replace',
        subjectId: id,
        before: { arn, roleId: oldRoleId, userGroupIds },
        after: { arn, roleId, userGroupIds: [] },
      })),
    )
  })
}

/** Writes tags that were read apart from their roles, where they differ. */
export async function storeTags(
  { db }: Context,
  { organizationId, awsAccountId, startedAt }: ScannedAccount,
  tagged: { arn: string; roleId: string; tags: RoleTag[] }[],
): Promise<void> {
  if (tagged.length === 0) return
  await db.pool.query(
    `update "AwsRole" r set "tags" = g."tags", "version" = r."version" + 1, "updatedAt" = now(), "lastSeenAt" = $4
     from json_to_recordset($3::json) as g("arn" text, "roleId" text, "tags" jsonb)
     where r."organizationId" = $1 and r."awsAccountId" = $2 and r."arn" = g."arn" and r."roleId" = g."roleId" and r."tags" is distinct from g."tags"`,
    [organizationId, awsAccountId, JSON.stringify(tagged), startedAt],
  )
}

/** After a scan that saw every role: those it did not see are MISSING. */
export async function markMissing(
  { db }: Context,
  { organizationId, awsAccountId, startedAt }: ScannedAccount,
  seenArns: string[],
): Promise<void> {
  await db.pool.query(
    // Written first, so that what was last seen by the scan before keeps that time.
    `with account as (
       select "lastCompleteScanAt" from "AwsAccount" where "organizationId" = $1 and "id" = $2
     ), gone as (
       update "AwsRole" r set "status" = 'MISSING', "missingSince" = now(), "version" = r."version" + 1, "updatedAt" = now(),
         "lastSeenAt" = greatest(r."lastSeenAt", account."lastCompleteScanAt")
       from account where r."organizationId" = $1 and r."awsAccountId" = $2 and r."status" = 'OK' and r."lastSeenAt" < $4
         and not exists (select 1 from unnest($3::text[]) as s("arn") where s."arn" = r."arn")
     )
     update "AwsAccount" set "lastCompleteScanAt" = $4 where "organizationId" = $1 and "id" = $2`,
    [organizationId, awsAccountId, seenArns, startedAt],
  )
}

/** After a scan that was cut off: what it did see was seen all the same. */
export async function noteSeen(
  { db }: Context,
  { organizationId, awsAccountId, startedAt }: ScannedAccount,
  seenArns: string[],
): Promise<void> {
  if (seenArns.length === 0) return
  await db.pool.query(
    `update "AwsRole" set "lastSeenAt" = $4
     where "organizationId" = $1 and "awsAccountId" = $2 and "arn" = any($3::text[]) and "lastSeenAt" < $4`,
    [organizationId, awsAccountId, seenArns, startedAt],
  )
}

interface Replaced {
  id: string
  arn: string
  oldRoleId: string
  roleId: string
  /** The groups that granted the role before. */
  userGroupIds: string[]
}

const changed = `with given as (
  select * from json_to_recordset($4::json) as g("id" text, "arn" text, "roleId" text, "name" text, "path" text, "trustPolicy" jsonb,
    "hasDetails" boolean, "description" text, "maxSessionDuration" int, "tags" jsonb)
), changed as (
  select g.*, r."roleId" as "oldRoleId", (r."roleId" <> g."roleId") as "isReplaced" from given g
  left join "AwsRole" r on r."organizationId" = $1 and r."arn" = g."arn"
  where r."id" is null or r."status" = 'MISSING' or r."roleId" <> g."roleId" or r."awsAccountId" <> $2 or r."discoveredById" is distinct from $3
    or r."name" <> g."name" or r."path" <> g."path" or r."trustPolicy" <> g."trustPolicy"
    or (g."hasDetails" and (r."description", r."maxSessionDuration") is distinct from (g."description", g."maxSessionDuration"))
    or (g."tags" is not null and r."tags" is distinct from g."tags")
)`

// 3600 seconds are IAM's own default, where the session's length could not be read.
const upsert = `${changed}, updated as (
  update "AwsRole" r set "awsAccountId" = $2, "discoveredById" = $3, "roleId" = c."roleId", "name" = c."name", "path" = c."path",
    "trustPolicy" = c."trustPolicy",
    "description" = case when c."hasDetails" then c."description" when c."isReplaced" then null else r."description" end,
    "maxSessionDuration" = coalesce(c."maxSessionDuration", case when c."isReplaced" then 3600 else r."maxSessionDuration" end),
    "tags" = case when c."isReplaced" then c."tags" else coalesce(c."tags", r."tags") end,
    "firstSeenAt" = case when c."isReplaced" then $5 else r."firstSeenAt" end,
    "status" = 'OK', "missingSince" = null, "lastSeenAt" = $5, "updatedAt" = now(), "version" = r."version" + 1
  from changed c where c."oldRoleId" is not null and r."organizationId" = $1 and r."arn" = c."arn"
), inserted as (
  insert into "AwsRole" ("id", "organizationId", "awsAccountId", "discoveredById", "roleId", "name", "arn", "path", "description", "maxSessionDuration",
    "trustPolicy", "tags", "firstSeenAt", "lastSeenAt", "updatedAt")
  select "id", $1, $2, $3, "roleId", "name", "arn", "path", "description", coalesce("maxSessionDuration", 3600), "trustPolicy", "tags", $5, $5, now()
  from changed where "oldRoleId" is null
  on conflict ("organizationId", "arn") do nothing
), dropped as (
  delete from "UserGroupAwsRole" g using changed c, "AwsRole" r
  where c."isReplaced" and r."organizationId" = $1 and r."arn" = c."arn" and g."organizationId" = $1 and g."awsRoleId" = r."id"
  returning g."awsRoleId", g."userGroupId"
)
select r."id", c."arn", c."oldRoleId", c."roleId",
  array(select d."userGroupId" from dropped d where d."awsRoleId" = r."id" order by 1) as "userGroupIds"
from changed c join "AwsRole" r on r."organizationId" = $1 and r."arn" = c."arn"
where c."isReplaced"`
