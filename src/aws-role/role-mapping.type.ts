import { Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { Member } from '../member/member.type.ts'
import { PageInfo } from '../platform/pagination/connection.ts'
import { DateTime } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'
import { UserGroup } from '../user-group/user-group.type.ts'
import { AwsRole } from './aws-role.type.ts'

const cursorOf = 'The place of the item: opaque, good for after and before of the same list only.'
const countOf = 'How many the whole list has; counted only when selected.'

@ObjectType({ description: 'One group that grants a role, with its place in the list.', simpleResolvers: true })
export class AwsRoleUserGroupEdge {
  @Field(() => UserGroup, { description: 'The group.' })
  node!: UserGroup

  @Field(() => String, { description: cursorOf })
  cursor!: string

  @Field(() => DateTime, { description: 'Since when it grants the role.' })
  grantedAt!: Date
}

@ObjectType({ description: 'A page of the groups that grant a role.', simpleResolvers: true })
export class AwsRoleUserGroupConnection {
  @Field(() => [AwsRoleUserGroupEdge], { description: 'The groups with their cursors.' })
  edges!: AwsRoleUserGroupEdge[]

  @Field(() => [UserGroup], { description: 'The groups alone.' })
  nodes!: UserGroup[]

  @Field(() => PageInfo, { description: 'Where the page lies.' })
  pageInfo!: PageInfo

  @Field(() => Int, { description: countOf })
  totalCount!: number
}

@ObjectType({ description: 'One member who may use a role, with their place in the list.', simpleResolvers: true })
export class AwsRoleMemberEdge {
  @Field(() => Member, { description: 'The member.' })
  node!: Member

  @Field(() => String, { description: cursorOf })
  cursor!: string
}

@ObjectType({ description: 'A page of the members who may use a role.', simpleResolvers: true })
export class AwsRoleMemberConnection {
  @Field(() => [AwsRoleMemberEdge], { description: 'The members with their cursors.' })
  edges!: AwsRoleMemberEdge[]

  @Field(() => [Member], { description: 'The members alone.' })
  nodes!: Member[]

  @Field(() => PageInfo, { description: 'Where the page lies.' })
  pageInfo!: PageInfo

  @Field(() => Int, { description: countOf })
  totalCount!: number
}

@ObjectType({ description: 'One role that a member may use, with its place in the list.', simpleResolvers: true })
export class MemberAwsRoleEdge {
  @Field(() => AwsRole, { description: 'The role.' })
  node!: AwsRole

  @Field(() => String, { description: cursorOf })
  cursor!: string
}

@ObjectType({ description: 'A page of the roles that a member may use.', simpleResolvers: true })
export class MemberAwsRoleConnection {
  @Field(() => [MemberAwsRoleEdge], { description: 'The roles with their cursors.' })
  edges!: MemberAwsRoleEdge[]

  @Field(() => [AwsRole], { description: 'The roles alone.' })
  nodes!: AwsRole[]

  @Field(() => PageInfo, { description: 'Where the page lies.' })
  pageInfo!: PageInfo

  @Field(() => Int, { description: countOf })
  totalCount!: number
}

@InputType({ description: 'User groups of an AWS role.' })
export class AwsRoleUserGroupsInput {
  @Field(() => ID, { description: 'Which AWS role.' })
  awsRoleId!: string

  @Field(() => [ID], { description: 'At most 5,000 user groups of the same organization, as a set.' })
  userGroupIds!: string[]

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless the role is at this version.' })
  expectedVersion?: number | null
}

@InputType({ description: 'AWS roles of a user group.' })
export class UserGroupAwsRolesInput {
  @Field(() => ID, { description: 'Which user group.' })
  userGroupId!: string

  @Field(() => [ID], { description: 'At most 5,000 AWS roles of the same organization, as a set.' })
  awsRoleIds!: string[]

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless the group is at this version.' })
  expectedVersion?: number | null
}

@ObjectType({ simpleResolvers: true, description: 'An AWS role, or why not.' })
export class AwsRolePayload {
  @Field(() => AwsRole, { nullable: true, description: 'The role as it is now.' })
  awsRole!: AwsRole | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}
