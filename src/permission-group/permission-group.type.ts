import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql'
import { MetaEntry } from '../platform/meta.type.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'

@ObjectType('PermissionGroup', {
  implements: Node,
  simpleResolvers: true,
  description: 'A named set of permissions that policies allow or deny. It ships with the product and is the same in every organization.',
})
@Directive('@key(fields: "id")')
export class PermissionGroup extends Node {
  @Field(() => String, { description: 'Its name, e.g. aws-role-user; unique.' })
  name!: string

  @Field(() => [String], {
    description: 'Patterns noun:verb, each side a literal or a lone * for any: awsRole:assume, integration:*. Case counts.',
  })
  permissions!: string[]

  @Field(() => [MetaEntry], { description: 'What it is for, under the key description.' })
  meta!: MetaEntry[]
}

export const { Connection: PermissionGroupConnection } = connectionTypes('PermissionGroup', () => PermissionGroup, 'permission groups')

@InputType({ description: 'Which permission groups. All given conditions must hold; case does not count in names.' })
export class PermissionGroupFilter {
  @Field(() => [ID], { nullable: true, description: 'One of these.' })
  ids?: string[] | null

  @Field(() => String, { nullable: true, description: 'This name.' })
  name?: string | null

  @Field(() => String, { nullable: true, description: 'A part of the name.' })
  nameContains?: string | null
}
