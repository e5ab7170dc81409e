import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { Member } from '../member/member.type.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node, SortDirection } from '../platform/node.type.ts'
import { connectionTypes, PageInfo } from '../platform/pagination/connection.ts'
import { DateTime } from '../platform/scalars.ts'

export const UserGroupOrderField = { NAME: 'NAME', CREATED_AT: 'CREATED_AT' } as const
export type UserGroupOrderField = keyof typeof UserGroupOrderField
describeEnum(UserGroupOrderField, 'UserGroupOrderField', 'What user groups are ordered by; equal ones by id.', {
  NAME: 'By name, code point by code point.',
  CREATED_AT: 'By the time they were made.',
})

@ObjectType('UserGroup', {
  implements: Node,
  simpleResolvers: true,
  description: 'Members who are allowed and denied the same by its policies.',
})
@Directive('@key(fields: "id")')
export class UserGroup extends Node {
  @Field(() => String, { description: 'Unique in its organization.' })
  name!: string

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date

  @Field(() => DateTime, { description: 'When it last changed, its members and the roles it grants included.' })
  updatedAt!: Date

  @Field(() => Int, { description: 'Counts its changes, those of its policies, of its members and of the roles it grants included.' })
  version!: number
}

export const { Connection: UserGroupConnection } = connectionTypes('UserGroup', () => UserGroup, 'user groups')

@ObjectType({ description: 'One member of a group with their place in the list.', simpleResolvers: true })
export class UserGroupMemberEdge {
  @Field(() => Member, { description: 'The member.' })
  node!: Member

  @Field(() => String, { description: 'The place of the item: opaque, good for after and before of the same list only.' })
  cursor!: string

  @Field(() => DateTime, { description: 'When they came into the group.' })
  addedAt!: Date
}

@ObjectType({ description: 'A page of the members of a group.', simpleResolvers: true })
export class UserGroupMemberConnection {
  @Field(() => [UserGroupMemberEdge], { description: 'The members with their cursors.' })
  edges!: UserGroupMemberEdge[]

  @Field(() => [Member], { description: 'The members alone.' })
  nodes!: Member[]

  @Field(() => PageInfo, { description: 'Where the page lies.' })
  pageInfo!: PageInfo

  @Field(() => Int, { description: 'How many the whole list has under its filter; counted only when selected.' })
  totalCount!: number
}

@InputType({ description: 'Which user groups. All given conditions must hold; case does not count in names.' })
export class UserGroupFilter {
  @Field(() => [ID], { nullable: true, description: 'One of these.' })
  ids?: string[] | null

  @Field(() => String, { nullable: true, description: 'This name.' })
  name?: string | null

  @Field(() => String, { nullable: true, description: 'A part of the name.' })
  nameContains?: string | null
}

@InputType({ description: 'How user groups are ordered.' })
export class UserGroupOrder {
  @Field(() => UserGroupOrderField, { description: 'By what.' })
  field!: UserGroupOrderField

  @Field(() => SortDirection, { defaultValue: 'ASC', description: 'Which way.' })
  direction!: SortDirection
}
