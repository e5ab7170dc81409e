import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { ChangeKind } from '../changes/change.type.ts'
import { BackgroundOperationKind, BackgroundOperationStatus } from '../generated/prisma/enums.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'

describeEnum(BackgroundOperationKind, 'BackgroundOperationKind', 'What is being done.', {
  AWS_SYNC: 'AWS accounts are read.',
  AWS_ROLE_REFRESH: 'AWS roles are read.',
  INTEGRATION_REFRESH: 'An integration is read.',
  COMPONENT_VERIFICATION: 'Components are verified.',
})
describeEnum(BackgroundOperationStatus, 'BackgroundOperationStatus', 'How far it is.', {
  QUEUED: 'It waits for a worker.',
  RUNNING: 'It is being worked on.',
  SUCCEEDED: 'Done, every item.',
  SUCCEEDED_WITH_WARNING: 'Done; some items failed.',
  FAILED: 'Every item failed, or it could not be done at all.',
  CANCELLED: 'It was cancelled; what was done stays done.',
})

export { BackgroundOperationKind, BackgroundOperationStatus }

@ObjectType('Progress', { simpleResolvers: true, description: 'How far work has come.' })
export class Progress {
  @Field(() => Int, { description: 'Items done.' })
  done!: number

  @Field(() => Int, { nullable: true, description: 'Items in all, once that is known.' })
  total!: number | null
}

@ObjectType('BackgroundOperation', {
  implements: Node,
  simpleResolvers: true,
  description: 'Long work that goes on by itself and survives restarts.',
})
@Directive('@key(fields: "id")')
export class BackgroundOperation extends Node {
  @Field(() => BackgroundOperationKind, { description: 'What is being done.' })
  kind!: BackgroundOperationKind

  @Field(() => BackgroundOperationStatus, { description: 'How far it is.' })
  status!: BackgroundOperationStatus

  @Field(() => String, { nullable: true, description: 'Why the status is what it is.' })
  statusMessage!: string | null

  @Field(() => DateTime, { description: 'When it was asked for.' })
  createdAt!: Date

  @Field(() => DateTime, { nullable: true, description: 'When work on it began.' })
  startedAt!: Date | null

  @Field(() => DateTime, { nullable: true, description: 'When it ended.' })
  finishedAt!: Date | null
}

export const { Connection: BackgroundOperationConnection } = connectionTypes(
  'BackgroundOperation',
  () => BackgroundOperation,
  'background operations',
)

@ObjectType('BackgroundOperationResult', { simpleResolvers: true, description: 'How one item of an operation fared.' })
export class BackgroundOperationResult {
  @Field(() => ID, { nullable: true, description: 'The item.' })
  subjectId!: string | null

  @Field(() => Boolean, { description: 'Whether it succeeded.' })
  succeeded!: boolean

  @Field(() => [UserError], { description: 'Why not; empty on success.' })
  errors!: UserError[]
}

export const { Connection: BackgroundOperationResultConnection } = connectionTypes(
  'BackgroundOperationResult',
  () => BackgroundOperationResult,
  'results',
)

@InputType({ description: 'Which operations. All given conditions must hold.' })
export class BackgroundOperationFilter {
  @Field(() => [BackgroundOperationKind], { nullable: true, description: 'Of one of these kinds.' })
  kinds?: BackgroundOperationKind[] | null

  @Field(() => [BackgroundOperationStatus], { nullable: true, description: 'In one of these states.' })
  statuses?: BackgroundOperationStatus[] | null

  @Field(() => [ID], { nullable: true, description: 'About one of these.' })
  subjectIds?: string[] | null
}

@InputType({ description: 'Which operation to cancel.' })
export class CancelOperationInput {
  @Field(() => ID, { description: 'The operation.' })
  id!: string
}

@ObjectType({ simpleResolvers: true, description: 'A background operation, or why there is none.' })
export class BackgroundOperationPayload {
  @Field(() => BackgroundOperation, { nullable: true, description: 'The operation as it is now.' })
  operation!: BackgroundOperation | null

  @Field(() => [UserError], { description: 'Why nothing was begun or changed; empty on success.' })
  errors!: UserError[]
}

@ObjectType('BackgroundOperationChange', { simpleResolvers: true, description: 'Something happened to a background operation.' })
export class BackgroundOperationChange {
  @Field(() => ChangeKind, { description: 'What happened; progress is an update.' })
  change!: ChangeKind

  @Field(() => ID, { description: 'Which operation.' })
  id!: string
}
