import { setTimeout as delay } from 'node:timers/promises'
import {
  type ComponentConfigInput,
  ConfigureComponentsDocument,
  OperationDocument,
  OperationFailuresDocument,
  RunningVerificationsDocument,
  StageComponentsDocument,
  VerifyComponentsDocument,
} from '../generated/operations.ts'
import { itemsOf, RequestError, textOf, type UserError } from '../shared/gatehouse.ts'
import { batches, type Wanted } from './components.ts'
import type { AccountKind } from './options.ts'
import { type Failure, type Run, settle } from './settle.ts'

/** What the server takes in one call. */
const most = { staged: 500, verified: 500, configured: 100 }
const pollEveryMs = 500

/** Hands out the setups of what is not there yet. */
export function stage(run: Run): Promise<void> {
  const { gatehouse, organizationId } = run
  return settle(run, {
    title: 'Staged',
    from: null,
    batchesOf: (left) => batches(left, most.staged, ({ kind, account }) => `${kind} ${account.partition}`),
    async send(batch) {
      const { kind, account } = firstOf(batch)
      const itemIds = batch.map((wanted) => wanted.account.id)
      const input = { organizationId, kind, itemIds, ...(account.partition ? { partition: account.partition } : {}) }
      const { results, errors } = (await gatehouse.ask(StageComponentsDocument, { input })).stageComponents
      assertDone('Staging', errors)
      return failuresOf(batch, results)
    },
  })
}

/** Has AWS looked at in the background; what is set up as handed out can then be configured. */
export function verify(run: Run): Promise<void> {
  const { gatehouse, organizationId } = run
  return settle(run, {
    title: 'Verified',
    from: 'STAGE',
    prepare: () => awaitRunning(run),
    batchesOf: (left) => batches(left, most.verified, () => ''),
    async send(batch, tell) {
      const input = { organizationId, ids: batch.map(idOf) }
      const { operation, errors } = (await gatehouse.ask(VerifyComponentsDocument, { input })).verifyComponents
      if (!operation) throw new RequestError(`The verification cannot be begun: ${textOf(errors)}`)
      await awaitOperation(run, operation.id, tell)
      return readFailures(run, operation.id, batch)
    },
  })
}

/** Configures what is verified: with that it is installed. */
export function configure(run: Run): Promise<void> {
  const { gatehouse, organizationId } = run
  return settle(run, {
    title: 'Configured',
    from: 'CONFIGURE',
    batchesOf: (left) => batches(left, most.configured, ({ kind }) => kind),
    async send(batch) {
      const input = { organizationId, ids: batch.map(idOf), config: configurations[firstOf(batch).kind] }
      const { results, errors } = (await gatehouse.ask(ConfigureComponentsDocument, { input })).configureComponents
      assertDone('Configuring', errors)
      return failuresOf(batch, results)
    },
  })
}

/** One configuration for all components of a kind. Yours may name analyzers, event data stores or another way to sign in. */
const configurations: Record<AccountKind, ComponentConfigInput> = {
  IAM_ASSESSMENT: { iamAssessment: {} },
  IAM_WRITE: { iamWrite: { login: { iam: { identity: 'EMAIL' } } } },
  INVENTORY: { inventory: { confirm: true } },
  ACCESS_LOGS: { accessLogs: {} },
}

/** Verifications of an earlier run that are still under way: what they bring about need not be asked for again. */
async function awaitRunning(run: Run): Promise<boolean> {
  const { organization } = await run.gatehouse.ask(RunningVerificationsDocument, { organizationId: run.organizationId })
  const running = organization?.operations?.nodes ?? []
  for (const { id } of running) await awaitOperation(run, id)
  return running.length > 0
}

async function awaitOperation({ gatehouse, patienceMs }: Run, id: string, tell: (done: number) => void = () => undefined): Promise<void> {
  let done = -1
  let movedAtMs = performance.now()
  for (;;) {
    const { operation } = await gatehouse.ask(OperationDocument, { id })
    if (operation?.status === 'CANCELLED') throw new RequestError('Somebody cancelled the verification. Run this again to go on.')
    if (!operation || operation.finishedAt) return
    if (operation.progress.done !== done) {
      done = operation.progress.done
      movedAtMs = performance.now()
      tell(done)
    }
    // A worker that was killed is noticed within half a minute, and a verification takes 20 s at the most.
    if (performance.now() - movedAtMs > patienceMs + 60_000)
      throw new RequestError(`The verification stands still (${operation.status}). Does a worker run?`)
    await delay(pollEveryMs)
  }
}

async function readFailures({ gatehouse }: Run, id: string, batch: Wanted[]): Promise<Failure[]> {
  const byId = new Map(batch.map((wanted) => [wanted.id, wanted]))
  const failures: Failure[] = []
  const readPage = async (after: string | null) => (await gatehouse.ask(OperationFailuresDocument, { id, after })).operation?.results
  for await (const { subjectId, errors } of itemsOf(readPage)) {
    const wanted = byId.get(subjectId)
    if (wanted) failures.push({ wanted, errors })
  }
  return failures
}

/** Results come in the order of what was asked for. */
function failuresOf(batch: Wanted[], results: { errors: UserError[] }[]): Failure[] {
  return batch.map((wanted, index) => ({ wanted, errors: results[index]?.errors ?? [] })).filter(({ errors }) => errors.length > 0)
}

function assertDone(doing: string, errors: UserError[]): void {
  if (errors.length > 0) throw new RequestError(`${doing} is refused: ${textOf(errors)}`)
}

function firstOf(batch: Wanted[]): Wanted {
  const [first] = batch
  if (!first) throw new Error('an empty batch')
  return first
}

function idOf({ id, kind, account }: Wanted): string {
  if (id === null) throw new Error(`${kind} of ${account.id} is not staged`)
  return id
}
