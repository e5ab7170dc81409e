import { createUnionType, Directive, Field, ID, InputType, Int, InterfaceType, ObjectType } from 'type-graphql'
import type { IamWriteLogin as StoredLogin } from '../aws/aws.type.ts'
import { ChangeKind } from '../changes/change.type.ts'
import { AwsPartition, ComponentAction, ComponentHealth, ComponentKind, ComponentState } from '../generated/prisma/enums.ts'
import { describeEnum } from '../platform/enum.ts'
import { Node } from '../platform/node.type.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { Arn, AwsAccountId, DateTime } from '../platform/scalars.ts'

describeEnum(ComponentKind, 'ComponentKind', 'What a component is for.', {
  BASE: 'Who Gatehouse is to this account. Made by the server with the first staged component.',
  IAM_ASSESSMENT: 'Reads IAM, to assess who may do what.',
  IAM_WRITE: 'Manages access: group membership, permission sets, its own policies.',
  FUNCTION_CALLER: 'Invokes one Lambda function.',
  ACCESS_LOGS: 'Reads access logs from CloudTrail Lake.',
  INVENTORY: 'Reads which roles and resources there are.',
})
describeEnum(ComponentState, 'ComponentState', 'How far a component is installed.', {
  STAGE: 'Its setup is handed out; AWS has not been verified.',
  CONFIGURE: 'AWS is set up as it has to be; the configuration is missing.',
  INSTALLED: 'In use.',
})
describeEnum(ComponentAction, 'ComponentAction', 'What can be done with a component.', {
  STAGE: 'Hand out its setup, or hand it out anew.',
  VERIFY: 'Look whether AWS is set up as handed out.',
  CONFIGURE: 'Store its configuration and verify it.',
  REMOVE: 'Forget it. AWS is left as it is.',
})
describeEnum(ComponentHealth, 'ComponentHealth', 'What the last verification of an installed component said.', {
  UNKNOWN: 'Not verified since it was installed, or not installed.',
  HEALTHY: 'AWS is as it has to be.',
  DRIFTED: 'A check fails.',
  UNREACHABLE: 'AWS did not answer.',
})

export { AwsPartition, ComponentAction, ComponentHealth, ComponentKind, ComponentState }

@InterfaceType({ implements: Node, description: 'One installable part of the AWS integration, for one AWS account or function.' })
@Directive('@key(fields: "id")')
export abstract class Component extends Node {
  @Field(() => ComponentKind, { description: 'What it is for.' })
  kind!: ComponentKind

  @Field(() => String, { description: 'The 12-digit account id; for FUNCTION_CALLER the ARN of the Lambda function.' })
  itemId!: string

  @Field(() => AwsPartition, { description: 'Where it lies.' })
  partition!: AwsPartition

  @Field(() => ComponentState, { description: 'How far it is installed.' })
  state!: ComponentState

  @Field(() => ComponentHealth, { description: 'What the last verification since it was installed said.' })
  health!: ComponentHealth

  @Field(() => DateTime, { description: 'When it was first staged.' })
  createdAt!: Date

  @Field(() => DateTime, { description: 'When its state or configuration last changed.' })
  updatedAt!: Date

  @Field(() => Int, {
    description: 'Counts changes of its state and configuration; give it as expectedVersion to guard against lost updates.',
  })
  version!: number
}

const component = (description: string) => ({ implements: [Component, Node], simpleResolvers: true, description })

@ObjectType('BaseComponent', component('Who Gatehouse is to an AWS account.'))
@Directive('@key(fields: "id")')
export class BaseComponent extends Component {}

@ObjectType('IamAssessmentComponent', component('Reads IAM of an account.'))
@Directive('@key(fields: "id")')
export class IamAssessmentComponent extends Component {}

@ObjectType('IamWriteComponent', component('Manages access in an account.'))
@Directive('@key(fields: "id")')
export class IamWriteComponent extends Component {}

@ObjectType('FunctionCallerComponent', component('Invokes one Lambda function.'))
@Directive('@key(fields: "id")')
export class FunctionCallerComponent extends Component {}

@ObjectType('AccessLogsComponent', component('Reads access logs of an account.'))
@Directive('@key(fields: "id")')
export class AccessLogsComponent extends Component {}

@ObjectType('InventoryComponent', component('Reads which roles and resources an account has.'))
@Directive('@key(fields: "id")')
export class InventoryComponent extends Component {}

export const componentTypes = [
  BaseComponent,
  IamAssessmentComponent,
  IamWriteComponent,
  FunctionCallerComponent,
  AccessLogsComponent,
  InventoryComponent,
]

export const { Connection: ComponentConnection } = connectionTypes('Component', () => Component as never, 'components')

@InputType({ description: 'Which components. All given conditions must hold.' })
export class ComponentFilter {
  @Field(() => [ComponentKind], { nullable: true, description: 'Of one of these kinds.' })
  kinds?: ComponentKind[] | null

  @Field(() => [ComponentState], { nullable: true, description: 'In one of these states.' })
  states?: ComponentState[] | null

  @Field(() => [ComponentHealth], { nullable: true, description: 'Of such health.' })
  health?: ComponentHealth[] | null

  @Field(() => [AwsAccountId], { nullable: true, description: 'In one of these AWS accounts.' })
  accountIds?: string[] | null
}

