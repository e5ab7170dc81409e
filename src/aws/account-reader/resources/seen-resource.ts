import type { RoleTag } from '../../aws.type.ts'
import { arnPartitionOf, regionBelongsTo } from '../../partition.ts'
import type { RoleSession } from '../../verification/assume-role.ts'
import { AwsProblem } from '../problem.ts'

/** As the catalogue names what is read of an account. */
export type AwsResourceType = 'aws-iam-role' | ListedType
/** What Resource Explorer or a list call tells of; roles IAM itself does. */
export type ListedType = 'aws-s3-bucket' | 'aws-ec2-instance' | 'aws-lambda-function'

export interface SeenResource {
  arn: string
  type: AwsResourceType
  name: string
  /** undefined: not known. */
  tags: RoleTag[] | undefined
}

/** A resource before its tags are looked up; `region` is where that has to happen, null where it is not known. */
export interface Located {
  arn: string
  type: ListedType
  name: string
  region: string | null
  tags: RoleTag[] | undefined
}

const forms: Record<ListedType, { service: string; resource: RegExp; isRegional: boolean }> = {
  'aws-s3-bucket': { service: 's3', resource: /^([A-Za-z0-9._-]{3,255})$/, isRegional: false },
  'aws-ec2-instance': { service: 'ec2', resource: /^instance\/(i-[0-9a-f]{8,17})$/, isRegional: true },
  'aws-lambda-function': { service: 'lambda', resource: /^function:([A-Za-z0-9_-]{1,140})$/, isRegional: true },
}

/**
 * Reads what an answer of AWS names. Throws an AwsProblem where it is no such resource of this account and partition: whatever stands
 * between this server and AWS must not fill an organization with things of others.
 */
export function locate(
  type: ListedType,
  arn: string,
  session: Pick<RoleSession, 'accountId' | 'partition'>,
): Pick<Located, 'arn' | 'type' | 'name' | 'region'> {
  const { service, resource, isRegional } = forms[type]
  const [prefix, partition, ofService, region = '', accountId = '', ...rest] = arn.split(':')
  const name = resource.exec(rest.join(':'))?.[1]
  const isPlaced = isRegional
    ? accountId === session.accountId && regionBelongsTo(region, session.partition)
    : // A bucket's ARN names neither.
      accountId === '' && region === ''
  if (prefix !== 'arn' || partition !== arnPartitionOf(session.partition) || ofService !== service || !isPlaced || !name)
    throw foreign(session)
  return { arn, type, name, region: isRegional ? region : null }
}

export const foreign = ({ accountId }: Pick<RoleSession, 'accountId'>): AwsProblem =>
  new AwsProblem(`AWS named a resource that is none of account ${accountId}.`, false)

/** An instance is called what its tag Name says. */
export function seen({ arn, type, name, tags }: Located): SeenResource {
  const given = type === 'aws-ec2-instance' ? tags?.find(({ key }) => key === 'Name')?.value : undefined
  return { arn, type, name: given || name, tags }
}

/** Tags in the order of their keys, so that equal ones are equal; what has another form is left out. */
export function tagsOf(pairs: unknown): RoleTag[] {
  const tags = (Array.isArray(pairs) ? pairs : []).flatMap((pair: { Key?: unknown; Value?: unknown } | null) =>
    typeof pair?.Key === 'string' ? [{ key: pair.Key, value: typeof pair.Value === 'string' ? pair.Value : '' }] : [],
  )
  return tags.sort((a, b) => (a.key < b.key ? -1 : 1))
}
