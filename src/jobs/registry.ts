import { readAwsAccounts } from '../aws-sync/read-accounts.job.ts'
import { syncSchedule } from '../aws-sync/sync-schedule.ts'
import { changeRetention } from '../changes/forget-changes.ts'
import { reverifyComponent } from '../component/component.job.ts'
import { verificationSchedule } from '../component/verification-schedule.ts'
import type { Services } from '../context.ts'
import { refreshIntegrationJob } from '../integration/integration.job.ts'
import { verifyComponentsJob } from '../operation/verify-components.job.ts'
import { lookUpSsoConnector } from '../sso-connector/sso-connector.job.ts'
import type { JobName, JobPayload } from './enqueue.ts'
import type { Schedule } from './schedule.ts'

/** Runs one job. Every handler can be run again after it was cut off at any point. `signal` ends with the worker. */
export type JobHandler<Name extends JobName> = (services: Services, payload: JobPayload<Name>, signal: AbortSignal) => Promise<void>

/** Which function does which job. */
export const jobHandlers: { [Name in JobName]: JobHandler<Name> } = {
  reverifyComponent,
  readAwsAccounts,
  verifyComponents: verifyComponentsJob,
  lookUpSsoConnector,
  refreshIntegration: refreshIntegrationJob,
}

/** What is looked after again and again; each queues what is due. */
export const schedules: Schedule[] = [verificationSchedule, syncSchedule, changeRetention]
