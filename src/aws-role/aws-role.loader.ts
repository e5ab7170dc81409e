import type { Context } from '../context.ts'
import type { AwsRoleStatus } from '../generated/prisma/enums.ts'
import type { RowLoader } from '../platform/loader.ts'
import { type Asked, narrowed } from '../platform/pagination/asked-columns.ts'
import type { Cut, OrderColumn, PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface AwsRoleRow {
  id: string
  organizationId: string
  awsAccountId: string
  /** AROA…: what AWS tells roles of one name apart by. */
  roleId: string
  name: string
  arn: string
  path: string
  description: string | null
  /** Seconds. */
  maxSessionDuration: number
  trustPolicy: object
  tags: { key: string; value: string }[] | null
  status: AwsRoleStatus
  discoveredById: string | null
  firstSeenAt: Date
  lastSeenAt: Date
  missingSince: Date | null
  updatedAt: Date
  version: number
}

// A scan that finds a role as it was writes nothing to it: it was seen when its account was last seen whole, or by itself since then.
const seenWholeUntil = `case when a."lastScanAt" <= a."lastCompleteScanAt" then 'infinity' else a."lastCompleteScanAt" end`
const isSeenWhole = `r."status" = 'OK' and r."lastSeenAt" <= ${seenWholeUntil}`
const lastSeenAt = `case when ${isSeenWhole} then a."lastCompleteScanAt" else r."lastSeenAt" end`

const columns = `r."id", r."organizationId", r."awsAccountId", r."roleId", r."name", r."arn", r."path", r."description", r."maxSessionDuration",
  r."trustPolicy", r."tags", r."status", r."discoveredById", r."firstSeenAt", ${lastSeenAt} as "lastSeenAt", r."missingSince", r."updatedAt", r."version"`

const from = '"AwsRole" r'
// Left only so that PostgreSQL leaves the account alone where no column of it is read: every role has one.
const account = {
  column: /\ba\."/,
  sql: 'left join "AwsAccount" a on a."organizationId" = r."organizationId" and a."id" = r."awsAccountId"',
}

const byIds = statement(
  'aws_role_by_ids',
  `select ${columns} from ${from} ${account.sql} where r."id" = any($1::text[]) and ($2::text[] is null or r."organizationId" = any($2))`,
)
const byArns = statement(
  'aws_role_by_arns',
  `select ${columns} from unnest($1::text[], $2::text[]) as k("ofOrganization", "ofArn")
   join "AwsRole" r on r."organizationId" = k."ofOrganization" and r."arn" = k."ofArn"
   join "AwsAccount" a on a."organizationId" = r."organizationId" and a."id" = r."awsAccountId"
   where ($3::text[] is null or r."organizationId" = any($3))`,
)

export function awsRoleLoader(context: Context, asked: Asked = null): RowLoader<AwsRoleRow> {
  return tenantLoader(context, `awsRole|${asked ?? '*'}`, () => narrowed(byIds, columns, asked), ['id'])
}

/** Roles by `<organization id> <arn>`. */
export function awsRoleByArnLoader(context: Context): RowLoader<AwsRoleRow> {
  return tenantLoader(context, 'awsRoleByArn', byArns, ['organizationId', 'arn'])
}

const name: OrderColumn<AwsRoleRow> = { sql: 'r."name"', type: 'text', key: (role) => role.name }
const tieBreak: OrderColumn<AwsRoleRow> = { sql: 'r."id"', type: 'text', key: ({ id }) => id }

export const organizationAwsRoles: PageSource<AwsRoleRow> = {
  name: 'organization.awsRoles',
  columns,
  from,
  leftJoin: account,
  parentColumns: ['r."organizationId"'],
  orders: { NAME: [name, tieBreak] },
}

const ofAccount = 'r."organizationId" = a."organizationId" and r."awsAccountId" = a."id"'

/**
 * The same by when they were last seen. Of most, that is a time of their account: they are read account by account. Those that were seen
 * since then, and those that are missing, have times of their own. Each of the three is read by its index, and no more of it than the page takes.
 */
export const organizationAwsRolesByTime: PageSource<AwsRoleRow> = {
  ...organizationAwsRoles,
  from: (cut) =>
    `"Organization" o ${cut ? `cross join lateral (${idsByTime(cut)}) s join ${from} on r."id" = s."id"` : `join ${from} on r."organizationId" = o."id"`}`,
  parentColumns: ['o."id"'],
  orders: { LAST_SEEN_AT: [{ sql: `(${lastSeenAt})`, type: 'timestamptz', key: (role) => role.lastSeenAt.toISOString() }, name, tieBreak] },
}

function idsByTime(cut: Cut): string {
  const byAccount = cut.rows(['a."lastCompleteScanAt"', name.sql, tieBreak.sql])
  const byItself = cut.rows(['r."lastSeenAt"', name.sql, tieBreak.sql])
  return `
  (select r."id" from "AwsAccount" a cross join lateral (
      select r."name", r."id" from "AwsRole" r where ${ofAccount} and ${isSeenWhole}${byAccount}
    ) r where a."organizationId" = o."id" and a."lastCompleteScanAt" is not null${cut.first('a."lastCompleteScanAt"')}${byAccount})
  union all
  (select r."id" from "AwsAccount" a cross join lateral (
      select r."lastSeenAt", r."name", r."id" from "AwsRole" r
      where ${ofAccount} and r."status" = 'OK' and r."lastSeenAt" > coalesce(a."lastCompleteScanAt", '-infinity')${byItself}
    ) r where a."organizationId" = o."id" and (a."lastCompleteScanAt" is null or a."lastScanAt" > a."lastCompleteScanAt")${byItself})
  union all
  (select r."id" from "AwsRole" r where r."organizationId" = o."id" and r."status" = 'MISSING'${byItself})`
}

export const accountAwsRoles: PageSource<AwsRoleRow> = {
  ...organizationAwsRoles,
  name: 'awsAccount.roles',
  parentColumns: ['r."organizationId"', 'r."awsAccountId"'],
}
