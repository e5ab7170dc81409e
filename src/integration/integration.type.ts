import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { IntegrationStatus } from '../generated/prisma/enums.ts'
import { Organization } from '../organization/organization.type.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node, SortDirection } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime, JSONObject } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'
import { IntegrationCategory } from './integration-type.type.ts'

describeEnum(IntegrationStatus, 'IntegrationStatus', 'How an integration is doing.', {
  INITIALIZING: 'New: nothing has come of it yet.',
  REFRESHING: 'It is being read.',
  ACTIVE: 'It works.',
  WARNING: 'It works in part.',
  ERROR: 'It does not work; the status message says what to do.',
  DISABLED: 'It was switched off.',
})
export const IntegrationOrderField = { NAME: 'NAME', CREATED_AT: 'CREATED_AT', LAST_SYNC_AT: 'LAST_SYNC_AT' } as const
export type IntegrationOrderField = keyof typeof IntegrationOrderField
describeEnum(IntegrationOrderField, 'IntegrationOrderField', 'What integrations are ordered by; equal ones by id.', {
  NAME: 'By name, code point by code point.',
  CREATED_AT: 'By the time they were made.',
  LAST_SYNC_AT: 'By the time they were last read; never comes first.',
})

@ObjectType('IntegrationOwner', { simpleResolvers: true, description: 'Who answers for something: people told by an attribute of theirs.' })
export class IntegrationOwner {
  @Field(() => String, { description: 'Which attribute, e.g. email or group.' })
  attributeType!: string

  @Field(() => [String], { description: 'Its values.' })
  attributeValues!: string[]
}

@ObjectType('OwnersMapping', { simpleResolvers: true, description: 'Which tag of a resource names its owner.' })
export class OwnersMapping {
  @Field(() => String, { description: 'The key of the tag, exactly.' })
  keyName!: string

  @Field(() => String, { description: "Which attribute of people the tag's value is." })
  attributeType!: string
}

@ObjectType('Integration', {
  implements: Node,
  simpleResolvers: true,
  description: 'A system of the organization that Gatehouse works with.',
})
@Directive('@key(fields: "id")')
export class Integration extends Node {
  @Field(() => String, { description: 'Unique in its organization.' })
  name!: string

  @Field(() => IntegrationStatus, { description: 'How it is doing.' })
  status!: IntegrationStatus

  @Field(() => String, { nullable: true, description: 'Why the status is what it is.' })
  statusMessage!: string | null

  @Field(() => JSONObject, { description: 'Its parameters, those of its type.' })
  config!: object

  @Field(() => [String], { nullable: true, description: 'The types of resources that are read; null: all of its type.' })
  connectedResourceTypes!: string[] | null

  @Field(() => String, { nullable: true, description: 'How people come to what it has, in the words of its administrators.' })
  customAccessDetails!: string | null

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When it was last read with success, in part included; of the aws integration by a refresh or a synchronization of its accounts.',
  })
  lastSyncAt!: Date | null

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date

  @Field(() => DateTime, { description: 'When it last changed.' })
  updatedAt!: Date

  @Field(() => Int, {
    description: 'Counts its changes; give it as expectedVersion to guard against lost updates. A status that changes does not count.',
  })
  version!: number
}

export const { Connection: IntegrationConnection } = connectionTypes('Integration', () => Integration, 'integrations')

@InputType({ description: 'Which integrations. All given conditions must hold; case does not count in names.' })
export class IntegrationFilter {
  @Field(() => String, { nullable: true, description: 'This name.' })
  name?: string | null

  @Field(() => String, { nullable: true, description: 'A part of the name.' })
  nameContains?: string | null

  @Field(() => String, { nullable: true, description: 'A pattern of the name, * standing for any text.' })
  namePattern?: string | null

  @Field(() => [String], { nullable: true, description: 'Of a type that fits one of these, * standing for any text.' })
  typePatterns?: string[] | null

  @Field(() => [IntegrationCategory], { nullable: true, description: 'Of one of these categories.' })
  categories?: IntegrationCategory[] | null

  @Field(() => [IntegrationStatus], { nullable: true, description: 'In one of these states.' })
  statuses?: IntegrationStatus[] | null

  @Field(() => [ID], { nullable: true, description: 'Of one of these connectors.' })
  connectorIds?: string[] | null
}

@InputType({ description: 'How integrations are ordered.' })
export class IntegrationOrder {
  @Field(() => IntegrationOrderField, { description: 'By what.' })
  field!: IntegrationOrderField

  @Field(() => SortDirection, { defaultValue: 'ASC', description: 'Which way.' })
  direction!: SortDirection
}

@InputType({ description: 'Where to install the AWS integration.' })
export class InstallAwsIntegrationInput {
  @Field(() => ID, { description: 'The organization.' })
  organizationId!: string
}

@ObjectType({ simpleResolvers: true, description: 'The AWS integration, or why not.' })
export class InstallAwsIntegrationPayload {
  @Field(() => Integration, { nullable: true, description: 'The integration.' })
  integration!: Integration | null

  @Field(() => Boolean, { description: 'True where it was there already and nothing changed.' })
  alreadyInstalled!: boolean

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}

@InputType({ description: 'Where to uninstall the AWS integration.' })
export class UninstallAwsIntegrationInput {
  @Field(() => ID, { description: 'The organization.' })
  organizationId!: string

  @Field(() => String, { description: 'Its slug, so that nothing is removed by a mistaken id.' })
  confirmSlug!: string
}

@ObjectType({ simpleResolvers: true, description: 'What the uninstallation took along.' })
export class UninstallAwsIntegrationPayload {
  @Field(() => [ID], { description: 'The integration and its components, BASE included.' })
  deletedIds!: string[]

  @Field(() => Boolean, { description: 'True when there was nothing to remove.' })
  alreadyAbsent!: boolean

  @Field(() => Organization, { nullable: true, description: 'Whose it was.' })
  organization!: Organization | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}
