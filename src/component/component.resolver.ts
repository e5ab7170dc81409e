import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql'
import { actorOf } from '../audit/audit.resolver.ts'
import { Actor } from '../audit/audit.type.ts'
import { Requires } from '../auth/requires.ts'
import { type FunctionArn, parseFunctionArn } from '../aws/arn.ts'
import type { Recipes } from '../aws/aws.type.ts'
import { renderRecipes } from '../aws/recipes/recipes.ts'
import { awsAccountLoader } from '../aws-account/aws-account.loader.ts'
import { AwsAccount } from '../aws-account/aws-account.type.ts'
import type { Context } from '../context.ts'
import { awsIdentityLoader } from '../identity/aws-identity.loader.ts'
import { serviceAccountEmail } from '../identity/aws-identity.ts'
import { integrationLoader } from '../integration/integration.loader.ts'
import { Integration } from '../integration/integration.type.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { Arn } from '../platform/scalars.ts'
import { allowedActions } from './component.lifecycle.ts'
import {
  type ComponentRow,
  type ComponentTransitionRow,
  componentByItemLoader,
  componentLoader,
  componentTransitions,
  componentVerifications,
  lastVerificationLoader,
  organizationComponents,
  type RoleSetupRow,
  roleSetupLoader,
  type VerificationRow,
} from './component.loader.ts'
import {
  AccessLogsComponent,
  BaseComponent,
  Component,
  ComponentAction,
  ComponentConnection,
  ComponentFilter,
  ComponentKind,
  FunctionCallerComponent,
  IamAssessmentComponent,
  IamWriteComponent,
  IamWriteLogin,
  loginValue,
  RoleSetup,
} from './component.type.ts'
import { componentPage } from './component-page.ts'
import { ComponentTransition, ComponentTransitionConnection, Verification, VerificationConnection } from './verification.type.ts'

@Resolver(() => Component)
export class ComponentResolver {
  @Query(() => Component, { nullable: true, description: 'A component by id.' })
  @Requires('COMPONENTS_READ')
  component(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: Context) {
    return componentLoader(context).load(id)
  }

  @FieldResolver(() => Organization, { description: 'Whose component it is.' })
  organization(@Root() component: ComponentRow, @Ctx() context: Context) {
    return organizationLoader(context).load(component.organizationId)
  }

  @FieldResolver(() => Integration, { description: 'The AWS integration it is a part of.' })
  integration(@Root() component: ComponentRow, @Ctx() context: Context) {
    return integrationLoader(context).load(component.integrationId)
  }

  @FieldResolver(() => AwsAccount, { description: 'The account it lies in.' })
  awsAccount(@Root() component: ComponentRow, @Ctx() context: Context) {
    return awsAccountLoader(context).load(component.awsAccountId)
  }

  @FieldResolver(() => String, { description: 'The alias of the AWS account once a verification has read it, else the item id.' })
  label(@Root() { accountAlias, itemId }: ComponentRow) {
    return accountAlias ?? itemId
  }

  @FieldResolver(() => [ComponentAction], { description: 'What the lifecycle allows now.' })
  allowedActions(@Root() { kind, state }: ComponentRow) {
    return allowedActions(kind, state)
  }

  @FieldResolver(() => RoleSetup, {
    nullable: true,
    description: 'What to create in AWS; null for BASE and ACCESS_LOGS, which have no role.',
  })
  @Requires('COMPONENTS_READ')
  async setup(@Root() component: ComponentRow, @Ctx() context: Context) {
    if (component.kind === 'BASE' || component.kind === 'ACCESS_LOGS') return null
    const setup = await roleSetupLoader(context).load(component.id)
    return setup && { ...setup, component }
  }

  @FieldResolver(() => Verification, { nullable: true, description: 'The newest verification.' })
  @Requires('COMPONENTS_READ')
  lastVerification(@Root() { id }: ComponentRow, @Ctx() context: Context) {
    return lastVerificationLoader(context).load(id)
  }

  @FieldResolver(() => VerificationConnection, {
    nullable: true,
    description: 'Its verifications, newest first: the last 50, and for 90 days those whose outcome differed from the one before.',
  })
  @Requires('COMPONENTS_READ')
  verifications(@Root() { organizationId, id }: ComponentRow, @Args(() => PageArgs) page: PageArgs, @Ctx() context: Context) {
    return loadPage(context, componentVerifications, [organizationId, id], page, { order: 'TIME', descending: true })
  }

  @FieldResolver(() => ComponentTransitionConnection, { nullable: true, description: 'Its changes, newest first.' })
  @Requires('COMPONENTS_READ')
  transitions(@Root() { organizationId, id }: ComponentRow, @Args(() => PageArgs) page: PageArgs, @Ctx() context: Context) {
    return loadPage(context, componentTransitions, [organizationId, id], page, { order: 'TIME', descending: true })
  }
}

@Resolver(() => BaseComponent)
export class BaseComponentResolver {
  @FieldResolver(() => String, { description: 'The identity in the form of an e-mail address.' })
  async serviceAccountEmail(@Root() component: ComponentRow, @Ctx() context: Context) {
    return serviceAccountEmail(await identityOf(context, component))
  }

