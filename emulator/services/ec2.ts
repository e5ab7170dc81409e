import { z } from 'zod'
import { decodeMarker, encodeMarker, type Partition, randomHex } from '../identifiers.ts'
import { ReplicatedMap } from '../replicated-map.ts'
import { operation, type Service, seed } from '../service.ts'
import { type Account, perRegion } from '../state.ts'

export interface Instance {
  arn: string
  id: string
  state: keyof typeof stateCodes
  launchedAt: Date
  tags: Record<string, string>
}

const stateCodes = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 }

/** An account's instances of one region, by id; to change a state put the instance again. */
export const instancesOf = perRegion(() => new ReplicatedMap<Instance>())

/** The regions an account has; others have to be opted into, and nobody does here. */
const regions: Record<Partition, readonly string[]> = {
  aws: ['eu-central-1', 'eu-west-1', 'us-east-1', 'us-west-2'],
  'aws-us-gov': ['us-gov-east-1', 'us-gov-west-1'],
}

const form = z.strictObject({
  accountId: z.string().regex(/^\d{12}$/),
  region: z.string().min(1),
  id: z
    .string()
    .regex(/^i-[0-9a-f]{8,17}$/)
    .optional(),
  state: z.enum(Object.keys(stateCodes) as [keyof typeof stateCodes]).optional(),
  tags: z.record(z.string(), z.string()).default({}),
})

export const ec2: Service = {
  name: 'ec2',
  actionPrefix: 'ec2',
  protocol: 'ec2Query',
  timestamps: 'iso8601',
  version: '2016-11-15',
  namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  operations: [
    operation({
      name: 'DescribeRegions',
      input: z.object({}),
      resource: 'none',
      handle: (_input, { account }) => ({
        regionInfo: regions[account.partition].map((regionName) => ({
          regionName,
          regionEndpoint: `ec2.${regionName}.amazonaws.com`,
          optInStatus: 'opt-in-not-required',
        })),
      }),
    }),
    operation({
      name: 'DescribeInstances',
      input: z.object({
        InstanceId: z.array(z.string()).optional(),
        MaxResults: z.coerce.number().int().min(5).max(1000).default(1000),
        NextToken: z.string().optional(),
      }),
      resource: 'none',
      handle({ InstanceId, MaxResults, NextToken }, { account, region, nowMs }) {
        const isWanted = ({ id }: Instance) => InstanceId === undefined || InstanceId.includes(id)
        const { values, next } = instancesOf(account, region).page(nowMs, MaxResults, decodeMarker(NextToken), isWanted)
        const reservationSet = values.map((instance) => ({
          reservationId: instance.id.replace(/^i-/, 'r-'),
          ownerId: account.id,
          groupSet: [],
          instancesSet: [describeInstance(instance)],
        }))
        return { reservationSet, nextToken: next && encodeMarker(next) }
      },
    }),
  ],
  describe: (account) => ({
    instances: [...instancesOf.regions(account).values()].flatMap((instances) => [...instances.latestValues()].map(({ arn }) => arn)),
  }),
  seeds: { instances: seed(form, putInstance) },
}

/** Puts an instance into the account without a call; one of that id is replaced. */
export function putInstance(
  account: Account,
  given: { region: string; id?: string | undefined; state?: Instance['state'] | undefined; tags?: Record<string, string> },
  nowMs: number,
): Instance {
  const { region, id = `i-${randomHex(17)}`, state = 'running', tags = {} } = given
  const made: Instance = { arn: account.arn('ec2', region, `instance/${id}`), id, state, launchedAt: new Date(nowMs), tags }
  instancesOf(account, region).put(id, made, nowMs)
  return made
}

function describeInstance({ id, state, launchedAt, tags }: Instance) {
  return {
    instanceId: id,
    imageId: 'ami-00000000000000000',
    instanceState: { code: stateCodes[state], name: state },
    instanceType: 't3.micro',
    launchTime: launchedAt,
    tagSet: Object.entries(tags).map(([key, value]) => ({ key, value })),
  }
}
