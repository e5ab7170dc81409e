import type { PoolClient } from 'pg'
import type { ComponentKind } from '../generated/prisma/enums.ts'
import { queueVerifications } from './verification-schedule.ts'

/**
 * Queues a new look at the installed components that work through this one, which is about to be no longer installed: ACCESS_LOGS read
 * through IAM_ASSESSMENT of their account, Identity Center logins through the parent's IAM_WRITE. Belongs in the transaction of the change.
 */
export async function queueDependants(
  tx: PoolClient,
  organizationId: string,
  { kind, accountId }: { kind: ComponentKind; accountId: string },
): Promise<void> {
  const condition = dependsOn[kind]
  if (!condition) return
  const { rows } = await tx.query<{ organizationId: string; id: string }>(
    `select c."organizationId", c."id" from "Component" c join "AwsAccount" a on a."organizationId" = c."organizationId" and a."id" = c."awsAccountId"
     where c."organizationId" = $1 and c."state" = 'INSTALLED' and ${condition}`,
    [organizationId, accountId],
  )
  await queueVerifications(tx, rows)
}

const dependsOn: Partial<Record<ComponentKind, string>> = {
  IAM_ASSESSMENT: `c."kind" = 'ACCESS_LOGS' and a."accountId" = $2 and c."config" ->> 'cloudLakeArn' is not null`,
  IAM_WRITE: `c."kind" = 'IAM_WRITE' and a."accountId" <> $2 and c."config" -> 'login' ->> 'parentAccountId' = $2`,
}
