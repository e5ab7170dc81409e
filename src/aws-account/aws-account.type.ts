import { Directive, Field, InputType, ObjectType } from 'type-graphql'
import { AwsPartition } from '../generated/prisma/enums.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { AwsAccountId, DateTime } from '../platform/scalars.ts'

describeEnum(AwsPartition, 'AwsPartition', 'A separate part of AWS with ARNs, endpoints and accounts of its own.', {
  AWS: 'Commercial AWS, arn:aws:…',
  AWS_US_GOV: 'AWS GovCloud (US), arn:aws-us-gov:…',
})

@ObjectType('AwsAccount', {
  implements: Node,
  simpleResolvers: true,
  description: 'An AWS account, known from the first thing that mentioned it.',
})
@Directive('@key(fields: "id")')
@Directive('@key(fields: "organization { id } accountId")')
export class AwsAccount extends Node {
  @Field(() => AwsAccountId, { description: 'Its number, unique in the organization.' })
  accountId!: string

  @Field(() => AwsPartition, { description: 'Where it lies.' })
  partition!: AwsPartition

  @Field(() => String, { nullable: true, description: 'Its alias, once a verification or a synchronization has read it.' })
  alias!: string | null

  @Field(() => DateTime, { nullable: true, description: 'When its roles were last read, or tried to be.' })
  lastSyncAt!: Date | null

  @Field(() => String, { nullable: true, description: 'What kept its roles from being read in full; null when nothing did.' })
  syncStatusMessage!: string | null
}

export const { Connection: AwsAccountConnection } = connectionTypes('AwsAccount', () => AwsAccount, 'AWS accounts')

@InputType({ description: 'Which AWS accounts. All given conditions must hold.' })
export class AwsAccountFilter {
  @Field(() => [AwsAccountId], { nullable: true, description: 'One of these numbers.' })
  accountIds?: string[] | null

  @Field(() => String, { nullable: true, description: 'This alias; case does not count.' })
  alias?: string | null

  @Field(() => String, { nullable: true, description: 'A part of the alias; case does not count.' })
  aliasContains?: string | null
}
