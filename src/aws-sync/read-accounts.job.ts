import { systemViewer } from '../auth/viewer.ts'
import { noteUnread, noteWithoutSource, withoutSource } from '../aws-account/account-scan.ts'
import { awsAccountLoader } from '../aws-account/aws-account.loader.ts'
import { sealedKeys } from '../aws-credential/sealed-key.ts'
import { openInventory } from '../component/assumable-role.ts'
import { componentLoader } from '../component/component.loader.ts'
import { type Context, createContext } from '../context.ts'
import type { JobHandler } from '../jobs/registry.ts'
import { type OperationRow, operationLoader } from '../operation/operation.loader.ts'
import { beginOperation } from '../operation/operation.service.ts'
import { runAll } from '../platform/run-all.ts'
import { type IdentifiedKey, identifyKeys } from './identify-keys.ts'
import { accountsRead, finishReading, type ItemOutcome, recordOutcomes } from './record-outcomes.ts'
import { type Source, type SourceOutcome, scanAccount } from './scan-account.ts'
import { itemsOf, onlyItems, planForm, type SyncPlan } from './sync-plan.ts'

/** Accounts at once an organization. */
const atOnce = 8

/** Reads what the operation names. Run again after it was cut off, it goes on with what has no result yet. */
export const readAwsAccounts: JobHandler<'readAwsAccounts'> = async (services, { organizationId, operationId }, signal) => {
  const reader = createContext(services, systemViewer(organizationId), null)
  const operation = await operationLoader(reader).load(operationId)
  if (!operation || !(await beginOperation(reader, operation))) return
  const context = createContext(services, { ...reader.viewer, ...actorOf(operation) }, null)
  const wholePlan = planForm.parse(operation.input)
  const done = await doneOrdinals(context, operation)
  const ordinals = new Map(itemsOf(wholePlan).flatMap((id, ordinal) => (done.has(ordinal) ? [] : [[id, ordinal] as const])))
  const plan = onlyItems(wholePlan, ordinals)
  const keys = await identifyKeys(context, organizationId, await sealedKeys(context, organizationId, plan.credentialIds), atOnce, signal)
  const groups = await groupByAccount(context, plan, keys)
  let isOver = !(await record(context, operation, ordinals, await outcomesWithoutScan(context, organizationId, plan, keys)))
  const stop = new AbortController()
  const tasks = [...groups.values()].map((group) => async () => {
    if (isOver || stop.signal.aborted) return 'done' as const
    signal.throwIfAborted()
    const account = { organizationId, awsAccountId: group.awsAccountId }
    const sources = group.members.map(({ source }) => source)
    const outcomes = await scanAccount(context, account, sources, operationId, signal)
    if (!outcomes) return 'busy' as const
    // All of an account's items at once: a run that goes on finds them all done, or none.
    if (!(await record(context, operation, ordinals, itemOutcomes(group, outcomes)))) isOver = true
    return 'done' as const
  })
  await runAll(tasks, atOnce).catch((error: unknown) => {
    stop.abort()
    throw error
  })
  if (isOver) return
  if (operation.kind === 'AWS_SYNC') await noteWithoutSource(context, organizationId, await accountsRead(context, operation))
  await finishReading(context, operation)
}

interface Group {
  awsAccountId: string
  /** In the order in which they are tried: INVENTORY, then keys, the newest first. */
  members: { source: Source; accountName: string; credentialId: string | null }[]
}

async function groupByAccount(context: Context, plan: SyncPlan, keys: IdentifiedKey[]): Promise<Map<string, Group>> {
  const groups = new Map<string, Group>()
  const isWanted = (id: string) => plan.accountIds === null || plan.accountIds.includes(id)
  const add = (awsAccountId: string, member: Group['members'][number]) => {
    const group = groups.get(awsAccountId) ?? { awsAccountId, members: [] }
    groups.set(awsAccountId, group)
    group.members.push(member)
  }
  for (const component of await componentLoader(context).loadMany(plan.componentIds)) {
    if (!component || component instanceof Error || component.state !== 'INSTALLED') continue
    const { id, accountId, awsAccountId } = component
    const open = (signal: AbortSignal) => openInventory(context, component, signal)
    add(awsAccountId, { source: { id, open }, accountName: accountId, credentialId: null })
  }
  for (const one of keys) {
    if ('problem' in one || !isWanted(one.awsAccountId)) continue
    const { id, accountName } = one.key
    add(one.awsAccountId, { source: { id, open: async () => one.session }, accountName, credentialId: id })
  }
  return groups
}

