import type { Context } from '../context.ts'
import { RowLoader } from '../platform/loader.ts'
import { rows, statement } from '../platform/statement.ts'
import { type AwsIdentityRow, awsIdentityColumns } from './aws-identity.ts'

const byOrganizations = statement(
  'aws_identity_by_organizations',
  `select ${awsIdentityColumns} from "AwsIdentity"
   where "organizationId" = any($1::text[]) and ($2::text[] is null or "organizationId" = any($2))`,
)

/** Who each organization is to AWS, by organization id; null before its aws integration was first installed. */
export function awsIdentityLoader({ db, viewer, loaders }: Context): RowLoader<AwsIdentityRow> {
  return loaders.get(
    'awsIdentity',
    () =>
      new RowLoader<AwsIdentityRow>(
        (ids) => rows(db.pool, byOrganizations, [ids, viewer.organizationIds]),
        ({ organizationId }) => organizationId,
      ),
  )
}
