import type { Service } from '../service.ts'
import { functionOperations } from './functions.ts'
import { functionsOf } from './lambda.state.ts'
import { versionOperations } from './versions.ts'

export const lambda: Service = {
  name: 'lambda',
  actionPrefix: 'lambda',
  protocol: 'restJson',
  timestamps: 'iso8601',
  refusals: {
    throttled: { code: 'TooManyRequestsException', status: 429, extra: { Type: 'User', Reason: 'CallerRateLimitExceeded' } },
    internal: { code: 'ServiceException', status: 500, extra: { Type: 'Service' } },
  },
  operations: [...functionOperations, ...versionOperations],
  describe: (account) => ({
    functions: [...functionsOf.regions(account).values()].flatMap((functions) => [...functions.latestValues()].map(({ arn }) => arn)),
  }),
}
