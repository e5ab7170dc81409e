import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql'
import { PolicyAccess } from '../generated/prisma/enums.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'

describeEnum(PolicyAccess, 'PolicyAccess', 'Allowed or denied.', {
  ALLOW: 'Allowed, unless something denies it.',
  DENY: 'Denied, whatever allows it.',
})

export { PolicyAccess }

@ObjectType('Policy', {
  implements: Node,
  simpleResolvers: true,
  description: 'Allows or denies the members of a group what its permission groups say, on what its resource groups cover.',
})
@Directive('@key(fields: "id")')
export class Policy extends Node {
  @Field(() => PolicyAccess, { description: 'Allow or deny. Deny beats allow.' })
  access!: PolicyAccess
}

export const { Connection: PolicyConnection } = connectionTypes('Policy', () => Policy, 'policies')

@InputType({ description: 'A policy of a group.' })
export class PolicyInput {
  @Field(() => ID, { nullable: true, description: 'Of a policy the group has: it keeps its id. Absent: a new policy.' })
  id?: string | null

  @Field(() => PolicyAccess, { description: 'Allow or deny.' })
  access!: PolicyAccess

  @Field(() => [ID], { description: '1 to 50 permission groups, as a set.' })
  permissionGroupIds!: string[]

  @Field(() => [ID], { description: '1 to 100 resource groups of the same organization, as a set.' })
  resourceGroupIds!: string[]
}
