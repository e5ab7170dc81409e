import { createUnionType, Directive, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql'
import { AwsCredential } from '../aws-credential/aws-credential.type.ts'
import { ChangeKind } from '../changes/change.type.ts'
import { InventoryComponent } from '../component/component.type.ts'
import { AwsRoleStatus } from '../generated/prisma/enums.ts'
import { Organization } from '../organization/organization.type.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node, SortDirection } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { Arn, AwsAccountId, DateTime, JSONObject } from '../platform/scalars.ts'
import { Tag } from '../platform/tag.type.ts'
import { prefixOf } from '../platform/typeid.ts'
import { UserError } from '../platform/user-error.type.ts'

describeEnum(AwsRoleStatus, 'AwsRoleStatus', 'Whether the role is in AWS.', {
  OK: 'It was there when its account was last read.',
  MISSING: 'It was not there when its account was last read to the end.',
})

export { AwsRoleStatus }

@ObjectType('AwsRole', { implements: Node, simpleResolvers: true, description: 'An IAM role, as found in an AWS account.' })
@Directive('@key(fields: "id")')
@Directive('@key(fields: "organization { id } arn")')
export class AwsRole extends Node {
  @Field(() => String, { description: 'Its name.' })
  name!: string

  @Field(() => Arn, { description: 'Its ARN, unique in the organization.' })
  arn!: string

  @Field(() => String, { description: 'Its path, / for most.' })
  path!: string

  @Field(() => String, { nullable: true, description: 'What whoever made it wrote about it.' })
  description!: string | null

  @Field(() => Int, { description: 'How long a session of it may last, in seconds.' })
  maxSessionDuration!: number

  @Field(() => JSONObject, { description: 'Who may assume it.' })
  trustPolicy!: object

  @Field(() => [Tag], { nullable: true, description: 'Its tags in AWS, by key; null while they could not be read.' })
  tags!: Tag[] | null

  @Field(() => AwsRoleStatus, { description: 'Whether it is in AWS.' })
  status!: AwsRoleStatus

  @Field(() => DateTime, { description: 'When it was first seen.' })
  firstSeenAt!: Date

  @Field(() => DateTime, {
    description: 'When it was last seen; for a role found unchanged that is the start of the scan that saw it.',
  })
  lastSeenAt!: Date

  @Field(() => DateTime, { nullable: true, description: 'Since when it is missing; null while it is there.' })
  missingSince!: Date | null

  @Field(() => DateTime, { description: 'When anything about it last changed, the groups that grant it included.' })
  updatedAt!: Date

  @Field(() => Int, {
    description:
      'Counts its changes, those of the groups that grant it included; give it as expectedVersion to guard against lost updates.',
  })
  version!: number
}

@ObjectType('AwsRoleChange', { simpleResolvers: true, description: 'Something happened to an AWS role.' })
export class AwsRoleChange {
  @Field(() => ChangeKind, { description: 'What happened; a role that goes missing is updated.' })
  change!: ChangeKind

  @Field(() => ID, { description: 'Which role.' })
  id!: string
}

export const { Connection: AwsRoleConnection } = connectionTypes('AwsRole', () => AwsRole, 'AWS roles')

export const AwsRoleSource = createUnionType({
  name: 'AwsRoleSource',
  description: 'What a role was read through.',
  types: () => [AwsCredential, InventoryComponent] as const,
  resolveType: (source) => (prefixOf(source.id) === 'cred' ? 'AwsCredential' : 'InventoryComponent'),
})

@InputType({ description: 'Which roles. All given conditions must hold.' })
export class AwsRoleFilter {
  @Field(() => String, { nullable: true, description: 'This name; case does not count.' })
  name?: string | null

  @Field(() => String, { nullable: true, description: 'A part of the name; case does not count.' })
  nameContains?: string | null

  @Field(() => String, { nullable: true, description: 'A pattern of the name in which * stands for any text; case does not count.' })
  namePattern?: string | null

  @Field(() => [Arn], { nullable: true, description: 'One of these ARNs.' })
  arns?: string[] | null

  @Field(() => [AwsRoleStatus], { nullable: true, description: 'In one of these states.' })
  statuses?: AwsRoleStatus[] | null

  @Field(() => [AwsAccountId], { nullable: true, description: 'In one of these accounts.' })
  accountIds?: string[] | null

  @Field(() => Boolean, { nullable: true, description: 'Granted by a user group, or by none.' })
  granted?: boolean | null
}

export const AwsRoleOrderField = { NAME: 'NAME', LAST_SEEN_AT: 'LAST_SEEN_AT' } as const
export type AwsRoleOrderField = keyof typeof AwsRoleOrderField
registerEnumType(AwsRoleOrderField, {
  name: 'AwsRoleOrderField',
  description: 'What roles can be ordered by; roles alike in it are in the order they were found.',
  valuesConfig: { NAME: { description: 'The name, by code point.' }, LAST_SEEN_AT: { description: 'When they were last seen.' } },
})

@InputType({ description: 'An order of roles.' })
export class AwsRoleOrder {
  @Field(() => AwsRoleOrderField, { description: 'By what.' })
  field!: AwsRoleOrderField

  @Field(() => SortDirection, { defaultValue: SortDirection.ASC, description: 'Which way.' })
  direction!: SortDirection
}

@InputType({ description: 'Which role to forget.' })
export class DeleteAwsRoleInput {
  @Field(() => ID, { description: 'The role.' })
  id!: string

  @Field(() => Boolean, { defaultValue: false, description: 'Also one that is OK, that is: in AWS as far as known.' })
  force!: boolean

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' })
  expectedVersion?: number | null
}

@ObjectType({ description: 'What was forgotten.', simpleResolvers: true })
export class DeleteAwsRolePayload {
  @Field(() => [ID], { description: 'The role.' })
  deletedIds!: string[]

  @Field(() => Boolean, { description: 'True when there was nothing to delete.' })
  alreadyAbsent!: boolean

  @Field(() => Organization, { nullable: true, description: 'Where.' })
  organization!: Organization | null

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty on success.' })
  errors!: UserError[]
}
