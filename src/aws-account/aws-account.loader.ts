import type { AwsPartition } from '../aws/aws.type.ts'
import type { Context } from '../context.ts'
import type { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface AwsAccountRow {
  id: string
  organizationId: string
  accountId: string
  partition: AwsPartition
  alias: string | null
  lastSyncAt: Date | null
  syncStatusMessage: string | null
}

const columns = 'a."id", a."organizationId", a."accountId", a."partition", a."alias", a."lastSyncAt", a."syncStatusMessage"'

const byIds = statement(
  'aws_account_by_ids',
  `select ${columns} from "AwsAccount" a where a."id" = any($1::text[]) and ($2::text[] is null or a."organizationId" = any($2))`,
)
const byNumbers = statement(
  'aws_account_by_numbers',
  `select ${columns} from unnest($1::text[], $2::text[]) as k("organizationId", "accountId")
   join "AwsAccount" a using ("organizationId", "accountId") where ($3::text[] is null or a."organizationId" = any($3))`,
)

export function awsAccountLoader(context: Context): RowLoader<AwsAccountRow> {
  return tenantLoader(context, 'awsAccount', byIds, ['id'])
}

/** Accounts by `<organization id> <12 digits>`. */
export function awsAccountByNumberLoader(context: Context): RowLoader<AwsAccountRow> {
  return tenantLoader(context, 'awsAccountByNumber', byNumbers, ['organizationId', 'accountId'])
}

/** An organization's accounts by their numbers. */
export const organizationAwsAccounts: PageSource<AwsAccountRow> = {
  name: 'organization.awsAccounts',
  columns,
  from: '"AwsAccount" a',
  parentColumns: ['a."organizationId"'],
  orders: { NUMBER: [{ sql: 'a."accountId"', type: 'text', key: ({ accountId }) => accountId }] },
}
