import type { Context } from '../context.ts'
import type { AwsSyncState } from '../generated/prisma/enums.ts'
import type { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface AwsSyncRow {
  id: string
  organizationId: string
  enabled: boolean
  state: AwsSyncState
  statusMessage: string | null
  lastSyncAt: Date | null
  lastSuccessAt: Date | null
  lastOperationId: string | null
}

export interface AwsAccountSyncRow {
  ordinal: number
  awsAccountId: string | null
  credentialId: string | null
  accountName: string
  succeeded: boolean
  statusMessage: string | null
  rolesFound: number
  finishedAt: Date
}

// Every organization has one, also before its row was made: its id is the organization's under another prefix.
const byOrganizations = statement(
  'aws_sync_by_organizations',
  `select 'sync_' || substr(o."id", 5) as "id", o."id" as "organizationId", coalesce(s."enabled", true) as "enabled",
     coalesce(s."state", 'NA') as "state", s."statusMessage", s."lastSyncAt", s."lastSuccessAt", s."lastOperationId"
   from "Organization" o left join "AwsSync" s on s."organizationId" = o."id"
   where o."id" = any($1::text[]) and ($2::text[] is null or o."id" = any($2))`,
)

/** The sync of each organization, by organization id. */
export function awsSyncLoader(context: Context): RowLoader<AwsSyncRow> {
  return tenantLoader(context, 'awsSync', byOrganizations, ['organizationId'])
}

/** The organization whose sync has this id. */
export const organizationOfSync = (syncId: string): string => `org_${syncId.slice('sync_'.length)}`

/** What became of each credential and each INVENTORY account in one sync. */
export const accountSyncs: PageSource<AwsAccountSyncRow> = {
  name: 'awsSync.accounts',
  columns: `s."ordinal", s."awsAccountId", s."credentialId", s."accountName", s."succeeded", s."statusMessage", s."rolesFound", s."finishedAt"`,
  from: '"AwsAccountSync" s',
  parentColumns: ['s."organizationId"', 's."operationId"'],
  orders: { ORDINAL: [{ sql: 's."ordinal"', type: 'int', key: ({ ordinal }) => String(ordinal) }] },
}
