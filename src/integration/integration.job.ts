import { systemViewer } from '../auth/viewer.ts'
import { createContext } from '../context.ts'
import type { JobHandler } from '../jobs/registry.ts'
import { operationLoader } from '../operation/operation.loader.ts'
import { beginOperation } from '../operation/operation.service.ts'
import { readIntegration } from './read-integration.ts'

/** Reads what an integration has. Cut off, it is read from the beginning when the job runs again. */
export const refreshIntegrationJob: JobHandler<'refreshIntegration'> = async (services, { organizationId, operationId }, signal) => {
  const context = createContext(services, systemViewer(organizationId), null)
  const operation = await operationLoader(context).load(operationId)
  if (!operation || !(await beginOperation(context, operation))) return
  await readIntegration(context, operation, signal)
}
