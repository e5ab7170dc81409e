import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { MemberStatus } from '../generated/prisma/enums.ts'
import { Organization } from '../organization/organization.type.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime, EmailAddress } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'

describeEnum(MemberStatus, 'MemberStatus', 'Whether a person has accepted.', {
  ACCEPTED: 'They belong to the organization.',
  PENDING: 'They were invited; nothing is allowed to them yet.',
})

export { MemberStatus }

@ObjectType('Member', {
  implements: Node,
  simpleResolvers: true,
  description: 'A person in an organization, known by their e-mail address.',
})
@Directive('@key(fields: "id")')
export class Member extends Node {
  @Field(() => EmailAddress, { description: 'In lower case; unique in the organization. It never changes.' })
  email!: string

  @Field(() => MemberStatus, { description: 'Whether they have accepted.' })
  status!: MemberStatus

  @Field(() => DateTime, { description: 'When they were invited.' })
  createdAt!: Date

  @Field(() => Int, { description: 'Counts their changes; memberships of groups are changes of the group.' })
  version!: number
}

export const { Connection: MemberConnection } = connectionTypes('Member', () => Member, 'members')

@InputType({ description: 'Which members. All given conditions must hold; case does not count.' })
export class MemberFilter {
  @Field(() => EmailAddress, { nullable: true, description: 'This address.' })
  email?: string | null

  @Field(() => String, { nullable: true, description: 'A part of the address.' })
  emailContains?: string | null

  @Field(() => [MemberStatus], { nullable: true, description: 'In one of these states.' })
  statuses?: MemberStatus[] | null
}

@InputType({ description: 'Whom to invite, and where.' })
export class InviteMembersInput {
  @Field(() => ID, { description: 'The organization.' })
  organizationId!: string

  @Field(() => [EmailAddress], { description: '1 to 500 addresses; one that is given twice counts once.' })
  emails!: string[]
}

@ObjectType({ simpleResolvers: true, description: 'The members of these addresses, or why nobody was invited.' })
export class InviteMembersPayload {
  @Field(() => [Member], { nullable: true, description: 'In the order of the addresses; who was there already as they are.' })
  members!: Member[] | null

  @Field(() => [UserError], { description: 'Why nobody was invited; empty on success.' })
  errors!: UserError[]
}

@InputType({ description: 'Which member accepts.' })
export class AcceptMemberInput {
  @Field(() => ID, { description: 'The member.' })
  id!: string
}

@ObjectType({ simpleResolvers: true, description: 'A member, or why not.' })
export class MemberPayload {
  @Field(() => Member, { nullable: true, description: 'The member as they are now.' })
  member!: Member | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}

@InputType({ description: 'Which member to remove.' })
export class RemoveMemberInput {
  @Field(() => ID, { description: 'The member.' })
  id!: string

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless they are at this version.' })
  expectedVersion?: number | null
}

@ObjectType({ simpleResolvers: true, description: 'What the removal took along.' })
export class RemoveMemberPayload {
  @Field(() => [ID], { description: 'The member.' })
  deletedIds!: string[]

  @Field(() => Boolean, { description: 'True when there was nobody to remove.' })
  alreadyAbsent!: boolean

  @Field(() => Organization, { nullable: true, description: 'Where they were.' })
  organization!: Organization | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}
