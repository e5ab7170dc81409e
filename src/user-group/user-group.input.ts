import { Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { Organization } from '../organization/organization.type.ts'
import { UserError } from '../platform/user-error.type.ts'
import { PolicyInput } from './policy.type.ts'
import { UserGroup } from './user-group.type.ts'

@InputType({ description: 'A new user group.' })
export class CreateUserGroupInput {
  @Field(() => ID, { description: 'Where.' })
  organizationId!: string

  @Field(() => String, { description: '1 to 200 characters, unique in the organization.' })
  name!: string

  @Field(() => [PolicyInput], { nullable: true, description: 'What its members are allowed and denied.' })
  policies?: PolicyInput[] | null
}

@InputType({ description: 'Changes to a user group. What is absent stays.' })
export class UpdateUserGroupInput {
  @Field(() => ID, { description: 'Which user group.' })
  id!: string

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' })
  expectedVersion?: number | null

  @Field(() => String, { nullable: true, description: '1 to 200 characters, unique in the organization. Cannot be cleared.' })
  name?: string | null

  @Field(() => [PolicyInput], {
    nullable: true,
    description: 'Replaces all its policies; those given with their id keep it. Null or none at all clears them.',
  })
  policies?: PolicyInput[] | null
}

@InputType({ description: 'Members of a user group.' })
export class UserGroupMembersInput {
  @Field(() => ID, { description: 'Which user group.' })
  userGroupId!: string

  @Field(() => [ID], { description: 'At most 20,000 members of the same organization, as a set.' })
  memberIds!: string[]

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless the group is at this version.' })
  expectedVersion?: number | null
}

@ObjectType({ simpleResolvers: true, description: 'A user group, or why not.' })
export class UserGroupPayload {
  @Field(() => UserGroup, { nullable: true, description: 'The user group as it is now.' })
  userGroup!: UserGroup | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}

@InputType({ description: 'Which user group to delete.' })
export class DeleteUserGroupInput {
  @Field(() => ID, { description: 'The user group.' })
  id!: string

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' })
  expectedVersion?: number | null
}

@ObjectType({ simpleResolvers: true, description: 'What the deletion took along.' })
export class DeleteUserGroupPayload {
  @Field(() => [ID], { description: 'The user group and its policies.' })
  deletedIds!: string[]

  @Field(() => Boolean, { description: 'True when there was nothing to delete.' })
  alreadyAbsent!: boolean

  @Field(() => Organization, { nullable: true, description: 'Where it was.' })
  organization!: Organization | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}
