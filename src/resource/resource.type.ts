import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql'
import { ResourceStatus } from '../generated/prisma/enums.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime } from '../platform/scalars.ts'
import { Tag, TagInput } from '../platform/tag.type.ts'
import { UserError } from '../platform/user-error.type.ts'

describeEnum(ResourceStatus, 'ResourceStatus', 'How a resource is doing.', {
  ACTIVE: 'It is there.',
  ERROR: 'It is there, and something is wrong with it.',
  DELETED: 'It was not there any more when everything was read.',
})

export { ResourceStatus }

@ObjectType('Resource', {
  implements: Node,
  simpleResolvers: true,
  description: 'Something that an integration has and people get access to.',
})
@Directive('@key(fields: "id")')
export class Resource extends Node {
  @Field(() => String, { description: 'How its source tells it from others; unique in the integration.' })
  externalId!: string

  @Field(() => String, { description: 'Its name for people.' })
  name!: string

  @Field(() => String, { description: 'One of the resourceTypes of the type of its integration.' })
  type!: string

  @Field(() => ResourceStatus, { description: 'How it is doing.' })
  status!: ResourceStatus

  @Field(() => String, { nullable: true, description: 'Why the status is what it is.' })
  statusMessage!: string | null

  @Field(() => [Tag], { description: 'Its tags in the source system, as they are there.' })
  sourceTags!: Tag[]

  @Field(() => DateTime, { description: 'When it was first seen.' })
  firstSeenAt!: Date

  @Field(() => DateTime, { description: 'When it was last seen, to the hour.' })
  lastSeenAt!: Date
}

@ObjectType('IntegrationPermission', {
  implements: Node,
  simpleResolvers: true,
  description: 'Something that can be permitted on the resources of an integration.',
})
@Directive('@key(fields: "id")')
export class IntegrationPermission extends Node {
  @Field(() => String, { description: 'What it is called in the source system, e.g. SELECT.' })
  name!: string

  @Field(() => String, { description: 'On resources of which type.' })
  resourceType!: string
}

export const { Connection: ResourceConnection } = connectionTypes('Resource', () => Resource, 'resources')
export const { Connection: IntegrationPermissionConnection } = connectionTypes(
  'IntegrationPermission',
  () => IntegrationPermission,
  'permissions',
)

@InputType({ description: 'Which resources. All given conditions must hold; case does not count in names.' })
export class ResourceFilter {
  @Field(() => [String], { nullable: true, description: 'Of one of these types.' })
  types?: string[] | null

  @Field(() => [ResourceStatus], { nullable: true, description: 'In one of these states.' })
  statuses?: ResourceStatus[] | null

  @Field(() => String, { nullable: true, description: 'This name.' })
  name?: string | null

  @Field(() => String, { nullable: true, description: 'A part of the name.' })
  nameContains?: string | null
}

@InputType({ description: 'The tags of our own that a resource is to have.' })
export class SetResourceUserTagsInput {
  @Field(() => ID, { description: 'The resource.' })
  resourceId!: string

  @Field(() => [TagInput], { description: 'All of them, at most 50; keys of 1 to 128 characters, none twice, values of at most 256.' })
  tags!: TagInput[]
}

@InputType({ description: 'Tags of our own for a resource, besides those it has.' })
export class AddResourceUserTagsInput {
  @Field(() => ID, { description: 'The resource.' })
  resourceId!: string

  @Field(() => [TagInput], { description: 'The new ones; a key that it has gets the new value.' })
  tags!: TagInput[]
}

@InputType({ description: 'Tags of our own that a resource is to lose.' })
export class RemoveResourceUserTagsInput {
  @Field(() => ID, { description: 'The resource.' })
  resourceId!: string

  @Field(() => [String], { description: 'Their keys; those that it does not have do not matter.' })
  keys!: string[]
}

@ObjectType({ simpleResolvers: true, description: 'A resource, or why not.' })
export class ResourcePayload {
  @Field(() => Resource, { nullable: true, description: 'The resource as it is now.' })
  resource!: Resource | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}
