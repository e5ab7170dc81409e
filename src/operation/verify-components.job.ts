import PQueue from 'p-queue'
import { z } from 'zod'
import { systemViewer, type Viewer } from '../auth/viewer.ts'
import { componentLoader } from '../component/component.loader.ts'
import { assertOwned, inOrderByItem } from '../component/component-bulk.ts'
import { verifyComponent } from '../component/verify-component.ts'
import { createContext, type Services } from '../context.ts'
import type { JobHandler } from '../jobs/registry.ts'
import { payload, type UserErrorValue } from '../platform/errors.ts'
import { type OperationRow, operationLoader } from './operation.loader.ts'
import { beginOperation, finishOperation, recordResult } from './operation.service.ts'

/** At once an organization, and of these at once an AWS account: AWS limits how often an account's IAM may be asked. */
const atOnce = 8
const atOnceAnAccount = 2

const inputForm = z.object({ ids: z.array(z.string()) })

/** Verifies what the operation names. Run again, it goes on with what has no result yet. */
export const verifyComponentsJob: JobHandler<'verifyComponents'> = async (services, { organizationId, operationId }, signal) => {
  const reader = createContext(services, systemViewer(organizationId), null)
  const operation = await operationLoader(reader).load(operationId)
  if (!operation || !(await beginOperation(reader, operation))) return
  const { ids } = inputForm.parse(operation.input)
  const { rows } = await services.db.pool.query<{ ordinal: number }>(
    'select "ordinal" from "BackgroundOperationResult" where "organizationId" = $1 and "operationId" = $2',
    [organizationId, operationId],
  )
  const done = new Set(rows.map(({ ordinal }) => ordinal))
  const accounts = new Map<string, PQueue>()
  const accountOf = new Map(
    (await componentLoader(reader).loadMany(ids)).flatMap((found) =>
      found && 'awsAccountId' in found ? [[found.id, found.awsAccountId]] : [],
    ),
  )
  const all = new PQueue({ concurrency: atOnce })
  const inOrder = inOrderByItem<void>()
  let isOver = false
  const verifyAndRecord = async (id: string, ordinal: number) => {
    if (isOver || signal.aborted) return
    const errors = await verifyOne(services, operation, id, ordinal, signal)
    if (!(await recordResult(reader, operation, { ordinal, subjectId: id, errors }))) isOver = true
  }
  const settled = await Promise.allSettled(
    ids.map((id, ordinal) => {
      if (done.has(ordinal)) return undefined
      const account = accountOf.get(id) ?? ''
      const queue = accounts.get(account) ?? new PQueue({ concurrency: atOnceAnAccount })
      accounts.set(account, queue)
      return inOrder(id, () => queue.add(() => all.add(() => verifyAndRecord(id, ordinal))))
    }),
  )
  // Only now, when nothing of this run is under way any more, the job may fail and run again.
  if (signal.aborted) throw new Error('the worker stops; the rest is done when the job runs again')
  const fault = settled.find((item) => item.status === 'rejected')
  if (fault) throw fault.reason
  if (!isOver) await finishOperation(reader, operation)
}

/** Rejects with the signal's reason when the worker ends: what AWS would have said is not known then, and the next run asks again. */
async function verifyOne(
  services: Services,
  operation: OperationRow,
  id: string,
  ordinal: number,
  signal: AbortSignal,
): Promise<UserErrorValue[]> {
  const context = createContext(services, actorOf(operation), null)
  const path = ['input', 'ids', ordinal]
  const attempt = await payload({}, async () => {
    await assertOwned(context, operation.organizationId, id, path)
    return verifyComponent(context, { id }, { signal, at: { id: path, expectedVersion: path, config: path } })
  })
  return attempt.errors
}

/** Whoever asked for the operation stands in the audit for what it does. */
function actorOf({ organizationId, actorKind, actorSubject, actorLabel }: OperationRow): Viewer {
  return { ...systemViewer(organizationId), kind: actorKind, subject: actorSubject, label: actorLabel }
}
