import type { Context } from '../context.ts'
import type { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

/** A credential as anyone may see it: the secret is not among its columns. */
export interface AwsCredentialRow {
  id: string
  organizationId: string
  accountName: string
  accessKeyId: string
  awsAccountId: string | null
  createdAt: Date
  rotatedAt: Date | null
  lastUsedAt: Date | null
}

const columns =
  'c."id", c."organizationId", c."accountName", c."accessKeyId", c."awsAccountId", c."createdAt", c."rotatedAt", c."lastUsedAt"'

const byIds = statement(
  'aws_credential_by_ids',
  `select ${columns} from "AwsCredential" c where c."id" = any($1::text[]) and ($2::text[] is null or c."organizationId" = any($2))`,
)

export function awsCredentialLoader(context: Context): RowLoader<AwsCredentialRow> {
  return tenantLoader(context, 'awsCredential', byIds, ['id'])
}

/** An organization's credentials by account name, which is unique there. */
export const organizationAwsCredentials: PageSource<AwsCredentialRow> = {
  name: 'organization.awsCredentials',
  columns,
  from: '"AwsCredential" c',
  parentColumns: ['c."organizationId"'],
  orders: { NAME: [{ sql: 'c."accountName"', type: 'text', key: ({ accountName }) => accountName }] },
}

/** Those that a sync has found to be of the account. */
export const accountCredentials: PageSource<AwsCredentialRow> = {
  ...organizationAwsCredentials,
  name: 'awsAccount.credentials',
  parentColumns: ['c."organizationId"', 'c."awsAccountId"'],
}
