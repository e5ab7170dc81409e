import { Directive, Field, ObjectType } from 'type-graphql'
import { VerificationOutcome, VerificationTrigger } from '../generated/prisma/enums.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { DateTime } from '../platform/scalars.ts'
import { UserError } from '../platform/user-error.type.ts'
import { ComponentAction, ComponentState } from './component.type.ts'

describeEnum(VerificationTrigger, 'VerificationTrigger', 'Why a verification was made.', {
  VERIFY: 'A caller asked for it.',
  CONFIGURE: 'A configuration was to be stored.',
  SCHEDULED: 'Gatehouse looked again by itself.',
})
describeEnum(VerificationOutcome, 'VerificationOutcome', 'How a verification ended.', {
  PASSED: 'No check failed.',
  FAILED: 'A check failed.',
  UNREACHABLE: 'AWS did not answer: nothing is known.',
})

export const CheckStatus = { PASSED: 'PASSED', FAILED: 'FAILED', SKIPPED: 'SKIPPED' } as const
describeEnum(CheckStatus, 'CheckStatus', 'How a check ended.', {
  PASSED: 'As it has to be.',
  FAILED: 'Not as it has to be; the remediation says how to mend it.',
  SKIPPED: 'Not looked at, since something it depends on failed or it does not apply; the message says which.',
})

const codes = {
  OIDC_PROVIDER_EXISTS: 'The account has an IAM OIDC provider for the issuer, with the audience among its client ids.',
  ROLE_ASSUMABLE: "Gatehouse's token is accepted for the role.",
  ROLE_EXISTS: 'The role is there and may be read.',
  TRUST_POLICY_MATCHES: 'The trust policy lets in exactly this organization.',
  INLINE_POLICY_EXISTS: 'The inline policies are there.',
  INLINE_POLICY_MATCHES: 'The inline policies grant what was handed out.',
  ACCOUNT_MATCHES: 'The role lies in the account that was staged.',
  PARTITION_MATCHES: 'The role lies in the partition that was staged.',
  ACCESS_ANALYZER_ACTIVE: 'The access analyzer is active.',
  CLOUDTRAIL_LAKE_ENABLED: 'The event data store is enabled.',
  LAMBDA_INVOCABLE: 'The function may be invoked.',
  IDENTITY_CENTER_INSTANCE: 'An instance of IAM Identity Center was found.',
  PARENT_INSTALLED: "The parent account's IAM_WRITE is installed.",
  SAML_PROVIDER_EXISTS: 'The SAML provider is there.',
  RESOURCE_EXPLORER_INDEX: 'A Resource Explorer index is there.',
  SERVICE_ACCOUNT_CONFIGURED: 'This server has an identity that AWS can use.',
} as const
export const VerificationCheckCode = Object.fromEntries(Object.keys(codes).map((code) => [code, code])) as {
  [Code in keyof typeof codes]: Code
}
describeEnum(VerificationCheckCode, 'VerificationCheckCode', 'What a check looks at.', codes)

@ObjectType('VerificationCheck', { simpleResolvers: true, description: 'One thing a verification looked at.' })
export class VerificationCheck {
  @Field(() => VerificationCheckCode, { description: 'What.' })
  code!: keyof typeof VerificationCheckCode

  @Field(() => CheckStatus, { description: 'How it ended.' })
  status!: keyof typeof CheckStatus

  @Field(() => String, { description: 'For people.' })
  message!: string

  @Field(() => String, { nullable: true, description: 'What has to be.' })
  expected!: string | null

  @Field(() => String, { nullable: true, description: 'What was found.' })
  actual!: string | null

  @Field(() => String, { nullable: true, description: 'How to mend it.' })
  remediation!: string | null
}

@ObjectType('Verification', { implements: Node, simpleResolvers: true, description: 'A look at AWS: the report of one attempt.' })
@Directive('@key(fields: "id")')
export class Verification extends Node {
  @Field(() => VerificationTrigger, { description: 'Why it was made.' })
  trigger!: VerificationTrigger

  @Field(() => VerificationOutcome, { description: 'How it ended.' })
  outcome!: VerificationOutcome

  @Field(() => DateTime, { description: 'When it began.' })
  startedAt!: Date

  @Field(() => DateTime, { description: 'When it ended.' })
  finishedAt!: Date

  @Field(() => [VerificationCheck], { description: 'What was looked at, in that order.' })
  checks!: VerificationCheck[]
}

export const { Connection: VerificationConnection } = connectionTypes('Verification', () => Verification, 'verifications')

@ObjectType('VerificationError', {
  implements: UserError,
  simpleResolvers: true,
  description: 'AWS is not set up as it has to be. Nothing was changed; the report says what to mend.',
})
export class VerificationError extends UserError {
  @Field(() => Verification, { description: 'The whole report.' })
  verification!: Verification
}

@ObjectType('ComponentTransition', {
  implements: Node,
  simpleResolvers: true,
  description: 'A change of a component, kept beyond its removal.',
})
@Directive('@key(fields: "id")')
export class ComponentTransition extends Node {
  @Field(() => DateTime, { description: 'When.' })
  at!: Date

  @Field(() => ComponentAction, { description: 'What was done.' })
  action!: ComponentAction

  @Field(() => ComponentState, { nullable: true, description: 'The state before; null: there was no component.' })
  fromState!: ComponentState | null

  @Field(() => ComponentState, { nullable: true, description: 'The state after; null: it was removed.' })
  toState!: ComponentState | null
}

export const { Connection: ComponentTransitionConnection } = connectionTypes(
  'ComponentTransition',
  () => ComponentTransition,
  'transitions',
)
