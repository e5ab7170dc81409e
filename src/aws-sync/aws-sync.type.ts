import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { AwsSyncState } from '../generated/prisma/enums.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { AwsAccountId, DateTime } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'

describeEnum(AwsSyncState, 'AwsSyncState', 'How the last synchronization ended.', {
  NA: 'There was nothing to synchronize yet.',
  INITIALIZING: 'The first one is running.',
  SUCCEEDED: 'Every account was read.',
  SUCCEEDED_WITH_WARNING: 'Some accounts were not read, or not in full.',
  FAILED: 'No account was read.',
  DISABLED: 'Synchronization is disabled.',
})

@ObjectType('AwsSync', {
  implements: Node,
  simpleResolvers: true,
  description: "Reading all of an organization's AWS accounts: on request, and every 24 hours unless disabled.",
})
@Directive('@key(fields: "id")')
export class AwsSync extends Node {
  @Field(() => Boolean, { description: 'Whether accounts are read.' })
  enabled!: boolean

  @Field(() => AwsSyncState, { description: 'How the last one ended.' })
  state!: AwsSyncState

  @Field(() => DateTime, { nullable: true, description: 'When it was last tried.' })
  lastSyncAt!: Date | null

  @Field(() => DateTime, { nullable: true, description: 'When one last ended that read any account.' })
  lastSuccessAt!: Date | null

  @Field(() => String, { nullable: true, description: 'Why the state is what it is; null when all is well.' })
  statusMessage!: string | null
}

@ObjectType('AwsAccountSync', {
  simpleResolvers: true,
  description: 'What became of one access key, or of one account with INVENTORY, in the last synchronization that ended.',
})
export class AwsAccountSync {
  @Field(() => String, { description: 'The name of the credential; the number of an account read through INVENTORY.' })
  accountName!: string

  @Field(() => Boolean, { description: 'Whether it could be read.' })
  succeeded!: boolean

  @Field(() => String, { nullable: true, description: 'Why not, or what could not be read of it.' })
  statusMessage!: string | null

  @Field(() => Int, { description: 'Roles read through it.' })
  rolesFound!: number

  @Field(() => DateTime, { description: 'When it was done with.' })
  finishedAt!: Date
}

export const { Connection: AwsAccountSyncConnection } = connectionTypes(
  'AwsAccountSync',
  () => AwsAccountSync,
  'accounts of a synchronization',
)

@InputType({ description: 'Whether to synchronize.' })
export class SetAwsSyncInput {
  @Field(() => ID, { description: 'Where.' })
  organizationId!: string

  @Field(() => Boolean, { description: 'False cancels what runs, and nothing is read until it is true again.' })
  enabled!: boolean
}

@ObjectType({ description: 'The synchronization, or why it did not change.', simpleResolvers: true })
export class AwsSyncPayload {
  @Field(() => AwsSync, { nullable: true, description: 'It as it is now.' })
  awsSync!: AwsSync | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}

@InputType({ description: 'Whose accounts to read.' })
export class SyncAwsAccountsInput {
  @Field(() => ID, { description: 'Where.' })
  organizationId!: string

  @Field(() => Boolean, { defaultValue: false, description: 'Wait for the end, at most 10 seconds.' })
  wait!: boolean
}

@InputType({ description: 'Which accounts to read the roles of.' })
export class RefreshAwsRolesInput {
  @Field(() => ID, { description: 'Where.' })
  organizationId!: string

  @Field(() => [AwsAccountId], { nullable: true, description: 'These accounts, at most 500; all that have a source where absent.' })
  accountIds?: string[] | null

  @Field(() => Boolean, { defaultValue: false, description: 'Wait for the end, at most 10 seconds.' })
  wait!: boolean
}
