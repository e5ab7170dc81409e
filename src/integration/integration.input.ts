import { Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { Organization } from '../organization/organization.type.ts'
import { JSONObject } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'
import { Integration } from './integration.type.ts'
import { SecretStoreInput } from './secret-store.type.ts'

const version = { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' }

@InputType({ description: 'Who answers for an integration.' })
export class IntegrationOwnerInput {
  @Field(() => String, { description: 'Which attribute of people, e.g. email or group; 1 to 200 characters.' })
  attributeType!: string

  @Field(() => [String], { description: 'Its values: 1 to 100, none of them twice, each of 1 to 256 characters.' })
  attributeValues!: string[]

  @Field(() => ID, { nullable: true, description: 'The integration of the organization that knows the attribute.' })
  sourceIntegrationId?: string | null
}

@InputType({ description: 'Which tag of a resource names its owner.' })
export class OwnersMappingInput {
  @Field(() => String, { description: 'The key of the tag, exactly; 1 to 128 characters.' })
  keyName!: string

  @Field(() => String, { description: "Which attribute of people the tag's value is; 1 to 200 characters." })
  attributeType!: string

  @Field(() => ID, { nullable: true, description: 'The integration of the organization that knows the attribute.' })
  sourceIntegrationId?: string | null
}

@InputType({ description: 'A new integration.' })
export class CreateIntegrationInput {
  @Field(() => ID, { description: 'Whose it is to be.' })
  organizationId!: string

  @Field(() => String, { description: 'Unique in the organization, 1 to 200 characters.' })
  name!: string

  @Field(() => String, { description: 'Its type, out of the catalogue; it never changes. aws is installed instead.' })
  type!: string

  @Field(() => JSONObject, { description: 'Values of the params of its type, by key.' })
  config!: object

  @Field(() => ID, { nullable: true, description: 'The connector whose agent reads it; none where this server does.' })
  connectorId?: string | null

  @Field(() => SecretStoreInput, { nullable: true, description: 'Where its secret lies: needed where its type says so.' })
  secretStore?: SecretStoreInput | null

  @Field(() => [String], { nullable: true, description: 'The types of resources to be read; absent or null: all of its type.' })
  connectedResourceTypes?: string[] | null

  @Field(() => String, { nullable: true, description: 'How people come to what it has, at most 400 characters, shown to them.' })
  customAccessDetails?: string | null

  @Field(() => IntegrationOwnerInput, { nullable: true, description: 'Who answers for it.' })
  owner?: IntegrationOwnerInput | null

  @Field(() => OwnersMappingInput, { nullable: true, description: 'Which tag of a resource names its owner.' })
  ownersMapping?: OwnersMappingInput | null
}

@InputType({ description: 'Changes to an integration. What is absent stays, null clears.' })
export class UpdateIntegrationInput {
  @Field(() => ID, { description: 'The integration.' })
  id!: string

  @Field(() => Int, version)
  expectedVersion?: number | null

  @Field(() => String, { nullable: true, description: 'Another name. Cannot be cleared.' })
  name?: string | null

  @Field(() => JSONObject, { nullable: true, description: 'All of its params anew. Cannot be cleared.' })
  config?: object | null

  @Field(() => ID, { nullable: true, description: 'The connector whose agent reads it.' })
  connectorId?: string | null

  @Field(() => SecretStoreInput, {
    nullable: true,
    description:
      'Where its secret lies. Where this server reads it, it has to be given again with params that send the secret to another place.',
  })
  secretStore?: SecretStoreInput | null

  @Field(() => [String], { nullable: true, description: 'The types of resources to be read; null: all of its type.' })
  connectedResourceTypes?: string[] | null

  @Field(() => String, { nullable: true, description: 'How people come to what it has, at most 400 characters.' })
  customAccessDetails?: string | null

  @Field(() => IntegrationOwnerInput, { nullable: true, description: 'Who answers for it.' })
  owner?: IntegrationOwnerInput | null

  @Field(() => OwnersMappingInput, { nullable: true, description: 'Which tag of a resource names its owner.' })
  ownersMapping?: OwnersMappingInput | null
}

@InputType({ description: 'Which integration to switch off.' })
export class DisableIntegrationInput {
  @Field(() => ID, { description: 'The integration.' })
  id!: string

  @Field(() => Int, version)
  expectedVersion?: number | null
}

@InputType({ description: 'Which integration to switch on again.' })
export class EnableIntegrationInput {
  @Field(() => ID, { description: 'The integration.' })
  id!: string

  @Field(() => Int, version)
  expectedVersion?: number | null
}

@InputType({ description: 'Which integration to read.' })
export class RefreshIntegrationInput {
  @Field(() => ID, { description: 'The integration: of a type that this server reads.' })
  id!: string

  @Field(() => Boolean, { defaultValue: false, description: 'Whether to answer when it has ended, after at most 10 seconds.' })
  wait!: boolean
}

@InputType({ description: 'Which integration to delete.' })
export class DeleteIntegrationInput {
  @Field(() => ID, { description: 'The integration; not the aws one, which is uninstalled.' })
  id!: string

  @Field(() => Int, version)
  expectedVersion?: number | null
}

@ObjectType({ simpleResolvers: true, description: 'An integration, or why not.' })
export class IntegrationPayload {
  @Field(() => Integration, { nullable: true, description: 'The integration as it is now.' })
  integration!: Integration | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'Whether an integration could be made.' })
export class ValidateIntegrationPayload {
  @Field(() => Boolean, { description: 'Whether createIntegration would make it.' })
  valid!: boolean

  @Field(() => [UserError], { description: 'What createIntegration would refuse.' })
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'What was deleted, or why nothing was.' })
export class DeleteIntegrationPayload {
  @Field(() => [ID], { description: 'The integration. Its resources, permissions and secret go along and are not named.' })
  deletedIds!: string[]

  @Field(() => Boolean, { description: 'True when there was nothing to delete.' })
  alreadyAbsent!: boolean

  @Field(() => Organization, { nullable: true, description: 'Whose it was; null where there was nothing.' })
  organization!: Organization | null

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty on success.' })
  errors!: UserError[]
}
