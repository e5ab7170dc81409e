import { Directive, Field, ID, InputType, Int } from 'type-graphql'
import { Arn, AwsAccountId } from '../platform/scalars.ts'
import { AwsPartition, ComponentKind, IamUserIdentity, IdentityCenterIdentity } from './component.type.ts'

const version = { nullable: true, description: 'Refuse with a ConflictError unless it is at this version.' }

@InputType({ description: 'What to stage.' })
export class StageComponentInput {
  @Field(() => ID, { description: 'Whose component.' })
  organizationId!: string

  @Field(() => ComponentKind, { description: 'What for; not BASE, which the server makes.' })
  kind!: ComponentKind

  @Field(() => String, { description: 'The 12-digit AWS account id; for FUNCTION_CALLER the ARN of the Lambda function.' })
  itemId!: string

  @Field(() => AwsPartition, {
    nullable: true,
    description: "Absent: that of the function's ARN or of the account where it is known, else AWS.",
  })
  partition?: AwsPartition | null

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'An INSTALLED component is staged again only with true: its configuration is cleared.',
  })
  allowRestage!: boolean
}

@InputType({ description: 'What to stage, for many accounts or functions at once.' })
export class StageComponentsInput {
  @Field(() => ID, { description: 'Whose components.' })
  organizationId!: string

  @Field(() => ComponentKind, { description: 'What for; not BASE, which the server makes.' })
  kind!: ComponentKind

  @Field(() => [String], { description: '1 to 500 account ids or function ARNs.' })
  itemIds!: string[]

  @Field(() => AwsPartition, {
    nullable: true,
    description: "Absent: that of the function's ARN or of the account where it is known, else AWS.",
  })
  partition?: AwsPartition | null

  @Field(() => Boolean, { defaultValue: false, description: 'INSTALLED components are staged again only with true.' })
  allowRestage!: boolean
}

@InputType({ description: 'Which component to verify.' })
export class VerifyComponentInput {
  @Field(() => ID, { description: 'The component.' })
  id!: string

  @Field(() => Int, version)
  expectedVersion?: number | null
}

@InputType({ description: 'Which components to verify.' })
export class VerifyComponentsInput {
  @Field(() => ID, { description: 'Whose components.' })
  organizationId!: string

  @Field(() => [ID], { description: '1 to 500 components.' })
  ids!: string[]

  @Field(() => Boolean, { defaultValue: false, description: 'Answer when it is done, or after 10 seconds.' })
  wait!: boolean
}

@InputType({ description: 'IAM users.' })
export class IamUserLoginInput {
  @Field(() => IamUserIdentity, { description: 'How a person is found.' })
  identity!: keyof typeof IamUserIdentity

  @Field(() => String, { nullable: true, description: 'Required where identity is TAG, refused elsewhere.' })
  tagName?: string | null
}

@InputType({ description: 'IAM Identity Center.' })
export class IdentityCenterLoginInput {
  @Field(() => AwsAccountId, {
    description: 'The account in which Identity Center is administered; its IAM_WRITE must be installed, unless it is this one.',
  })
  parentAccountId!: string

  @Field(() => IdentityCenterIdentity, { description: 'How a person is found.' })
  identity!: keyof typeof IdentityCenterIdentity
}

@InputType({ description: "Okta's AWS app." })
export class OktaProviderInput {
  @Field(() => String, { description: 'The id of the app: begins with 0o.' })
  appId!: string

  @Field(() => String, { description: 'The name of the SAML provider in IAM.' })
  identityProvider!: string

  @Field(() => AwsAccountId, {
    nullable: true,
    description: 'The parent account of a multi-account app; absent or null: a single account.',
  })
  multiAccountParentId?: string | null
}

@InputType({ description: 'SAML federation. Exactly one provider.' })
@Directive('@oneOf')
export class FederatedLoginInput {
  @Field(() => OktaProviderInput, { nullable: true, description: 'Okta.' })
  okta?: OktaProviderInput | null
}