// ---------------------------------------------------------------- how people sign in to what IAM_WRITE manages

export const IamUserIdentity = { EMAIL: 'EMAIL', TAG: 'TAG' } as const
export const IdentityCenterIdentity = { USER: 'USER', EMAIL: 'EMAIL' } as const
describeEnum(IamUserIdentity, 'IamUserIdentity', 'How a person is found among the IAM users.', {
  EMAIL: 'The user name is the e-mail address.',
  TAG: 'A tag of the user holds the e-mail address.',
})
describeEnum(IdentityCenterIdentity, 'IdentityCenterIdentity', 'How a person is found in Identity Center.', {
  USER: 'The user name is the e-mail address.',
  EMAIL: 'The primary e-mail address.',
})

@ObjectType('IamUserLogin', { simpleResolvers: true, description: 'People sign in as IAM users.' })
export class IamUserLogin {
  @Field(() => IamUserIdentity, { description: 'How a person is found.' })
  identity!: keyof typeof IamUserIdentity

  @Field(() => String, { nullable: true, description: 'The tag that holds the e-mail address; set exactly where identity is TAG.' })
  tagName!: string | null
}

@ObjectType('IdentityCenterLogin', { simpleResolvers: true, description: 'People sign in through IAM Identity Center.' })
export class IdentityCenterLogin {
  @Field(() => AwsAccountId, { description: 'The account in which Identity Center is administered.' })
  parentAccountId!: string

  @Field(() => IdentityCenterIdentity, { description: 'How a person is found.' })
  identity!: keyof typeof IdentityCenterIdentity

  @Field(() => Arn, { nullable: true, description: 'The instance, found by verification.' })
  identityCenterArn!: string | null

  @Field(() => String, { nullable: true, description: 'Its identity store, found by verification.' })
  identityStoreId!: string | null

  @Field(() => String, { nullable: true, description: 'Its region, found by verification.' })
  region!: string | null
}

@ObjectType('OktaProvider', { simpleResolvers: true, description: 'Okta, by its AWS app.' })
export class OktaProvider {
  @Field(() => String, { description: "The id of Okta's AWS app." })
  appId!: string

  @Field(() => String, { description: 'The name of the SAML provider in IAM.' })
  identityProvider!: string

  @Field(() => AwsAccountId, { nullable: true, description: 'The parent account of a multi-account app; null: a single account.' })
  multiAccountParentId!: string | null
}

export const FederatedProvider = createUnionType({
  name: 'FederatedProvider',
  description: 'Who vouches for people who sign in by federation.',
  types: () => [OktaProvider] as const,
})

@ObjectType('FederatedLogin', { simpleResolvers: true, description: 'People sign in by SAML federation.' })
export class FederatedLogin {
  @Field(() => FederatedProvider, { description: 'Who vouches for them.' })
  provider!: OktaProvider
}

export const IamWriteLogin = createUnionType({
  name: 'IamWriteLogin',
  description: 'How people sign in to the account.',
  types: () => [IamUserLogin, IdentityCenterLogin, FederatedLogin] as const,
})

/**
 * A stored login as the union has it. The members are told apart by their classes: a resolveType of one's own would be made a promise by
 * type-graphql, which compiled queries do not wait for.
 */
export function loginValue(login: StoredLogin): IamUserLogin | IdentityCenterLogin | FederatedLogin {
  if (login.type === 'iam') return Object.assign(new IamUserLogin(), login)
  if (login.type === 'identityCenter') return Object.assign(new IdentityCenterLogin(), login)
  return Object.assign(new FederatedLogin(), { provider: Object.assign(new OktaProvider(), login.provider) })
}

// ---------------------------------------------------------------- what to create in AWS

@ObjectType('NamedPolicy', { simpleResolvers: true, description: 'An inline policy of a role.' })
export class NamedPolicy {
  @Field(() => String, { description: 'Its name.' })
  name!: string

  @Field(() => String, { description: 'JSON text, to be fed to AWS verbatim.' })
  document!: string
}

@ObjectType('RoleSetup', {
  simpleResolvers: true,
  description:
    'What to create in AWS, as handed out at staging. The documents are JSON text, to be fed to AWS verbatim; the three recipes create exactly them.',
})
export class RoleSetup {
  @Field(() => String, { description: 'The name of the role.' })
  roleName!: string

  @Field(() => String, { description: 'The name of its inline policy.' })
  inlinePolicyName!: string

  @Field(() => String, { description: 'The inline policy: what the role may do.' })
  inlinePolicy!: string

  @Field(() => String, { description: 'The trust policy: who may assume the role.' })
  trustPolicy!: string

  @Field(() => String, { description: "The audience of Gatehouse's tokens, which the OIDC provider must list." })
  serviceAccountId!: string

  @Field(() => [NamedPolicy], { description: 'Further inline policies of the role.' })
  additionalInlinePolicies!: NamedPolicy[]

  @Field(() => String, {
    nullable: true,
    description: 'The IAM OIDC provider that the account needs first; null where AWS has it built in.',
  })
  oidcProviderUrl!: string | null
}

@ObjectType('ComponentChange', { simpleResolvers: true, description: 'Something happened to a component.' })
export class ComponentChange {
  @Field(() => ChangeKind, { description: 'What happened.' })
  change!: ChangeKind

  @Field(() => ID, { description: 'Which component.' })
  id!: string
}