/** Items that lead to no account to scan: keys that do not work or are of another account, what is gone, accounts without a source. */
async function outcomesWithoutScan(
  context: Context,
  organizationId: string,
  plan: SyncPlan,
  keys: IdentifiedKey[],
): Promise<ItemOutcome[]> {
  const failed = (id: string, accountName: string, awsAccountId: string | null, statusMessage: string): ItemOutcome => ({
    ...{ id, accountName, awsAccountId, statusMessage, succeeded: false, hasWarning: false, rolesFound: 0 },
    credentialId: id.startsWith('cred_') ? id : null,
  })
  const broken = keys.flatMap((one) => {
    const { key } = one
    if ('problem' in one) return [failed(key.id, key.accountName, key.awsAccountId, one.problem)]
    if (plan.accountIds === null || plan.accountIds.includes(one.awsAccountId)) return []
    return [failed(key.id, key.accountName, one.awsAccountId, `The key is now one of account ${one.accountId}, which was not asked for.`)]
  })
  const present = new Set(keys.map(({ key }) => key.id))
  const components = await componentLoader(context).loadMany(plan.componentIds)
  const installed = new Set(components.flatMap((found) => (found && 'state' in found && found.state === 'INSTALLED' ? [found.id] : [])))
  const gone = [...plan.credentialIds.filter((id) => !present.has(id)), ...plan.componentIds.filter((id) => !installed.has(id))].map((id) =>
    failed(id, id, null, 'It was removed before it could be used.'),
  )
  const accounts = await awsAccountLoader(context).loadMany(plan.sourceless)
  const sourceless = accounts.flatMap((found) =>
    found && 'accountId' in found ? [failed(found.id, found.accountId, found.id, withoutSource)] : [],
  )
  const unread = [...broken, ...sourceless].flatMap(({ awsAccountId, statusMessage }) =>
    awsAccountId && statusMessage ? [{ awsAccountId, message: statusMessage }] : [],
  )
  // What another source then reads says so itself.
  await noteUnread(context, organizationId, unread)
  return [...broken, ...gone, ...sourceless]
}

function itemOutcomes({ awsAccountId, members }: Group, outcomes: SourceOutcome[]): ItemOutcome[] {
  const isThroughInventory = members[outcomes.findIndex(({ kind }) => kind === 'read')]?.credentialId === null
  return members.flatMap(({ source, accountName, credentialId }, index) => {
    const outcome = outcomes[index]
    return outcome ? [{ id: source.id, awsAccountId, accountName, credentialId, ...told(outcome, isThroughInventory) }] : []
  })
}

function told(
  outcome: SourceOutcome,
  isThroughInventory: boolean,
): Pick<ItemOutcome, 'succeeded' | 'hasWarning' | 'statusMessage' | 'rolesFound'> {
  if (outcome.kind === 'failed') return { succeeded: false, hasWarning: false, statusMessage: outcome.problem, rolesFound: 0 }
  if (outcome.kind === 'read') {
    const { warnings, rolesFound } = outcome
    return { succeeded: true, hasWarning: warnings.length > 0, statusMessage: warnings.join(' ') || null, rolesFound }
  }
  // A key beside INVENTORY is a reserve; two keys of one account are one too many.
  return isThroughInventory
    ? { succeeded: true, hasWarning: false, statusMessage: 'Not needed: the account is read through INVENTORY.', rolesFound: 0 }
    : { succeeded: true, hasWarning: true, statusMessage: 'Not used: a newer key of the same account works.', rolesFound: 0 }
}

async function record(context: Context, operation: OperationRow, ordinals: Map<string, number>, outcomes: ItemOutcome[]): Promise<boolean> {
  const open = outcomes.flatMap((outcome) => {
    const ordinal = ordinals.get(outcome.id)
    return ordinal === undefined ? [] : [{ ...outcome, ordinal }]
  })
  return open.length === 0 || recordOutcomes(context, operation, open)
}

async function doneOrdinals({ db }: Context, { organizationId, id }: OperationRow): Promise<Set<number>> {
  const { rows } = await db.pool.query<{ ordinal: number }>(
    'select "ordinal" from "BackgroundOperationResult" where "organizationId" = $1 and "operationId" = $2',
    [organizationId, id],
  )
  return new Set(rows.map(({ ordinal }) => ordinal))
}

/** Whoever asked for the operation stands in the audit for what it does. */
const actorOf = ({ actorKind, actorSubject, actorLabel }: OperationRow) => ({ kind: actorKind, subject: actorSubject, label: actorLabel })
