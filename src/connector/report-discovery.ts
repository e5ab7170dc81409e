import PQueue from 'p-queue'
import type { PoolClient } from 'pg'
import type { Context } from '../context.ts'
import { catalogueEntry } from '../integration/catalogue.ts'
import { type IntegrationRow, integrationColumns, integrationLoader } from '../integration/integration.loader.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { recordDiscovery } from '../resource/discovery-run.ts'
import { checkReport, type DiscoveryReport } from './check-report.ts'
import { noteSignOfLife } from './heartbeat.ts'

interface Taken {
  integration: IntegrationRow
  summary: { total: number; succeeded: number; failed: number }
}

/** Of a process, on less than half of its connections to the database: a hundred agents at once must not keep each other and the rest from it. */
const atOnce = 4
/** What waits is held in memory, and whoever sent it waits too; beyond that they are told to come again. */
const waitingAtMost = 100
const turns = new PQueue({ concurrency: atOnce })

/** Takes what a connector's agent found, all of it or nothing. Only for integrations of that connector. */
export async function reportDiscovery(context: Context, report: DiscoveryReport): Promise<Taken> {
  const integration = await requireOwn(context, report)
  const entry = catalogueEntry(integration.type)
  refuseIfAny(checkReport(entry, integration, report))
  if (integration.status === 'DISABLED') throw new Refusal(switchedOff())
  const { organizationId, id: integrationId } = integration
  const { resources, permissions = null, complete: isComplete } = report
  // Without a runId a call is a run of its own, of which nothing needs to be known later unless it ends here.
  const runId = report.runId ?? (isComplete ? newId('op') : null)
  if (turns.size >= waitingAtMost) throw new Refusal(tooMany())
  const write = async (tx: PoolClient) => {
    const part = {
      organizationId,
      integrationId,
      runId,
      resources: resources.map(({ externalId, name, type, status, sourceTags, statusMessage }) => ({
        ...{ externalId, name, type, status },
        statusMessage: statusMessage ?? null,
        sourceTags: (sourceTags ?? []).map(({ key, value }) => ({ key, value })),
      })),
      permissions,
      isComplete,
    }
    if (!(await recordDiscovery(tx, part, context.config.quotas.resources))) throw notFound()
    const isOver = isComplete || report.runId == null
    return noteStatus(tx, integration, report, isOver)
  }
  const updated = await turns.add(() => transaction(context.db.pool, write))
  context.loaders.clear()
  const total = resources.length + (permissions?.length ?? 0)
  return { integration: updated, summary: { total, succeeded: total, failed: 0 } }
}

/** Any other integration is as good as none to an agent, and so is one that this server reads. */
async function requireOwn(context: Context, { integrationId, agentVersion }: DiscoveryReport): Promise<IntegrationRow> {
  const connector = await noteSignOfLife(context.db.pool, context, agentVersion?.slice(0, 100))
  const integration = await integrationLoader(context).load(integrationId)
  const isOwn = integration?.connectorId === connector.id && catalogueEntry(integration.type).discovery === 'CONNECTOR'
  if (!integration || !isOwn) throw notFound()
  return integration
}

const notFound = () => new Refusal(userError.notFound(['input', 'integrationId'], 'integration'))

const switchedOff = () =>
  userError.precondition(
    ['input', 'integrationId'],
    'The integration is switched off: nothing is taken for it.',
    'Enable it with enableIntegration.',
  )

const tooMany = () =>
  userError.upstream(
    ['input'],
    'Gatehouse',
    'Too many reports come at once, and nothing of this one was taken. Send it again in a few seconds.',
    true,
  )

/** What the agent says of the status counts; where it says nothing, the end of a run means that all is well. */
async function noteStatus(
  tx: PoolClient,
  { organizationId, id }: IntegrationRow,
  { status, statusMessage }: DiscoveryReport,
  isOver: boolean,
): Promise<IntegrationRow> {
  const told = status ?? (isOver ? 'ACTIVE' : null)
  const isSuccess = isOver && told !== 'ERROR'
  const { rows } = await tx.query<IntegrationRow>(
    told === null
      ? `select ${integrationColumns} from "Integration" i where i."organizationId" = $1 and i."id" = $2`
      : `update "Integration" i set "status" = $3::"IntegrationStatus", "statusMessage" = $4,
           "lastSyncAt" = case when $5 then now() else i."lastSyncAt" end
         where i."organizationId" = $1 and i."id" = $2 and i."status" <> 'DISABLED' returning ${integrationColumns}`,
    told === null ? [organizationId, id] : [organizationId, id, told, statusMessage ?? null, isSuccess],
  )
  const [updated] = rows
  // It was switched off since it was read: nothing of this report stays.
  if (!updated) throw new Refusal(switchedOff())
  return updated
}
