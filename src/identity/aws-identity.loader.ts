import type { Context } from '../context.ts'
import type { RowLoader } from '../platform/loader.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'
import { type AwsIdentityRow, awsIdentityColumns } from './aws-identity.ts'

const byOrganizations = statement(
  'aws_identity_by_organizations',
  `select ${awsIdentityColumns} from "AwsIdentity"
   where "organizationId" = any($1::text[]) and ($2::text[] is null or "organizationId" = any($2))`,
)

/** Who each organization is to AWS, by organization id; null before its aws integration was first installed. */
export function awsIdentityLoader(context: Context): RowLoader<AwsIdentityRow> {
  return tenantLoader(context, 'awsIdentity', byOrganizations, ['organizationId'])
}
