import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { Organization } from '../organization/organization.type.ts'
import { MetaEntry, MetaEntryInput } from '../platform/meta.type.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'

@ObjectType('ResourceObject', { simpleResolvers: true, description: 'One thing that a resource group covers, with all that lies in it.' })
export class ResourceObject {
  @Field(() => String, {
    description:
      '* for everything, awsAccount.<12 digits>, or a kind and an id: awsRole.<id>, integration.<id>, component.<id>, resource.<id>, userGroup.<id>. Kinds are added over time.',
  })
  key!: string
}

@ObjectType('ResourceScope', { simpleResolvers: true, description: 'Where the objects of a resource group lie.' })
export class ResourceScope {
  @Field(() => String, { description: 'Only organization.<id> of its own organization.' })
  key!: string

  @Field(() => [ResourceObject], { description: 'What is covered, in the order given.' })
  objects!: ResourceObject[]
}

@ObjectType('ResourceGroup', {
  implements: Node,
  simpleResolvers: true,
  description: 'A named set of things that policies apply to.',
})
@Directive('@key(fields: "id")')
export class ResourceGroup extends Node {
  @Field(() => String, { description: 'Unique in its organization.' })
  name!: string

  @Field(() => [MetaEntry], { description: 'Attributes kept with it.' })
  meta!: MetaEntry[]

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date

  @Field(() => DateTime, { description: 'When it last changed.' })
  updatedAt!: Date

  @Field(() => Int, { description: 'Counts its changes.' })
  version!: number
}

export const { Connection: ResourceGroupConnection } = connectionTypes('ResourceGroup', () => ResourceGroup, 'resource groups')

@InputType({ description: 'Which resource groups. All given conditions must hold; case does not count in names.' })
export class ResourceGroupFilter {
  @Field(() => [ID], { nullable: true, description: 'One of these.' })
  ids?: string[] | null

  @Field(() => String, { nullable: true, description: 'This name.' })
  name?: string | null

  @Field(() => String, { nullable: true, description: 'A part of the name.' })
  nameContains?: string | null
}

@InputType({ description: 'One thing to cover.' })
export class ResourceObjectInput {
  @Field(() => String, {
    description:
      '* for everything, or a key of something that exists in the organization: awsAccount.<12 digits>, integration.<id> and so on.',
  })
  key!: string
}

@InputType({ description: 'What to cover.' })
export class ResourceScopeInput {
  @Field(() => String, { description: 'Only organization.<id> of the same organization.' })
  key!: string

  @Field(() => [ResourceObjectInput], { description: '1 to 500 objects, none twice.' })
  objects!: ResourceObjectInput[]
}

@InputType({ description: 'A new resource group.' })
export class CreateResourceGroupInput {
  @Field(() => ID, { description: 'Where.' })
  organizationId!: string

  @Field(() => String, { description: '1 to 200 characters, unique in the organization.' })
  name!: string

  @Field(() => [ResourceScopeInput], { description: 'What it covers: the scope of the organization.' })
  scope!: ResourceScopeInput[]

  @Field(() => [MetaEntryInput], { nullable: true, description: 'At most 50 attributes to keep with it.' })
  meta?: MetaEntryInput[] | null
}

@InputType({ description: 'Changes to a resource group. What is absent stays.' })
export class UpdateResourceGroupInput {
  @Field(() => ID, { description: 'Which resource group.' })
  id!: string

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' })
  expectedVersion?: number | null

  @Field(() => String, { nullable: true, description: '1 to 200 characters, unique in the organization. Cannot be cleared.' })
  name?: string | null

  @Field(() => [ResourceScopeInput], { nullable: true, description: 'Replaces what it covers. Cannot be cleared.' })
  scope?: ResourceScopeInput[] | null

  @Field(() => [MetaEntryInput], { nullable: true, description: 'Replaces its attributes; null or none at all clears them.' })
  meta?: MetaEntryInput[] | null
}

@ObjectType({ simpleResolvers: true, description: 'A resource group, or why not.' })
export class ResourceGroupPayload {
  @Field(() => ResourceGroup, { nullable: true, description: 'The resource group as it is now.' })
  resourceGroup!: ResourceGroup | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}

@InputType({ description: 'Which resource group to delete.' })
export class DeleteResourceGroupInput {
  @Field(() => ID, { description: 'The resource group.' })
  id!: string

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' })
  expectedVersion?: number | null
}

@ObjectType({ simpleResolvers: true, description: 'What the deletion took along.' })
export class DeleteResourceGroupPayload {
  @Field(() => [ID], { description: 'The resource group.' })
  deletedIds!: string[]

  @Field(() => Boolean, { description: 'True when there was nothing to delete.' })
  alreadyAbsent!: boolean

  @Field(() => Organization, { nullable: true, description: 'Where it was.' })
  organization!: Organization | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}
