import type { PoolClient } from 'pg'
import type { AwsPartition } from '../aws/aws.type.ts'
import { isPartitionLearned } from '../aws-account/learn-accounts.ts'
import type { Context } from '../context.ts'
import type { ComponentKind } from '../generated/prisma/enums.ts'
import { requireOrganization } from '../organization/organization.service.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { inTurn } from './account-turn.ts'
import { allowedActions } from './component.lifecycle.ts'
import { type ComponentRow, componentByItemLoader, componentLoader } from './component.loader.ts'
import { type ComponentChange, recordChanges } from './component-history.ts'
import { queueDependants } from './dependants.ts'
import { lockAwsIntegration } from './integration-lock.ts'
import { takeRoom } from './quota.ts'
import { type Item, paths, readItem, type StagePaths, type StageRequest } from './stage-item.ts'
import { notAllowed } from './verify-component.ts'
import { writeSetup } from './write-setup.ts'

type Account = { id: string; partition: AwsPartition }
type Existing = { id: string; state: ComponentRow['state']; partition: AwsPartition; version: number }

/**
 * Hands out a component's setup: makes the component in STAGE, or puts one back into it. Staging one that is in STAGE changes nothing.
 * The first component of an account brings BASE along.
 */
export async function stageComponent(
  context: Context,
  request: StageRequest,
  at: StagePaths = { itemId: ['input', 'itemId'] },
): Promise<ComponentRow> {
  await requireOrganization(context, request.organizationId, paths.organizationId)
  if (request.kind === 'BASE') throw await refusalOfBase(context, request)
  const item = readItem(request, request.kind, at)
  const work = async (tx: PoolClient) => {
    const integrationId = await requireIntegration(tx, request.organizationId)
    const account = await lockAccount(tx, context, request, item, at)
    const existing = await lockComponent(tx, request)
    const partition = item.partition ?? account.partition
    if (existing) return restage(tx, context, { request, item, account, existing, partition, integrationId }, at)
    await assertPartition(tx, request.organizationId, account, partition, null)
    return stageFirst(tx, context, { request, item, account, partition, integrationId }, at)
  }
  const { organizationId } = request
  const id = await inTurn({ organizationId, accountId: item.accountId }, () => transaction(context.db.pool, work))
  context.loaders.clear()
  const staged = await componentLoader(context).load(id)
  if (!staged) throw new Refusal(userError.conflict(at.itemId, null))
  return staged
}

/** It is part of a unique index, whose entries are bounded; the longest ARN of a function has 251 characters. */
/** No action on a BASE is allowed; where there is none, the kind is no choice. */
async function refusalOfBase(context: Context, { organizationId, itemId }: StageRequest): Promise<Refusal> {
  const base = await componentByItemLoader(context).load(`${organizationId} BASE ${itemId}`)
  if (base) return new Refusal(notAllowed(base, 'STAGE', paths.kind))
  return new Refusal(
    userError.validation(
      'INVALID_VALUE',
      paths.kind,
      'BASE is made by the server with the first component of an account; stage another kind.',
    ),
  )
}

async function requireIntegration(tx: PoolClient, organizationId: string): Promise<string> {
  const id = await lockAwsIntegration(tx, organizationId, 'share')
  if (!id) {
    throw new Refusal(
      userError.precondition(
        paths.organizationId,
        'The AWS integration of this organization is not installed.',
        'Call installAwsIntegration first.',
      ),
    )
  }
  return id
}

/** The account's row is the lock under which its components come and go: BASE is made and removed exactly once. */
async function lockAccount(
  tx: PoolClient,
  context: Context,
  { organizationId }: StageRequest,
  item: Item,
  at: StagePaths,
): Promise<Account> {
  const select = 'select "id", "partition" from "AwsAccount" where "organizationId" = $1 and "accountId" = $2 for update'
  const known = await tx.query<Account>(select, [organizationId, item.accountId])
  if (known.rows[0]) return known.rows[0]
  const limit = context.config.quotas.awsAccounts
  await takeRoom(tx, context, { table: 'AwsAccount', organizationId, limit }, at.itemId)
  await tx.query(
    'insert into "AwsAccount" ("id", "organizationId", "accountId", "partition") values ($1, $2, $3, $4) on conflict ("organizationId", "accountId") do nothing',
    [newId('acct'), organizationId, item.accountId, item.partition ?? 'AWS'],
  )
  const made = await tx.query<Account>(select, [organizationId, item.accountId])
  if (!made.rows[0]) throw new Error(`account ${item.accountId} vanished while it was staged`)
  return made.rows[0]
}

async function lockComponent(tx: PoolClient, { organizationId, kind, itemId }: StageRequest): Promise<Existing | null> {
  const { rows } = await tx.query<Existing>(
    'select "id", "state", "partition", "version" from "Component" where "organizationId" = $1 and "kind" = $2 and "itemId" = $3 for update',
    [organizationId, kind, itemId],
  )
  return rows[0] ?? null
}

