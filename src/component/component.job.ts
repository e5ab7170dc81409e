import { systemViewer } from '../auth/viewer.ts'
import { createContext } from '../context.ts'
import type { JobHandler } from '../jobs/registry.ts'
import { Refusal } from '../platform/errors.ts'
import { componentLoader } from './component.loader.ts'
import { verifyComponent } from './verify-component.ts'

/** Looks at an installed component again. What is gone or no longer installed by now is left alone. */
export const reverifyComponent: JobHandler<'reverifyComponent'> = async (services, { organizationId, componentId }, signal) => {
  const context = createContext(services, systemViewer(organizationId), null)
  const component = await componentLoader(context).load(componentId)
  if (component?.state !== 'INSTALLED') return
  try {
    await verifyComponent(context, { id: componentId }, { trigger: 'SCHEDULED', signal })
  } catch (error) {
    // It was removed or staged again while AWS was asked.
    if (!(error instanceof Refusal)) throw error
  }
}
