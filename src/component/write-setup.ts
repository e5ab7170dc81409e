import type { PoolClient } from 'pg'
import type { AwsPartition, RoleKind } from '../aws/aws.type.ts'
import { buildRoleSetup, INLINE_POLICY_LIMIT, inlinePolicySize } from '../aws/role-setup.ts'
import type { Context } from '../context.ts'
import type { ComponentKind } from '../generated/prisma/enums.ts'
import { type AwsIdentityRow, findAwsIdentity, moveAwsIdentity } from '../identity/aws-identity.ts'
import { Refusal, userError } from '../platform/errors.ts'
import type { Item, StagePaths, StageRequest } from './stage-item.ts'

interface Staging {
  request: StageRequest
  item: Item
  account: { id: string }
  partition: AwsPartition
}

/** The setup for the identity as it is now; a changed public URL takes effect here. */
export async function writeSetup(tx: PoolClient, context: Context, staging: Staging, componentId: string, at: StagePaths): Promise<void> {
  const { request, item, account, partition } = staging
  const { organizationId, kind, itemId } = request
  const issuer = context.issuer.url
  await moveAwsIdentity(tx, { organizationId, issuer })
  if (kind === 'ACCESS_LOGS') return
  const identity = (await findAwsIdentity(tx, organizationId)) as AwsIdentityRow
  const setup = buildRoleSetup({ kind: kind as RoleKind, itemId, accountId: item.accountId, partition, identity })
  const { rows: others } = await tx.query<{ kind: ComponentKind; itemId: string; inlinePolicyName: string; inlinePolicy: string }>(
    `select c."kind", c."itemId", s."inlinePolicyName", s."inlinePolicy" from "RoleSetup" s
     join "Component" c on c."organizationId" = s."organizationId" and c."id" = s."componentId" where c."awsAccountId" = $1 and c."id" <> $2`,
    [account.id, componentId],
  )
  const functions = others.filter((other) => other.kind === 'FUNCTION_CALLER')
  if (kind === 'FUNCTION_CALLER') {
    const twin = functions.find((other) => other.inlinePolicyName === setup.inlinePolicyName)
    if (twin) {
      throw new Refusal(
        userError.validation(
          'INVALID_VALUE',
          at.itemId,
          `Its policy would have the name of that of ${twin.itemId}, which is staged. Remove that one first.`,
        ),
      )
    }
    const documents = [
      ...functions.map((other) => other.inlinePolicy),
      setup.inlinePolicy,
      ...setup.additionalInlinePolicies.map((policy) => policy.document),
    ]
    if (inlinePolicySize(documents) > INLINE_POLICY_LIMIT) {
      throw new Refusal(
        userError.quota(
          at.itemId,
          `The policies of ${setup.roleName} would pass the ${INLINE_POLICY_LIMIT} characters that AWS allows a role: this account holds ${functions.length} functions. Remove one first.`,
          functions.length,
        ),
      )
    }
  }
  await tx.query(
    `insert into "RoleSetup" ("componentId", "organizationId", "roleName", "inlinePolicyName", "inlinePolicy", "trustPolicy", "additionalInlinePolicies",
       "serviceAccountId", "issuer", "oidcProviderUrl", "createsOidcProvider", "createsRole") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      componentId,
      organizationId,
      setup.roleName,
      setup.inlinePolicyName,
      setup.inlinePolicy,
      setup.trustPolicy,
      JSON.stringify(setup.additionalInlinePolicies),
      setup.serviceAccountId,
      setup.issuer,
      setup.oidcProviderUrl,
      others.length === 0,
      functions.length === 0,
    ],
  )
}
