import { Field, ID, InputType, ObjectType } from 'type-graphql'
import { Member } from '../member/member.type.ts'
import { describeEnum } from '../platform/enum.ts'
import { PolicyAccess } from '../user-group/policy.type.ts'
import type { AccessReason as Reason } from './decide.ts'

export const AccessReason = {
  EXPLICIT_DENY: 'EXPLICIT_DENY',
  ALLOWED_BY_POLICY: 'ALLOWED_BY_POLICY',
  GRANTED_BY_ROLE_MAPPING: 'GRANTED_BY_ROLE_MAPPING',
  NO_MATCHING_POLICY: 'NO_MATCHING_POLICY',
  MEMBER_NOT_ACCEPTED: 'MEMBER_NOT_ACCEPTED',
} as const satisfies { [Name in Reason]: Name }
export type AccessReason = Reason
describeEnum(AccessReason, 'AccessReason', 'Why it was decided so.', {
  EXPLICIT_DENY: 'A policy denies it; what allows it does not count.',
  ALLOWED_BY_POLICY: 'A policy allows it, and none denies it.',
  GRANTED_BY_ROLE_MAPPING: 'A group of the member grants the AWS role, and no policy denies it.',
  NO_MATCHING_POLICY: 'No policy says anything about it, or the key names nothing.',
  MEMBER_NOT_ACCEPTED: 'The member has not accepted yet, or there is no such member.',
})

@InputType({ description: 'Whether a member may do something to something.' })
export class AccessQuestion {
  @Field(() => ID, { description: 'The member.' })
  memberId!: string

  @Field(() => String, { description: 'One permission as noun:verb, e.g. awsRole:assume, without wildcards. Case counts.' })
  permission!: string

  @Field(() => String, { description: 'A key as resource groups have them, e.g. component.<id>; * for everything at once. Case counts.' })
  resourceKey!: string
}

@ObjectType('PolicyMatch', { simpleResolvers: true, description: 'One way in which something matched. A role mapping has no policy.' })
export class PolicyMatch {
  @Field(() => String, { description: 'The pattern of the permission group that covers the permission.' })
  matchedPermission!: string

  @Field(() => String, { description: 'The object of the resource group that covers the thing.' })
  matchedObject!: string
}

@ObjectType('AccessDecision', {
  simpleResolvers: true,
  description: 'Whether a member may do something. It informs clients: the graph itself is guarded by scopes alone.',
})
export class AccessDecision {
  @Field(() => String, { description: 'As asked.' })
  permission!: string

  @Field(() => String, { description: 'As asked.' })
  resourceKey!: string

  @Field(() => Member, { nullable: true, description: 'The member; null where there is none.' })
  member!: Member | null

  @Field(() => PolicyAccess, { description: 'Allowed or denied. Deny beats allow, and what nothing allows is denied.' })
  decision!: PolicyAccess

  @Field(() => AccessReason, { description: 'Why.' })
  reason!: AccessReason

  @Field(() => [PolicyMatch], { description: 'Every match of the side that won.' })
  because!: PolicyMatch[]
}
