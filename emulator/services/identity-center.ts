import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { randomHex } from '../identifiers.ts'
import { ReplicatedMap } from '../replicated-map.ts'
import { operation, type Service } from '../service.ts'
import { type Account, perRegion } from '../state.ts'

export interface IdentityCenterInstance {
  arn: string
  identityStoreId: string
  /** The management account for an organization's instance, else the account itself. */
  ownerAccountId: string
  name: string | undefined
  status: 'ACTIVE' | 'CREATE_IN_PROGRESS' | 'DELETE_IN_PROGRESS'
  createdAt: Date
}

/** The instances an account sees in one region, by ARN. */
export const identityCenterInstancesOf = perRegion(() => new ReplicatedMap<IdentityCenterInstance>())

export const identityCenter: Service = {
  name: 'sso',
  actionPrefix: 'sso',
  protocol: 'json',
  timestamps: 'epochSeconds',
  operations: [
    operation({
      name: 'CreateInstance',
      input: z.object({
        Name: z
          .string()
          .max(255)
          .regex(/^[\w+=,.@-]*$/)
          .optional(),
      }),
      handle({ Name }, call) {
        const { account, region, nowMs } = call
        const own = [...identityCenterInstancesOf(account, region).latestValues()].find(
          ({ ownerAccountId }) => ownerAccountId === account.id,
        )
        if (own) throw new AwsError('ConflictException', 'This account already has an instance of IAM Identity Center.', 400)
        const { arn } = putIdentityCenterInstance(account, region, nowMs, { name: Name }, call.visibleAtMs())
        return { InstanceArn: arn }
      },
    }),
    operation({
      name: 'ListInstances',
      input: z.object({ MaxResults: z.number().int().min(1).max(100).optional(), NextToken: z.string().optional() }),
      handle: (_input, { account, region, nowMs }) => ({
        Instances: identityCenterInstancesOf(account, region)
          .page(nowMs, Number.POSITIVE_INFINITY)
          .values.map((instance) => ({
            InstanceArn: instance.arn,
            IdentityStoreId: instance.identityStoreId,
            OwnerAccountId: instance.ownerAccountId,
            Name: instance.name,
            CreatedDate: instance.createdAt,
            Status: instance.status,
          })),
      }),
    }),
  ],
  describe: (account) => ({
    identityCenterInstances: [...identityCenterInstancesOf.regions(account)].flatMap(([region, instances]) =>
      [...instances.latestValues()].map(({ arn }) => ({ region, arn })),
    ),
  }),
}

/** Puts an instance into the account's region without a call; with another `ownerAccountId` it is the organization's. */
export function putIdentityCenterInstance(
  account: Account,
  region: string,
  nowMs: number,
  instance: Partial<IdentityCenterInstance> = {},
  visibleAtMs = nowMs,
): IdentityCenterInstance {
  const made: IdentityCenterInstance = {
    arn: instance.arn ?? `arn:${account.partition}:sso:::instance/ssoins-${randomHex(16)}`,
    identityStoreId: instance.identityStoreId ?? `d-${randomHex(10)}`,
    ownerAccountId: instance.ownerAccountId ?? account.id,
    name: instance.name,
    status: instance.status ?? 'ACTIVE',
    createdAt: instance.createdAt ?? new Date(nowMs),
  }
  identityCenterInstancesOf(account, region).put(made.arn, made, nowMs, visibleAtMs)
  return made
}
