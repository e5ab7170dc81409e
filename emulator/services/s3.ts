import { createHash } from 'node:crypto'
import { z } from 'zod'
import { decodeMarker, encodeMarker } from '../identifiers.ts'
import { ReplicatedMap } from '../replicated-map.ts'
import { operation, RawAnswer, type Service, seed } from '../service.ts'
import { type Account, perAccount } from '../state.ts'
import { toXml } from '../wire/xml.ts'

export interface Bucket {
  arn: string
  name: string
  region: string
  createdAt: Date
  tags: Record<string, string>
}

/** An account's buckets by name. */
export const bucketsOf = perAccount(() => new ReplicatedMap<Bucket>())

const tags = z.record(z.string(), z.string()).default({})
const form = z.strictObject({
  accountId: z.string().regex(/^\d{12}$/),
  region: z.string().min(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
  tags,
})

export const s3: Service = {
  name: 's3',
  actionPrefix: 's3',
  protocol: 'restXml',
  timestamps: 'iso8601',
  operations: [
    operation({
      name: 'ListBuckets',
      http: { method: 'GET', path: '/' },
      action: 's3:ListAllMyBuckets',
      input: z.object({
        'max-buckets': z.coerce.number().int().min(1).max(10_000).optional(),
        'continuation-token': z.string().optional(),
        'bucket-region': z.string().optional(),
        prefix: z.string().default(''),
      }),
      resource: 'none',
      handle(input, { account, nowMs }) {
        const limit = input['max-buckets'] ?? 10_000
        const region = input['bucket-region']
        const isWanted = (bucket: Bucket) => bucket.name.startsWith(input.prefix) && (region === undefined || bucket.region === region)
        const { values, next } = bucketsOf(account).page(nowMs, limit, decodeMarker(input['continuation-token']), isWanted)
        const Buckets = values.map(({ arn, name, createdAt, region }) => ({
          Name: name,
          CreationDate: createdAt,
          // Told only where a parameter asks for pages.
          ...(input['max-buckets'] === undefined ? {} : { BucketRegion: region, BucketArn: arn }),
        }))
        const answer = { Owner: { ID: ownerOf(account) }, Buckets, ContinuationToken: next && encodeMarker(next) }
        const body = toXml('ListAllMyBucketsResult', answer, ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', 'Bucket')
        return new RawAnswer({ status: 200, headers: {}, body })
      },
    }),
  ],
  describe: (account) => ({ buckets: [...bucketsOf(account).latestValues()].map(({ arn, region }) => ({ arn, region })) }),
  seeds: { buckets: seed(form, putBucket) },
}

/** Puts a bucket into the account without a call. */
export function putBucket(
  account: Account,
  { name, region, tags = {} }: { name: string; region: string; tags?: Record<string, string> },
  nowMs: number,
): Bucket {
  const made: Bucket = { arn: `arn:${account.partition}:s3:::${name}`, name, region, createdAt: new Date(nowMs), tags }
  bucketsOf(account).put(name, made, nowMs)
  return made
}

/** S3 names owners by 64 hexadecimal digits. */
function ownerOf({ id }: Account): string {
  return createHash('sha256').update(id).digest('hex')
}
