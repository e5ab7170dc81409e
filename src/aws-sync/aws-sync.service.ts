import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import { awsAccountByNumberLoader } from '../aws-account/aws-account.loader.ts'
import type { Context } from '../context.ts'
import type { OperationRow } from '../operation/operation.loader.ts'
import { cancelOperations, startOperation, waitForOperation } from '../operation/operation.service.ts'
import { requireOrganization } from '../organization/organization.service.ts'
import { Checks } from '../platform/check.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, userError } from '../platform/errors.ts'
import { type AwsSyncRow, awsSyncLoader } from './aws-sync.loader.ts'
import { itemsOf, planSync } from './sync-plan.ts'
import { lockSync, noteSyncAsked, switchSync } from './sync-state.ts'

/** Accounts that one refresh may name. */
const maxAccounts = 500

/** Reads all accounts of an organization in the background; while that runs, every further call gets the same operation. */
export async function syncAwsAccounts(
  context: Context,
  { organizationId, wait }: { organizationId: string; wait: boolean },
): Promise<OperationRow> {
  await requireOrganization(context, organizationId, ['input', 'organizationId'])
  const plan = await planSync(context, organizationId, null)
  const operation = await startOperation(context, {
    organizationId,
    kind: 'AWS_SYNC',
    subjectId: organizationId.replace(/^org_/, 'sync_'),
    input: plan,
    total: itemsOf(plan).length,
    job: 'readAwsAccounts',
    payload: (operationId) => ({ organizationId, operationId }),
    isOneAtATime: 'organization',
    before: (tx) => assertEnabled(tx, organizationId),
    after: (tx) => noteSyncAsked(tx, organizationId),
  })
  return wait ? waitForOperation(context, operation.id) : operation
}

/** Reads the roles of these accounts, or of all that have a source, in the background. */
export async function refreshAwsRoles(
  context: Context,
  { organizationId, accountIds, wait }: { organizationId: string; accountIds?: string[] | null; wait: boolean },
): Promise<OperationRow> {
  await requireOrganization(context, organizationId, ['input', 'organizationId'])
  const ids = accountIds ? await requireAccounts(context, organizationId, accountIds) : null
  const plan = await planSync(context, organizationId, ids)
  const operation = await startOperation(context, {
    organizationId,
    kind: 'AWS_ROLE_REFRESH',
    subjectId: ids?.length === 1 ? (ids[0] ?? null) : null,
    input: plan,
    total: itemsOf(plan).length,
    job: 'readAwsAccounts',
    payload: (operationId) => ({ organizationId, operationId }),
    before: (tx) => assertEnabled(tx, organizationId),
  })
  return wait ? waitForOperation(context, operation.id) : operation
}

/** Disabling cancels whatever reads the organization's accounts at that time. */
export async function setAwsSync(
  context: Context,
  { organizationId, enabled }: { organizationId: string; enabled: boolean },
): Promise<AwsSyncRow | null> {
  await requireOrganization(context, organizationId, ['input', 'organizationId'])
  await transaction(context.db.pool, async (tx) => {
    // First, as everybody does: whoever starts an operation or deletes the organization holds this row before the sync's.
    await tx.query('select 1 from "Organization" where "id" = $1 for key share', [organizationId])
    await lockSync(tx, organizationId)
    if (!(await switchSync(tx, organizationId, enabled))) return
    if (!enabled)
      await cancelOperations(
        tx,
        organizationId,
        ['AWS_SYNC', 'AWS_ROLE_REFRESH'],
        'Synchronization was disabled. What was done stays done.',
      )
    const action = enabled ? 'awsSync.enable' : 'awsSync.disable'
    await recordEvents(tx, context, [{ organizationId, action, subjectId: organizationId.replace(/^org_/, 'sync_') }])
  })
  context.loaders.clear()
  return awsSyncLoader(context).load(organizationId)
}

/** Under the sync's lock: a call that disables comes before or after this operation, never in between. */
async function assertEnabled(tx: PoolClient, organizationId: string): Promise<void> {
  const { enabled } = await lockSync(tx, organizationId)
  if (enabled) return
  throw new Refusal(
    userError.precondition(
      ['input', 'organizationId'],
      'The synchronization of AWS accounts is disabled in this organization.',
      'Enable it with setAwsSync.',
    ),
  )
}

async function requireAccounts(context: Context, organizationId: string, accountIds: string[]): Promise<string[]> {
  refuseIfAny(new Checks('input').size('accountIds', accountIds, maxAccounts).errors)
  const accounts = await awsAccountByNumberLoader(context).loadMany(accountIds.map((number) => `${organizationId} ${number}`))
  const errors = accounts.flatMap((account, index) =>
    account && 'id' in account ? [] : [userError.notFound(['input', 'accountIds', index], 'AWS account')],
  )
  refuseIfAny(errors)
  return [...new Set(accounts.flatMap((account) => (account && 'id' in account ? [account.id] : [])))]
}
