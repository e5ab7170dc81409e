import { parseItemId } from '../aws/arn.ts'
import type { AwsPartition } from '../aws/aws.type.ts'
import type { ComponentKind } from '../generated/prisma/enums.ts'
import { Refusal, userError } from '../platform/errors.ts'

export interface StageRequest {
  organizationId: string
  kind: ComponentKind
  itemId: string
  partition?: AwsPartition | null
  allowRestage: boolean
}

/** Where each part of the request stands in the mutation's input, for the paths of errors. */
export interface StagePaths {
  itemId: (string | number)[]
}

/** Where the rest of the request stands. */
export const paths = {
  organizationId: ['input', 'organizationId'],
  kind: ['input', 'kind'],
  partition: ['input', 'partition'],
}

const maxItemIdLength = 256

export interface Item {
  accountId: string
  /** What the caller or the function's ARN says; null: not said. */
  partition: AwsPartition | null
}

/** What an item id says. Throws a Refusal for one that is none of its kind, or of another partition than the one asked for. */
export function readItem({ itemId, partition }: StageRequest, kind: Exclude<ComponentKind, 'BASE'>, at: StagePaths): Item {
  if (partition === null) {
    throw new Refusal(
      userError.validation('REQUIRED_VALUE_MISSING', paths.partition, 'partition cannot be null: leave it out or give a partition.'),
    )
  }
  if (itemId.length > maxItemIdLength) {
    throw new Refusal(
      userError.validation(
        'VALUE_INCORRECT_FORMAT',
        at.itemId,
        `itemId has ${itemId.length} characters; no account id or function's ARN has more than ${maxItemIdLength}.`,
      ),
    )
  }
  const parsed = parseItemId(kind, itemId)
  if ('problem' in parsed) throw new Refusal(userError.validation('VALUE_INCORRECT_FORMAT', at.itemId, `${parsed.problem.message}.`))
  if (parsed.partition && partition && parsed.partition !== partition) {
    throw new Refusal(
      userError.validation(
        'INVALID_VALUE',
        paths.partition,
        `The ARN lies in the partition ${parsed.partition}: leave partition out or give that one.`,
      ),
    )
  }
  return { accountId: parsed.accountId, partition: parsed.partition ?? partition ?? null }
}
