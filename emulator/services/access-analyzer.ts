import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { decodeMarker, encodeMarker } from '../identifiers.ts'
import { ReplicatedMap } from '../replicated-map.ts'
import { type Call, operation, type Service, type Target } from '../service.ts'
import { perRegion } from '../state.ts'

export interface Analyzer {
  arn: string
  name: string
  type: string
  status: 'ACTIVE' | 'CREATING' | 'DISABLED' | 'FAILED'
  createdAt: Date
  tags: Record<string, string>
}

/** An account's analyzers of one region, by name; to change a status put the analyzer again. */
export const analyzersOf = perRegion(() => new ReplicatedMap<Analyzer>())

const name = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z][A-Za-z0-9_.-]*$/)
const type = z.enum([
  'ACCOUNT',
  'ORGANIZATION',
  'ACCOUNT_UNUSED_ACCESS',
  'ORGANIZATION_UNUSED_ACCESS',
  'ACCOUNT_INTERNAL_ACCESS',
  'ORGANIZATION_INTERNAL_ACCESS',
])
const byName = z.object({ analyzerName: name })

export const accessAnalyzer: Service = {
  name: 'access-analyzer',
  actionPrefix: 'access-analyzer',
  protocol: 'restJson',
  timestamps: 'iso8601',
  operations: [
    operation({
      name: 'CreateAnalyzer',
      http: { method: 'PUT', path: '/analyzer' },
      input: z.object({ analyzerName: name, type, tags: z.record(z.string(), z.string()).default({}) }),
      resource: aboutAnalyzer,
      handle(input, call) {
        const analyzers = analyzersOf(call.account, call.region)
        const { arn } = aboutAnalyzer(input, call)
        if (analyzers.latest(input.analyzerName)) {
          const extra = { resourceId: input.analyzerName, resourceType: 'Analyzer' }
          throw new AwsError('ConflictException', `Analyzer ${input.analyzerName} already exists`, 409, extra)
        }
        const { analyzerName, tags } = input
        const analyzer: Analyzer = { arn, name: analyzerName, type: input.type, status: 'ACTIVE', createdAt: new Date(call.nowMs), tags }
        analyzers.put(analyzerName, analyzer, call.nowMs, call.visibleAtMs())
        return { arn }
      },
    }),
    operation({
      name: 'GetAnalyzer',
      http: { method: 'GET', path: '/analyzer/{analyzerName}' },
      input: byName,
      resource: aboutAnalyzer,
      handle: (input, call) => ({
        analyzer: analyzersOf(call.account, call.region).visible(input.analyzerName, call.nowMs) ?? noSuchAnalyzer(input.analyzerName),
      }),
    }),
    operation({
      name: 'DeleteAnalyzer',
      http: { method: 'DELETE', path: '/analyzer/{analyzerName}' },
      input: byName,
      resource: aboutAnalyzer,
      handle({ analyzerName }, { account, region }) {
        if (!analyzersOf(account, region).delete(analyzerName)) noSuchAnalyzer(analyzerName)
      },
    }),
    operation({
      name: 'ListAnalyzers',
      http: { method: 'GET', path: '/analyzer' },
      input: z.object({
        type: type.optional(),
        maxResults: z.coerce.number().int().min(1).max(1000).default(100),
        nextToken: z.string().optional(),
      }),
      resource: 'none',
      handle({ type, maxResults, nextToken }, { account, region, nowMs }) {
        const isWanted = (analyzer: Analyzer) => type === undefined || analyzer.type === type
        const { values, next } = analyzersOf(account, region).page(nowMs, maxResults, decodeMarker(nextToken), isWanted)
        return { analyzers: values, nextToken: next && encodeMarker(next) }
      },
    }),
  ],
  describe: (account) => ({
    analyzers: [...analyzersOf.regions(account).values()].flatMap((analyzers) => [...analyzers.latestValues()].map(({ arn }) => arn)),
  }),
}

function aboutAnalyzer({ analyzerName }: { analyzerName: string }, { account, region }: Pick<Call, 'account' | 'region'>): Target {
  const tags = new Map(Object.entries(analyzersOf(account, region).latest(analyzerName)?.tags ?? {}))
  return { arn: account.arn('access-analyzer', region, `analyzer/${analyzerName}`), tags }
}

function noSuchAnalyzer(analyzerName: string): never {
  const extra = { resourceId: analyzerName, resourceType: 'Analyzer' }
  throw new AwsError('ResourceNotFoundException', `Analyzer ${analyzerName} could not be found`, 404, extra)
}
