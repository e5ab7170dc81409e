import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql'
import { ActorKind, AuditOutcome } from '../generated/prisma/enums.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime, JSONObject } from '../platform/scalars.ts'

describeEnum(ActorKind, 'ActorKind', 'What kind of actor it was.', {
  API_KEY: 'A key of an organization.',
  USER: 'A person.',
  PLATFORM_ADMIN: 'Whoever runs this installation.',
  SYSTEM: 'Gatehouse itself, by a job.',
})
describeEnum(AuditOutcome, 'AuditOutcome', 'How it ended.', {
  SUCCEEDED: 'It took effect.',
  REFUSED: 'It was tried and took no effect.',
})

@ObjectType('Actor', { simpleResolvers: true, description: 'Who acted, as known at that time.' })
export class Actor {
  @Field(() => ActorKind, { description: 'What kind.' })
  kind!: ActorKind

  @Field(() => String, { description: 'The id of the key, platform-admin, or gatehouse.' })
  subject!: string

  @Field(() => String, { description: 'For people: the name of the key as it was then.' })
  label!: string
}

@ObjectType('AuditEvent', {
  implements: Node,
  simpleResolvers: true,
  description: 'Something that was done or refused. Written with what it tells, never changed.',
})
@Directive('@key(fields: "id")')
export class AuditEvent extends Node {
  @Field(() => DateTime, { description: 'When.' })
  at!: Date

  @Field(() => String, { description: 'noun.verb, e.g. component.verify.' })
  action!: string

  @Field(() => AuditOutcome, { description: 'How it ended.' })
  outcome!: AuditOutcome

  @Field(() => ID, { nullable: true, description: 'What it was about; the thing itself may be gone.' })
  subjectId!: string | null

  @Field(() => JSONObject, { nullable: true, description: 'What changed, as it was before. Never a secret.' })
  before!: object | null

  @Field(() => JSONObject, { nullable: true, description: 'What changed, as it was after.' })
  after!: object | null

  @Field(() => String, { nullable: true, description: 'The request it came with: finds it in the log. Null for jobs.' })
  requestId!: string | null
}

export const { Connection: AuditEventConnection } = connectionTypes('AuditEvent', () => AuditEvent, 'audit events')

@InputType({ description: 'Which audit events. All given conditions must hold.' })
export class AuditEventFilter {
  @Field(() => String, { nullable: true, description: 'This action exactly, e.g. component.verify.' })
  action?: string | null

  @Field(() => [ID], { nullable: true, description: 'About one of these.' })
  subjectIds?: string[] | null

  @Field(() => String, { nullable: true, description: 'By this actor.' })
  actorSubject?: string | null

  @Field(() => DateTime, { nullable: true, description: 'At this time or later.' })
  since?: Date | null

  @Field(() => DateTime, { nullable: true, description: 'Before this time.' })
  until?: Date | null
}
