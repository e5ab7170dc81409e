import type { Service } from '../service.ts'
import { indexesOf, indexOperations } from './indexes.ts'
import { searchOperations } from './search.ts'
import { viewOperations } from './views.ts'

export const resourceExplorer: Service = {
  name: 'resource-explorer-2',
  actionPrefix: 'resource-explorer-2',
  protocol: 'restJson',
  timestamps: 'iso8601',
  operations: [...indexOperations, ...viewOperations, ...searchOperations],
  describe: (account) => ({ resourceExplorerIndexes: [...indexesOf(account).latestValues()].map(({ arn, type }) => ({ arn, type })) }),
}
