import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { IntegrationStatus, ResourceStatus } from '../generated/prisma/enums.ts'
import { Integration } from '../integration/integration.type.ts'
import { Organization } from '../organization/organization.type.ts'
import { describeEnum } from '../platform/enum.ts'
import { BulkSummary, Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime } from '../platform/scalars.ts'
import { TagInput } from '../platform/tag.type.ts'
import { UserError } from '../platform/user-error.type.ts'

export const ConnectorStatus = { CONNECTED: 'CONNECTED', DISCONNECTED: 'DISCONNECTED' } as const
export type ConnectorStatus = keyof typeof ConnectorStatus
describeEnum(ConnectorStatus, 'ConnectorStatus', "Whether a connector's agent is there.", {
  CONNECTED: 'It was heard of in the last two minutes.',
  DISCONNECTED: 'It has not been heard of for two minutes, or never.',
})

@ObjectType('Connector', {
  implements: Node,
  simpleResolvers: true,
  description: 'An agent of the organization that reads what this server cannot reach, and reports it.',
})
@Directive('@key(fields: "id")')
export class Connector extends Node {
  @Field(() => String, { description: 'Unique in its organization.' })
  name!: string

  @Field(() => ConnectorStatus, { description: 'Whether its agent is there.' })
  status!: ConnectorStatus

  @Field(() => String, { nullable: true, description: 'The version its agent last said it has.' })
  agentVersion!: string | null

  @Field(() => DateTime, { nullable: true, description: 'When its agent was last heard of: a heartbeat or a report.' })
  lastConnectedAt!: Date | null

  @Field(() => DateTime, { description: 'When it was registered.' })
  createdAt!: Date

  @Field(() => DateTime, { description: 'When it last changed; being heard of does not count.' })
  updatedAt!: Date

  @Field(() => Int, { description: 'Counts its changes; give it as expectedVersion to guard against lost updates.' })
  version!: number
}

export const { Connection: ConnectorConnection } = connectionTypes('Connector', () => Connector, 'connectors')

@InputType({ description: 'A new connector.' })
export class RegisterConnectorInput {
  @Field(() => ID, { description: 'Whose it is to be.' })
  organizationId!: string

  @Field(() => String, { description: 'Unique in the organization, 1 to 200 characters.' })
  name!: string
}

@InputType({ description: 'Which connector gets a new key.' })
export class RotateConnectorSecretInput {
  @Field(() => ID, { description: 'The connector.' })
  id!: string
}

@InputType({ description: 'Changes to a connector.' })
export class UpdateConnectorInput {
  @Field(() => ID, { description: 'The connector.' })
  id!: string

  @Field(() => String, { description: 'Its name, 1 to 200 characters.' })
  name!: string

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' })
  expectedVersion?: number | null
}

@InputType({ description: 'A sign of life.' })
export class ConnectorHeartbeatInput {
  @Field(() => String, { nullable: true, description: 'The version of the agent, 1 to 100 characters.' })
  agentVersion?: string | null
}

@InputType({ description: 'A resource that an agent found.' })
export class DiscoveredResourceInput {
  @Field(() => String, { description: 'How its source tells it from others, 1 to 500 characters; unique in the integration.' })
  externalId!: string

  @Field(() => String, { description: 'Its name for people, 1 to 500 characters.' })
  name!: string

  @Field(() => String, { description: "One of the resourceTypes of the integration's type that are connected." })
  type!: string

  @Field(() => [TagInput], { nullable: true, description: 'Its tags there, at most 100.' })
  sourceTags?: TagInput[] | null

  @Field(() => ResourceStatus, { defaultValue: 'ACTIVE', description: 'How it is doing.' })
  status!: ResourceStatus

  @Field(() => String, { nullable: true, description: 'Why its status is what it is.' })
  statusMessage?: string | null
}

@InputType({ description: 'Something that can be permitted, as an agent found it.' })
export class DiscoveredPermissionInput {
  @Field(() => String, { description: 'What it is called there, 1 to 300 characters.' })
  name!: string

  @Field(() => String, { description: 'On resources of which type.' })
  resourceType!: string
}

@InputType({ description: 'What an agent found of an integration.' })
export class ReportDiscoveryInput {
  @Field(() => ID, { description: "One of the integrations of the caller's connector." })
  integrationId!: string

  @Field(() => String, { nullable: true, description: 'The version of the agent, 1 to 100 characters.' })
  agentVersion?: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Calls with one runId, 1 to 200 characters, are one run; absent: this call is a run. A run ends with its complete call.',
  })
  runId?: string | null

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'On the last call of a run, sent when the others are answered: what the run did not name is marked DELETED.',
  })
  complete!: boolean

  @Field(() => [DiscoveredResourceInput], { description: 'Resources, at most 5,000.' })
  resources!: DiscoveredResourceInput[]

  @Field(() => [DiscoveredPermissionInput], { nullable: true, description: 'Permissions, at most 5,000; absent: nothing is said of them.' })
  permissions?: DiscoveredPermissionInput[] | null

  @Field(() => IntegrationStatus, { nullable: true, description: 'ACTIVE, WARNING or ERROR; absent: ACTIVE at the end of a run.' })
  status?: IntegrationStatus | null

  @Field(() => String, { nullable: true, description: 'What an operator has to know or do, at most 2,000 characters.' })
  statusMessage?: string | null
}

@ObjectType({ simpleResolvers: true, description: 'What became of a report: all of it was taken, or nothing.' })
export class ReportDiscoveryPayload {
  @Field(() => Integration, { nullable: true, description: 'The integration as it is now.' })
  integration!: Integration | null

  @Field(() => BulkSummary, { nullable: true, description: 'Resources and permissions that were taken.' })
  summary!: BulkSummary | null

  @Field(() => [UserError], { description: 'Why nothing was taken; empty on success.' })
  errors!: UserError[]
}

@InputType({ description: 'Which connector to delete.' })
export class DeleteConnectorInput {
  @Field(() => ID, { description: 'The connector.' })
  id!: string

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' })
  expectedVersion?: number | null
}

@ObjectType({ simpleResolvers: true, description: 'A connector with its key, or why not.' })
export class RegisterConnectorPayload {
  @Field(() => Connector, { nullable: true, description: 'The connector.' })
  connector!: Connector | null

  @Field(() => String, { nullable: true, description: 'The key of its agent, to be sent as bearer token. It is in this answer only.' })
  secret!: string | null

  @Field(() => [UserError], { description: 'Why there is none; empty on success.' })
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'A connector, or why not.' })
export class ConnectorPayload {
  @Field(() => Connector, { nullable: true, description: 'The connector as it is now.' })
  connector!: Connector | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'What was deleted, or why nothing was.' })
export class DeleteConnectorPayload {
  @Field(() => [ID], { description: 'The connector.' })
  deletedIds!: string[]

  @Field(() => Boolean, { description: 'True when there was nothing to delete.' })
  alreadyAbsent!: boolean

  @Field(() => Organization, { nullable: true, description: 'Whose it was; null where there was nothing.' })
  organization!: Organization | null

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty on success.' })
  errors!: UserError[]
}