@InputType({ description: 'How people sign in to the account. Exactly one.' })
@Directive('@oneOf')
export class IamWriteLoginInput {
  @Field(() => IamUserLoginInput, { nullable: true, description: 'As IAM users.' })
  iam?: IamUserLoginInput | null

  @Field(() => IdentityCenterLoginInput, { nullable: true, description: 'Through IAM Identity Center.' })
  identityCenter?: IdentityCenterLoginInput | null

  @Field(() => FederatedLoginInput, { nullable: true, description: 'By SAML federation.' })
  federated?: FederatedLoginInput | null
}

@InputType({ description: 'Configuration of IAM_ASSESSMENT.' })
export class IamAssessmentConfigInput {
  @Field(() => Arn, { nullable: true, description: "The account's IAM Access Analyzer. Absent: as it is; null: none." })
  accessAnalyzerArn?: string | null
}

@InputType({ description: 'Configuration of IAM_WRITE.' })
export class IamWriteConfigInput {
  @Field(() => IamWriteLoginInput, { nullable: true, description: 'Required the first time. Absent: as it is. Cannot be cleared.' })
  login?: IamWriteLoginInput | null
}

@InputType({ description: 'Configuration of ACCESS_LOGS.' })
export class AccessLogsConfigInput {
  @Field(() => Arn, { nullable: true, description: 'The CloudTrail Lake event data store. Absent: as it is; null: none.' })
  cloudLakeArn?: string | null
}

@InputType({ description: 'FUNCTION_CALLER has nothing to configure.' })
export class FunctionCallerConfigInput {
  @Field(() => Boolean, { defaultValue: true, description: 'Must be true.' })
  confirm!: boolean
}

@InputType({ description: 'INVENTORY has nothing to configure.' })
export class InventoryConfigInput {
  @Field(() => Boolean, { defaultValue: true, description: 'Must be true.' })
  confirm!: boolean
}

@InputType({ description: 'A configuration: exactly one, that of the kind of the component.' })
@Directive('@oneOf')
export class ComponentConfigInput {
  @Field(() => IamAssessmentConfigInput, { nullable: true, description: 'For IAM_ASSESSMENT.' })
  iamAssessment?: IamAssessmentConfigInput | null

  @Field(() => IamWriteConfigInput, { nullable: true, description: 'For IAM_WRITE.' })
  iamWrite?: IamWriteConfigInput | null

  @Field(() => FunctionCallerConfigInput, { nullable: true, description: 'For FUNCTION_CALLER.' })
  functionCaller?: FunctionCallerConfigInput | null

  @Field(() => AccessLogsConfigInput, { nullable: true, description: 'For ACCESS_LOGS.' })
  accessLogs?: AccessLogsConfigInput | null

  @Field(() => InventoryConfigInput, { nullable: true, description: 'For INVENTORY.' })
  inventory?: InventoryConfigInput | null
}

@InputType({ description: 'Which component gets which configuration.' })
export class ConfigureComponentInput {
  @Field(() => ID, { description: 'The component.' })
  id!: string

  @Field(() => Int, version)
  expectedVersion?: number | null

  @Field(() => ComponentConfigInput, { description: 'The configuration.' })
  config!: ComponentConfigInput
}

@InputType({ description: 'Which components get one and the same configuration.' })
export class ConfigureComponentsInput {
  @Field(() => ID, { description: 'Whose components.' })
  organizationId!: string

  @Field(() => [ID], { description: '1 to 100 components of one kind.' })
  ids!: string[]

  @Field(() => ComponentConfigInput, { description: 'The configuration of each.' })
  config!: ComponentConfigInput
}

@InputType({ description: 'Which component to remove.' })
export class RemoveComponentInput {
  @Field(() => ID, { description: 'The component.' })
  id!: string

  @Field(() => Int, version)
  expectedVersion?: number | null
}

@InputType({ description: 'Which components to remove.' })
export class RemoveComponentsInput {
  @Field(() => ID, { description: 'Whose components.' })
  organizationId!: string

  @Field(() => [ID], { description: '1 to 500 components.' })
  ids!: string[]
}
