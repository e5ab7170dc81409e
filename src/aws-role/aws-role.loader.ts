import type { Context } from '../context.ts'
import type { AwsRoleStatus } from '../generated/prisma/enums.ts'
import type { RowLoader } from '../platform/loader.ts'
import { type Asked, narrowed } from '../platform/pagination/asked-columns.ts'
import type { OrderColumn, PageSource } from '../platform/pagination/page-source.ts'
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

// A scan that finds a role as it was writes nothing to it: it was seen when its account was last seen whole.
const lastSeenAt = `case when r."status" = 'OK' then greatest(r."lastSeenAt", a."lastCompleteScanAt") else r."lastSeenAt" end`

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

const tieBreak: OrderColumn<AwsRoleRow> = { sql: 'r."id"', type: 'text', key: ({ id }) => id }

/** An organization's roles. By LAST_SEEN_AT all of them are looked at: that time lies with the account. */
export const organizationAwsRoles: PageSource<AwsRoleRow> = {
  name: 'organization.awsRoles',
  columns,
  from,
  leftJoin: account,
  parentColumns: ['r."organizationId"'],
  orders: {
    NAME: [{ sql: 'r."name"', type: 'text', key: ({ name }) => name }, tieBreak],
    LAST_SEEN_AT: [{ sql: `(${lastSeenAt})`, type: 'timestamptz', key: (role) => role.lastSeenAt.toISOString() }, tieBreak],
  },
}

export const accountAwsRoles: PageSource<AwsRoleRow> = {
  ...organizationAwsRoles,
  name: 'awsAccount.roles',
  parentColumns: ['r."organizationId"', 'r."awsAccountId"'],
}
