import { systemViewer } from '../auth/viewer.ts'
import { createContext } from '../context.ts'
import type { JobHandler } from '../jobs/registry.ts'
import { lookUpSsoConnector as lookUp } from './look-up-sso-connector.ts'

/** One look-up of a connector's record. What is deleted, done with or not due by now is left alone. */
export const lookUpSsoConnector: JobHandler<'lookUpSsoConnector'> = async (services, payload, signal) => {
  await lookUp(createContext(services, systemViewer(payload.organizationId), null), payload, signal)
}
