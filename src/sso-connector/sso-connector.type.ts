import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { ChangeKind } from '../changes/change.type.ts'
import { SsoVerificationStatus } from '../generated/prisma/enums.ts'
import { Organization } from '../organization/organization.type.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime, DomainName } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'

export const SsoConnectorAction = {
  BEGIN_VERIFICATION: 'BEGIN_VERIFICATION',
  ENABLE: 'ENABLE',
  DISABLE: 'DISABLE',
  DELETE: 'DELETE',
} as const
describeEnum(SsoConnectorAction, 'SsoConnectorAction', 'What can be done with an SSO connector.', {
  BEGIN_VERIFICATION: 'Get a new code and have it looked up: beginSsoConnectorVerification.',
  ENABLE: 'Have it sign people in: updateSsoConnector(enabled: true).',
  DISABLE: 'Have it sign nobody in: updateSsoConnector(enabled: false).',
  DELETE: 'Forget it: deleteSsoConnector.',
})
describeEnum(SsoVerificationStatus, 'SsoVerificationStatus', "How far the proof has come that a domain is the organization's own.", {
  AWAITING: 'Nobody has begun it.',
  PENDING: 'The record is looked up until it is found or its time is over.',
  FAILED: 'The record was not found in time, or went missing for 7 days. Begin again for a new code.',
  VERIFIED: 'The record was found. It is looked up daily and has to stay.',
})

@ObjectType('SsoVerification', {
  simpleResolvers: true,
  description:
    "The proof that a domain is the organization's own: a TXT record with a code. Unclear answers of DNS never count against it.",
})
export class SsoVerification {
  @Field(() => String, { description: 'The whole value of the TXT record. A new one comes with each beginning.' })
  code!: string

  @Field(() => DomainName, { description: 'The name of the TXT record: the domain itself. An alias (CNAME) there counts as no record.' })
  dnsRecordName!: string

  @Field(() => SsoVerificationStatus, { description: 'How far it has come.' })
  status!: SsoVerificationStatus

  @Field(() => String, { nullable: true, description: 'For people: what the last look-up found and what to do. Null where all is well.' })
  statusMessage!: string | null

  @Field(() => Int, { description: 'Look-ups with this code so far.' })
  attempts!: number

  @Field(() => DateTime, { nullable: true, description: 'When this code was last looked up.' })
  lastCheckedAt!: Date | null

  @Field(() => DateTime, { nullable: true, description: 'When it is looked up next; null unless PENDING or VERIFIED.' })
  nextCheckAt!: Date | null

  @Field(() => DateTime, {
    nullable: true,
    description: 'After this time the next clear answer without the record makes it FAILED; null unless PENDING.',
  })
  expiresAt!: Date | null
}

@ObjectType('SsoConnector', {
  implements: Node,
  simpleResolvers: true,
  description: 'Single sign-on for the people of one e-mail domain. Of all organizations, one alone has a domain enabled.',
})
@Directive('@key(fields: "id")')
export class SsoConnector extends Node {
  @Field(() => DomainName, { description: 'The domain, unique in its organization. It stands for itself, not for names below it.' })
  emailDomain!: string

  @Field(() => Boolean, { description: 'Whether it signs people in. Only a VERIFIED one ever does.' })
  enabled!: boolean

  @Field(() => Boolean, { description: 'Whether people see FedRAMP language when they sign in.' })
  useFedrampLanguage!: boolean

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date

  @Field(() => DateTime, { description: 'When it last changed; look-ups that change nothing do not count.' })
  updatedAt!: Date

  @Field(() => Int, { description: 'Counts its changes; give it as expectedVersion to guard against lost updates.' })
  version!: number
}

export const { Connection: SsoConnectorConnection } = connectionTypes('SsoConnector', () => SsoConnector, 'SSO connectors')

@ObjectType('SsoConnectorChange', { simpleResolvers: true, description: 'Something happened to an SSO connector.' })
export class SsoConnectorChange {
  @Field(() => ChangeKind, { description: 'What happened; a look-up is an update.' })
  change!: ChangeKind

  @Field(() => ID, { description: 'Which connector.' })
  id!: string
}

@InputType({ description: 'A new SSO connector. It is disabled.' })
export class CreateSsoConnectorInput {
  @Field(() => ID, { description: 'Whose it is to be.' })
  organizationId!: string

  @Field(() => DomainName, { description: "The organization's own domain: no public suffix, and no public mail provider's." })
  emailDomain!: string

  @Field(() => Boolean, { defaultValue: true, description: 'Whether to look for the record from now on.' })
  beginVerification!: boolean

  @Field(() => Boolean, { defaultValue: false, description: 'Whether people are to see FedRAMP language when they sign in.' })
  useFedrampLanguage!: boolean
}

@InputType({ description: 'Which SSO connector gets a new code.' })
export class BeginSsoConnectorVerificationInput {
  @Field(() => ID, { description: 'The connector: AWAITING or FAILED.' })
  id!: string

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' })
  expectedVersion?: number | null
}

@InputType({ description: 'Changes to an SSO connector. What is absent stays.' })
export class UpdateSsoConnectorInput {
  @Field(() => ID, { description: 'The connector.' })
  id!: string

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' })
  expectedVersion?: number | null

  @Field(() => Boolean, {
    nullable: true,
    description: 'True needs it VERIFIED and the domain enabled by no other organization. Cannot be cleared.',
  })
  enabled?: boolean | null

  @Field(() => Boolean, { nullable: true, description: 'Whether people see FedRAMP language when they sign in. Cannot be cleared.' })
  useFedrampLanguage?: boolean | null
}

@InputType({ description: 'Which SSO connector to delete.' })
export class DeleteSsoConnectorInput {
  @Field(() => ID, { description: 'The connector: disabled.' })
  id!: string

  @Field(() => Int, { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' })
  expectedVersion?: number | null
}

@ObjectType({ simpleResolvers: true, description: 'An SSO connector, or why not.' })
export class SsoConnectorPayload {
  @Field(() => SsoConnector, { nullable: true, description: 'The connector as it is now.' })
  ssoConnector!: SsoConnector | null

  @Field(() => [UserError], { description: 'Why nothing changed; empty on success.' })
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'What was deleted, or why nothing was.' })
export class DeleteSsoConnectorPayload {
  @Field(() => [ID], { description: 'The connector.' })
  deletedIds!: string[]

  @Field(() => Boolean, { description: 'True when there was nothing to delete.' })
  alreadyAbsent!: boolean

  @Field(() => Organization, { nullable: true, description: 'Whose it was; null where there was nothing.' })
  organization!: Organization | null

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty on success.' })
  errors!: UserError[]
}