  @FieldResolver(() => String, { description: 'The audience of the tokens, 21 digits of this organization alone.' })
  async serviceAccountId(@Root() component: ComponentRow, @Ctx() context: Context) {
    return (await identityOf(context, component)).audience
  }

  @FieldResolver(() => String, { description: 'Who issues the tokens.' })
  async issuer(@Root() component: ComponentRow, @Ctx() context: Context) {
    return (await identityOf(context, component)).issuer
  }

  @FieldResolver(() => String, { description: 'The subject of the tokens, of this organization alone.' })
  async subject(@Root() component: ComponentRow, @Ctx() context: Context) {
    return (await identityOf(context, component)).subject
  }
}

async function identityOf(context: Context, { organizationId }: ComponentRow) {
  const identity = await awsIdentityLoader(context).load(organizationId)
  if (!identity) throw new Error(`organization ${organizationId} has a BASE component and no identity`)
  return identity
}

@Resolver(() => IamAssessmentComponent)
export class IamAssessmentComponentResolver {
  @FieldResolver(() => Arn, { nullable: true, description: 'The IAM Access Analyzer it reads, if one was configured.' })
  accessAnalyzerArn(@Root() { config }: ComponentRow) {
    return config?.accessAnalyzerArn ?? null
  }
}

@Resolver(() => IamWriteComponent)
export class IamWriteComponentResolver {
  @FieldResolver(() => IamWriteLogin, { nullable: true, description: 'How people sign in to the account; null until configured.' })
  login(@Root() { config }: ComponentRow) {
    return config?.login ? loginValue(config.login) : null
  }
}

@Resolver(() => FunctionCallerComponent)
export class FunctionCallerComponentResolver {
  @FieldResolver(() => String, { description: 'The name of the function.' })
  functionName(@Root() { itemId }: ComponentRow) {
    return functionArnOf(itemId).functionName
  }

  @FieldResolver(() => String, { description: 'The region of the function.' })
  region(@Root() { itemId }: ComponentRow) {
    return functionArnOf(itemId).region
  }
}

function functionArnOf(itemId: string): FunctionArn {
  const parsed = parseFunctionArn(itemId)
  if ('problem' in parsed) throw new Error(`a FUNCTION_CALLER was staged for ${itemId}, which is no function's ARN`)
  return parsed
}

@Resolver(() => AccessLogsComponent)
export class AccessLogsComponentResolver {
  @FieldResolver(() => Arn, { nullable: true, description: 'The CloudTrail Lake event data store it reads, if one was configured.' })
  cloudLakeArn(@Root() { config }: ComponentRow) {
    return config?.cloudLakeArn ?? null
  }
}

type SetupOfComponent = RoleSetupRow & { component: ComponentRow }

const recipesOf = ({ component: { partition, accountId }, createsOidcProvider, createsRole, ...setup }: SetupOfComponent): Recipes =>
  renderRecipes(setup, { partition, accountId, createOidcProvider: createsOidcProvider, createRole: createsRole })

@Resolver(() => RoleSetup)
export class RoleSetupResolver {
  @FieldResolver(() => String, { description: 'The same as Terraform configuration.' })
  terraform(@Root() setup: SetupOfComponent) {
    return recipesOf(setup).terraform
  }

  @FieldResolver(() => String, { description: 'The same as a CloudFormation template.' })
  cloudFormation(@Root() setup: SetupOfComponent) {
    return recipesOf(setup).cloudFormation
  }

  @FieldResolver(() => String, { description: 'The same as a shell script that calls the AWS CLI.' })
  awsCli(@Root() setup: SetupOfComponent) {
    return recipesOf(setup).awsCli
  }
}

@Resolver(() => Verification)
export class VerificationResolver {
  @FieldResolver(() => Component, { description: 'What was verified.' })
  component(@Root() { componentId }: VerificationRow, @Ctx() context: Context) {
    return componentLoader(context).load(componentId)
  }
}

@Resolver(() => ComponentTransition)
export class ComponentTransitionResolver {
  @FieldResolver(() => Actor, { description: 'Who did it.' })
  actor(@Root() transition: ComponentTransitionRow) {
    return actorOf(transition)
  }
}

@Resolver(() => Organization)
export class OrganizationComponentsResolver {
  @FieldResolver(() => ComponentConnection, { nullable: true, description: 'Its components, in the order they were staged.' })
  @Requires('COMPONENTS_READ')
  components(
    @Root() { id }: OrganizationRow,
    @Arg('filter', () => ComponentFilter, { nullable: true, description: 'Which ones.' }) filter: ComponentFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    return componentPage(context, organizationComponents, [id], filter, page)
  }

  @FieldResolver(() => Component, { nullable: true, description: 'One component by what it stands for.' })
  @Requires('COMPONENTS_READ')
  component(
    @Root() { id }: OrganizationRow,
    @Arg('kind', () => ComponentKind, { description: 'Its kind.' }) kind: ComponentKind,
    @Arg('itemId', () => String, { description: 'Its account id, or for FUNCTION_CALLER the ARN of its function.' }) itemId: string,
    @Ctx() context: Context,
  ) {
    return componentByItemLoader(context).load(`${id} ${kind} ${itemId}`)
  }
}
