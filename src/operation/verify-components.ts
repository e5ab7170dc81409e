import { checkList, maxBulkItems } from '../component/component-bulk.ts'
import type { Context } from '../context.ts'
import { awsIntegrationLoader } from '../integration/integration.loader.ts'
import type { OperationRow } from './operation.loader.ts'
import { startOperation, waitForOperation } from './operation.service.ts'

/** Verifies components in the background, with progress and a result for each. */
export async function verifyComponents(
  context: Context,
  { organizationId, ids, wait }: { organizationId: string; ids: string[]; wait: boolean },
): Promise<OperationRow> {
  await checkList(context, organizationId, 'ids', ids, maxBulkItems)
  const integration = await awsIntegrationLoader(context).load(organizationId)
  const operation = await startOperation(context, {
    organizationId,
    kind: 'COMPONENT_VERIFICATION',
    subjectId: integration?.id ?? null,
    input: { ids },
    total: ids.length,
    job: 'verifyComponents',
    payload: (operationId) => ({ organizationId, operationId }),
  })
  return wait ? waitForOperation(context, operation.id) : operation
}
