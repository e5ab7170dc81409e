import type { PoolClient } from 'pg'
import type { Context } from '../context.ts'
import type { ComponentKind } from '../generated/prisma/enums.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, userError } from '../platform/errors.ts'
import { inTurn } from './account-turn.ts'
import { type ComponentRow, componentLoader } from './component.loader.ts'
import { recordChanges } from './component-history.ts'
import { queueDependants } from './dependants.ts'
import { lockAwsIntegration } from './integration-lock.ts'
import { type ComponentReference, inputPaths, notAllowed, type ReferencePaths } from './verify-component.ts'

export interface Removal {
  deletedIds: string[]
  alreadyAbsent: boolean
  organizationId: string | null
}

/** Forgets a component; AWS is left as it is. The last of an account takes BASE along. What is gone already is no error. */
export async function removeComponent(context: Context, reference: ComponentReference, at: ReferencePaths = inputPaths): Promise<Removal> {
  const component = await componentLoader(context).load(reference.id)
  if (!component) return { deletedIds: [], alreadyAbsent: true, organizationId: null }
  const { organizationId } = component
  if (component.kind === 'BASE') throw new Refusal(notAllowed(component, 'REMOVE', at.id))
  const work = async (tx: PoolClient) => {
    await lockAwsIntegration(tx, organizationId, 'share')
    await tx.query('select 1 from "AwsAccount" where "organizationId" = $1 and "id" = $2 for update', [
      organizationId,
      component.awsAccountId,
    ])
    const current = await tx.query<{ version: number; state: ComponentRow['state'] }>(
      'select "version", "state" from "Component" where "organizationId" = $1 and "id" = $2 for update',
      [organizationId, component.id],
    )
    const [found] = current.rows
    if (!found) return []
    if (reference.expectedVersion != null && reference.expectedVersion !== found.version) {
      throw new Refusal(userError.conflict(at.expectedVersion, found.version))
    }
    const removed = await removeAll(tx, organizationId, 'c."id" = $2', component.id)
    const bases = await removeAll(
      tx,
      organizationId,
      `c."awsAccountId" = $2 and c."kind" = 'BASE' and not exists (select 1 from "Component" o where o."awsAccountId" = $2 and o."kind" <> 'BASE')`,
      component.awsAccountId,
    )
    await recordRemovals(tx, context, organizationId, [...removed, ...bases])
    if (found.state === 'INSTALLED') await queueDependants(tx, organizationId, component)
    return [...removed, ...bases].map(({ id }) => id)
  }
  const deletedIds = await inTurn(component, () => transaction(context.db.pool, work))
  context.loaders.clear()
  return { deletedIds, alreadyAbsent: deletedIds.length === 0, organizationId }
}

interface Removed {
  id: string
  kind: ComponentKind
  itemId: string
  state: ComponentRow['state']
}

/** Removes every component of the organization that the condition (over `c`, with `$2`) names. */
export async function removeAll(tx: PoolClient, organizationId: string, condition: string, value: string): Promise<Removed[]> {
  const { rows } = await tx.query<Removed>(
    `delete from "Component" c where c."organizationId" = $1 and ${condition} returning c."id", c."kind", c."itemId", c."state"`,
    [organizationId, value],
  )
  return rows
}

export async function recordRemovals(tx: PoolClient, context: Context, organizationId: string, removed: Removed[]): Promise<void> {
  await recordChanges(
    tx,
    context,
    removed.map(({ id, kind, itemId, state }) => ({
      organizationId,
      componentId: id,
      action: 'REMOVE' as const,
      fromState: state,
      toState: null,
      before: { kind, itemId },
    })),
  )
}
