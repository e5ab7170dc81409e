import { reverifyComponent } from '../component/component.job.ts'
import type { Services } from '../context.ts'
import { refreshIntegrationJob } from '../integration/integration.job.ts'
import { verifyComponentsJob } from '../operation/verify-components.job.ts'
import { lookUpSsoConnector } from '../sso-connector/sso-connector.job.ts'
import type { JobName, JobPayload } from './enqueue.ts'

/** Runs one job. Every handler can be run again after it was cut off at any point. `signal` ends with the worker. */
export type JobHandler<Name extends JobName> = (services: Services, payload: JobPayload<Name>, signal: AbortSignal) => Promise<void>

/** Which function does which job. */
export const jobHandlers: { [Name in JobName]: JobHandler<Name> } = {
  reverifyComponent,
  verifyComponents: verifyComponentsJob,
  lookUpSsoConnector,
  refreshIntegration: refreshIntegrationJob,
}