/** An account lies in one partition. It may turn out to be the other one only while nothing but the component being staged says which. */
async function assertPartition(
  tx: PoolClient,
  organizationId: string,
  account: Account,
  partition: AwsPartition,
  componentId: string | null,
): Promise<void> {
  if (partition === account.partition) return
  const others = await tx.query(
    'select 1 from "Component" where "awsAccountId" = $1 and "kind" <> \'BASE\' and "id" is distinct from $2 limit 1',
    [account.id, componentId],
  )
  if (others.rows.length > 0 || (await isPartitionLearned(tx, organizationId, account.id))) {
    throw new Refusal(
      userError.validation(
        'INVALID_VALUE',
        paths.partition,
        `This account lies in the partition ${account.partition}: leave partition out or give that one.`,
      ),
    )
  }
  await tx.query('update "AwsAccount" set "partition" = $2 where "id" = $1', [account.id, partition])
  await tx.query(`update "Component" set "partition" = $2 where "awsAccountId" = $1 and "kind" = 'BASE'`, [account.id, partition])
}

interface Staging {
  request: StageRequest
  item: Item
  account: Account
  partition: AwsPartition
  integrationId: string
}

async function stageFirst(tx: PoolClient, context: Context, staging: Staging, at: StagePaths): Promise<string> {
  const { request, item, account, partition, integrationId } = staging
  const { organizationId, kind, itemId } = request
  await takeRoom(tx, context, { table: 'Component', organizationId, limit: context.config.quotas.components }, at.itemId)
  const insert = async (of: ComponentKind, item: string, state: 'STAGE' | 'INSTALLED') => {
    const { rows } = await tx.query<{ id: string }>(
      `insert into "Component" ("id", "organizationId", "integrationId", "awsAccountId", "kind", "itemId", "partition", "state")
       values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict ("organizationId", "kind", "itemId") do nothing returning "id"`,
      [newId('cmp'), organizationId, integrationId, account.id, of, item, partition, state],
    )
    return rows[0]?.id ?? null
  }
  const changes: ComponentChange[] = []
  const baseId = await insert('BASE', item.accountId, 'INSTALLED')
  if (baseId)
    changes.push({
      organizationId,
      componentId: baseId,
      action: 'STAGE',
      fromState: null,
      toState: 'INSTALLED',
      after: { kind: 'BASE', itemId: item.accountId },
    })
  const id = await insert(kind, itemId, 'STAGE')
  if (!id) throw new Error(`${kind} ${itemId} appeared while its account was locked`)
  changes.push({ organizationId, componentId: id, action: 'STAGE', fromState: null, toState: 'STAGE', after: { kind, itemId, partition } })
  await writeSetup(tx, context, staging, id, at)
  await recordChanges(tx, context, changes)
  return id
}

async function restage(tx: PoolClient, context: Context, staging: Staging & { existing: Existing }, at: StagePaths): Promise<string> {
  const { request, existing, account } = staging
  const { id, state, version } = existing
  // Not said: the component keeps its partition.
  const partition = staging.item.partition ?? existing.partition
  if (state === 'STAGE') {
    if (partition === existing.partition) return id
    throw new Refusal(
      userError.validation(
        'INVALID_VALUE',
        paths.partition,
        `It is staged in the partition ${existing.partition}. Remove it, then stage it in the other one.`,
      ),
    )
  }
  if (state === 'INSTALLED' && !request.allowRestage) {
    throw new Refusal(
      userError.transition(
        at.itemId,
        'It is installed: staging it again clears its configuration. Give allowRestage: true to do so.',
        state,
        allowedActions(request.kind, state),
      ),
    )
  }
  await assertPartition(tx, request.organizationId, account, partition, id)
  await tx.query(
    `update "Component" set "state" = 'STAGE', "partition" = $3, "config" = null, "health" = 'UNKNOWN', "nextVerifyAt" = null, "version" = "version" + 1, "updatedAt" = now()
     where "organizationId" = $1 and "id" = $2`,
    [request.organizationId, id, partition],
  )
  await tx.query('delete from "RoleSetup" where "organizationId" = $1 and "componentId" = $2', [request.organizationId, id])
  await writeSetup(tx, context, { ...staging, partition }, id, at)
  if (state === 'INSTALLED') await queueDependants(tx, request.organizationId, { kind: request.kind, accountId: staging.item.accountId })
  await recordChanges(tx, context, [
    {
      organizationId: request.organizationId,
      componentId: id,
      action: 'STAGE',
      fromState: state,
      toState: 'STAGE',
      before: { version, partition: existing.partition },
      after: { version: version + 1, partition },
    },
  ])
  return id
}
