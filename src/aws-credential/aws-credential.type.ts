import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql'
import { Organization } from '../organization/organization.type.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'

@ObjectType('AwsCredential', {
  implements: Node,
  simpleResolvers: true,
  description: 'A static AWS access key. Its secret is kept encrypted and is never shown.',
})
@Directive('@key(fields: "id")')
export class AwsCredential extends Node {
  @Field(() => String, { description: 'The name or number of its account, as whoever put it wrote it; unique in its organization.' })
  accountName!: string

  @Field(() => String, { description: 'The id of the access key.' })
  accessKeyId!: string

  @Field(() => DateTime, { description: 'When it was first put.' })
  createdAt!: Date

  @Field(() => DateTime, { nullable: true, description: 'When its key or secret was last replaced.' })
  rotatedAt!: Date | null

  @Field(() => DateTime, { nullable: true, description: 'When AWS last accepted it.' })
  lastUsedAt!: Date | null
}

export const { Connection: AwsCredentialConnection } = connectionTypes('AwsCredential', () => AwsCredential, 'AWS credentials')

@InputType({ description: 'A credential to put.' })
export class AwsCredentialInput {
  @Field(() => String, { description: 'The name or number of its account, 1 to 200 characters. One of this name is replaced.' })
  accountName!: string

  @Field(() => String, {
    description: 'The id of a long-lived access key: 16 to 128 capital letters and digits, not one that begins with ASIA.',
  })
  accessKeyId!: string

  @Field(() => String, { description: 'Its secret. Stored encrypted, never given out again.' })
  secretAccessKey!: string
}

@InputType({ description: 'Credentials to put.' })
export class PutAwsCredentialsInput {
  @Field(() => ID, { description: 'Where.' })
  organizationId!: string

  @Field(() => [AwsCredentialInput], { description: '1 to 500 of them, each account name once.' })
  credentials!: AwsCredentialInput[]
}

@ObjectType({ description: 'The credentials, or why none was put.', simpleResolvers: true })
export class PutAwsCredentialsPayload {
  @Field(() => [AwsCredential], { nullable: true, description: 'They as they are now, in the order of the input.' })
  credentials!: AwsCredential[] | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}

@InputType({ description: 'Credentials to delete.' })
export class DeleteAwsCredentialsInput {
  @Field(() => ID, { description: 'Where.' })
  organizationId!: string

  @Field(() => [String], { description: 'Their account names, 1 to 500. Names without a credential are passed over.' })
  accountNames!: string[]
}

@ObjectType({ description: 'Which credentials are gone.', simpleResolvers: true })
export class DeleteAwsCredentialsPayload {
  @Field(() => [ID], { description: 'The credentials deleted.' })
  deletedIds!: string[]

  @Field(() => [String], { description: 'Their account names.' })
  deletedAccountNames!: string[]

  @Field(() => Organization, { nullable: true, description: 'Where.' })
  organization!: Organization | null

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty on success.' })
  errors!: UserError[]
}
