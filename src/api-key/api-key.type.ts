import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql'
import { Scope } from '../auth/scope.type.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'

@ObjectType('ApiKey', {
  implements: Node,
  simpleResolvers: true,
  description: 'A credential of an organization. Its secret is shown once and kept only as a hash.',
})
@Directive('@key(fields: "id")')
export class ApiKey extends Node {
  @Field(() => String, { description: 'What it is for.' })
  name!: string

  @Field(() => String, { description: 'The beginning of the key, enough to recognise it by.' })
  prefix!: string

  @Field(() => [Scope], { description: 'What it may do.' })
  scopes!: Scope[]

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date

  @Field(() => DateTime, { nullable: true, description: 'When it ends; null: never.' })
  expiresAt!: Date | null

  @Field(() => DateTime, { nullable: true, description: 'When it was last used, to the minute.' })
  lastUsedAt!: Date | null

  @Field(() => DateTime, { nullable: true, description: 'When it was revoked.' })
  revokedAt!: Date | null
}

export const { Connection: ApiKeyConnection } = connectionTypes('ApiKey', () => ApiKey, 'API keys')

@InputType({ description: 'A new API key.' })
export class CreateApiKeyInput {
  @Field(() => ID, { description: 'Whose key it is to be.' })
  organizationId!: string

  @Field(() => String, { description: 'What it is for, 1 to 200 characters.' })
  name!: string

  @Field(() => [Scope], { description: 'At least one, and none that the caller does not hold itself.' })
  scopes!: Scope[]

  @Field(() => DateTime, { nullable: true, description: 'When it ends; absent: never.' })
  expiresAt?: Date | null
}

@InputType({ description: 'Which API key gets a new secret.' })
export class RotateApiKeyInput {
  @Field(() => ID, { description: 'The key.' })
  id!: string
}

@InputType({ description: 'Which API key ends now.' })
export class RevokeApiKeyInput {
  @Field(() => ID, { description: 'The key.' })
  id!: string
}

@ObjectType({ description: 'An API key with its secret, or why not.', simpleResolvers: true })
export class CreateApiKeyPayload {
  @Field(() => ApiKey, { nullable: true, description: 'The key.' })
  apiKey!: ApiKey | null

  @Field(() => String, { nullable: true, description: 'The whole key, to be sent as bearer token. It is in this answer only.' })
  secret!: string | null

  @Field(() => [UserError], { description: 'Why there is none; empty on success.' })
  errors!: UserError[]
}

@ObjectType({ description: 'The revoked API key, or why not.', simpleResolvers: true })
export class RevokeApiKeyPayload {
  @Field(() => ApiKey, { nullable: true, description: 'The key as it is now.' })
  apiKey!: ApiKey | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}
