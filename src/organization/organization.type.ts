import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'

@ObjectType('Organization', {
  implements: Node,
  simpleResolvers: true,
  description: 'A tenant. It owns everything below it, and nothing is visible across organizations.',
})
@Directive('@key(fields: "id")')
@Directive('@key(fields: "slug")')
export class Organization extends Node {
  @Field(() => String, {
    description: 'Its short name in addresses: lower-case letters, digits and inner hyphens, at most 40 characters, unique.',
  })
  slug!: string

  @Field(() => String, { description: 'Its name for people.' })
  name!: string

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date

  @Field(() => DateTime, { description: 'When it last changed.' })
  updatedAt!: Date

  @Field(() => Int, { description: 'Counts its changes; give it as expectedVersion to guard against lost updates.' })
  version!: number
}

export const { Connection: OrganizationConnection } = connectionTypes('Organization', () => Organization, 'organizations')

@InputType({ description: 'A new organization.' })
export class CreateOrganizationInput {
  @Field(() => String, { description: 'Lower-case letters, digits and inner hyphens, at most 40 characters, unique.' })
  slug!: string

  @Field(() => String, { description: '1 to 200 characters.' })
  name!: string
}

@InputType({ description: 'Changes to an organization. What is absent stays.' })
export class UpdateOrganizationInput {
  @Field(() => ID, { description: 'Which organization.' })
  id!: string

  @Field(() => String, { nullable: true, description: '1 to 200 characters. Cannot be cleared.' })
  name?: string | null

  @Field(() => String, { nullable: true, description: 'A new slug. Cannot be cleared.' })
  slug?: string | null

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' })
  expectedVersion?: number | null
}

@InputType({ description: 'Which organization to delete, said twice.' })
export class DeleteOrganizationInput {
  @Field(() => ID, { description: 'Which organization.' })
  id!: string

  @Field(() => String, { description: 'Its slug, so that nothing is deleted by a mistaken id.' })
  confirmSlug!: string
}

@ObjectType({ description: 'An organization, or why not.', simpleResolvers: true })
export class OrganizationPayload {
  @Field(() => Organization, { nullable: true, description: 'The organization as it is now.' })
  organization!: Organization | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}

@ObjectType({ description: 'What a deletion took along.', simpleResolvers: true })
export class DeleteOrganizationPayload {
  @Field(() => [ID], {
    description:
      'The organization with its integrations, components, accounts, credentials, roles, keys, members, groups, policies, resource groups and SSO connectors.',
  })
  deletedIds!: string[]

  @Field(() => Boolean, { description: 'True when there was nothing to delete.' })
  alreadyAbsent!: boolean

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty on success.' })
  errors!: UserError[]
}
