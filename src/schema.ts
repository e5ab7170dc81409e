import 'reflect-metadata/lite'
import type { GraphQLSchema } from 'graphql'
import { buildSchemaSync, type NonEmptyArray, type PubSub } from 'type-graphql'
import { AccessDecisionResolver, PolicyMatchResolver } from './access-decision/access-decision.resolver.ts'
import { ApiKeyResolver, OrganizationApiKeysResolver } from './api-key/api-key.resolver.ts'
import { ActorResolver, AuditEventResolver, OrganizationAuditResolver } from './audit/audit.resolver.ts'
import { assertMeets, type Requirement } from './auth/viewer.ts'
import { AwsAccountResolver, OrganizationAwsAccountsResolver } from './aws-account/aws-account.resolver.ts'
import {
  AccountCredentialsResolver,
  AwsCredentialResolver,
  OrganizationAwsCredentialsResolver,
} from './aws-credential/aws-credential.resolver.ts'
import { AccountAwsRolesResolver, AwsRoleResolver, OrganizationAwsRolesResolver } from './aws-role/aws-role.resolver.ts'
import { AwsRoleSubscriptions } from './aws-role/aws-role.subscriptions.ts'
import {
  AwsRoleMemberEdgeResolver,
  AwsRoleUserGroupsResolver,
  MemberAwsRoleEdgeResolver,
  MemberAwsRolesResolver,
  RoleMappingMutations,
  UserGroupAwsRolesResolver,
} from './aws-role/role-mapping.resolver.ts'
import { AwsAccountSyncResolver, AwsSyncResolver, OrganizationAwsSyncResolver } from './aws-sync/aws-sync.resolver.ts'
import { ComponentMutations } from './component/component.mutations.ts'
import {
  AccessLogsComponentResolver,
  BaseComponentResolver,
  ComponentResolver,
  ComponentTransitionResolver,
  FunctionCallerComponentResolver,
  IamAssessmentComponentResolver,
  IamWriteComponentResolver,
  OrganizationComponentsResolver,
  RoleSetupResolver,
  VerificationResolver,
} from './component/component.resolver.ts'
import { ComponentSubscriptions } from './component/component.subscriptions.ts'
import { componentTypes } from './component/component.type.ts'
import { VerificationError } from './component/verification.type.ts'
import { ConnectorResolver, OrganizationConnectorsResolver, ReportDiscoveryResolver } from './connector/connector.resolver.ts'
import type { Context } from './context.ts'
import { loadEntities, typeNameOf } from './entity.ts'
import { IntegrationMutations } from './integration/integration.mutations.ts'
import {
  IntegrationOwnerResolver,
  IntegrationResolver,
  IntegrationTypeResolver,
  OrganizationIntegrationsResolver,
  OwnersMappingResolver,
} from './integration/integration.resolver.ts'
import { MemberResolver, OrganizationMembersResolver, ViewerMemberResolver } from './member/member.resolver.ts'
import { NodeResolver } from './node.resolver.ts'
import {
  BackgroundOperationResolver,
  BackgroundOperationResultResolver,
  IntegrationOperationsResolver,
  OrganizationOperationsResolver,
} from './operation/operation.resolver.ts'
import { OperationSubscriptions } from './operation/operation.subscriptions.ts'
import { OrganizationResolver } from './organization/organization.resolver.ts'
import { OrganizationPermissionGroupsResolver, PermissionGroupResolver } from './permission-group/permission-group.resolver.ts'
import { buildSubgraph } from './platform/federation.ts'
import {
  ConflictError,
  DuplicateError,
  NotFoundError,
  PreconditionError,
  QuotaError,
  TransitionError,
  UpstreamError,
  ValidationError,
} from './platform/user-error.type.ts'
import {
  IntegrationPermissionResolver,
  IntegrationResourcesResolver,
  OrganizationResourcesResolver,
  ResourceResolver,
} from './resource/resource.resolver.ts'
import {
  OrganizationResourceGroupsResolver,
  ResourceGroupResolver,
  ResourceObjectResolver,
} from './resource-group/resource-group.resolver.ts'
import { OrganizationSsoConnectorsResolver, SsoConnectorResolver } from './sso-connector/sso-connector.resolver.ts'
import { SsoConnectorSubscriptions } from './sso-connector/sso-connector.subscriptions.ts'
import { PolicyResolver, ResourceGroupPoliciesResolver, UserGroupPoliciesResolver } from './user-group/policy.resolver.ts'
import { UserGroupMutations } from './user-group/user-group.mutations.ts'
import { MemberUserGroupsResolver, OrganizationUserGroupsResolver, UserGroupResolver } from './user-group/user-group.resolver.ts'
import { ViewerResolver } from './viewer/viewer.resolver.ts'

/** The table of contents of the graph. */
const resolvers = [
  NodeResolver,
  ViewerResolver,
  OrganizationResolver,
  ApiKeyResolver,
  OrganizationApiKeysResolver,
  ActorResolver,
  AuditEventResolver,
  OrganizationAuditResolver,
  IntegrationResolver,
  IntegrationOwnerResolver,
  OwnersMappingResolver,
  IntegrationTypeResolver,
  IntegrationMutations,
  OrganizationIntegrationsResolver,
  ConnectorResolver,
  ReportDiscoveryResolver,
  OrganizationConnectorsResolver,
  ResourceResolver,
  IntegrationPermissionResolver,
  IntegrationResourcesResolver,
  OrganizationResourcesResolver,
  ComponentResolver,
  BaseComponentResolver,
  IamAssessmentComponentResolver,
  IamWriteComponentResolver,
  FunctionCallerComponentResolver,
  AccessLogsComponentResolver,
  RoleSetupResolver,
  VerificationResolver,
  ComponentTransitionResolver,
  OrganizationComponentsResolver,
  ComponentMutations,
  AwsAccountResolver,
  OrganizationAwsAccountsResolver,
  AwsCredentialResolver,
  OrganizationAwsCredentialsResolver,
  AccountCredentialsResolver,
  AwsRoleResolver,
  OrganizationAwsRolesResolver,
  AccountAwsRolesResolver,
  AwsSyncResolver,
  AwsAccountSyncResolver,
  OrganizationAwsSyncResolver,
  BackgroundOperationResolver,
  BackgroundOperationResultResolver,
  OrganizationOperationsResolver,
  IntegrationOperationsResolver,
  MemberResolver,
  OrganizationMembersResolver,
  ViewerMemberResolver,
  PermissionGroupResolver,
  OrganizationPermissionGroupsResolver,
  ResourceGroupResolver,
  ResourceObjectResolver,
  OrganizationResourceGroupsResolver,
  UserGroupResolver,
  MemberUserGroupsResolver,
  OrganizationUserGroupsResolver,
  UserGroupMutations,
  AwsRoleUserGroupsResolver,
  AwsRoleMemberEdgeResolver,
  MemberAwsRolesResolver,
  MemberAwsRoleEdgeResolver,
  UserGroupAwsRolesResolver,
  RoleMappingMutations,
  PolicyResolver,
  UserGroupPoliciesResolver,
  ResourceGroupPoliciesResolver,
  AccessDecisionResolver,
  PolicyMatchResolver,
  SsoConnectorResolver,
  OrganizationSsoConnectorsResolver,
  ComponentSubscriptions,
  OperationSubscriptions,
  SsoConnectorSubscriptions,
  AwsRoleSubscriptions,
] as const

/** Types that only interfaces lead to. */
const orphanedTypes = [
  ...componentTypes,
  ValidationError,
  NotFoundError,
  DuplicateError,
  ConflictError,
  PreconditionError,
  TransitionError,
  VerificationError,
  UpstreamError,
  QuotaError,
]

let built: { schema: GraphQLSchema; sdl: string } | undefined

/** The subgraph: its executable schema and its SDL. Decorators register once a process, so it is built once. */
export function gatehouseSchema(): { schema: GraphQLSchema; sdl: string } {
  built ??= buildSubgraph<Context, Requirement>(
    buildSchemaSync({
      resolvers: resolvers as unknown as NonEmptyArray<() => void>,
      orphanedTypes,
      skipCheck: true,
      validate: false,
      pubSub: noPubSub,
    }),
    { directivesOf, assertMeets: ({ viewer }, requirement) => assertMeets(viewer, requirement), typeNameOf, loadEntities },
  )
  return built
}

/** type-graphql wants one; every subscription of this schema brings its own stream. */
const noPubSub: PubSub = {
  publish() {
    throw new Error('changes are published by the database')
  },
  subscribe() {
    throw new Error('a subscription has no stream of its own')
  },
}

/** How a router is told: ADMIN stands for every scope. */
function directivesOf(requirement: Requirement): { name: string; arguments?: Record<string, string> }[] {
  if ('scopes' in requirement) {
    return [{ name: 'requiresScopes', arguments: { scopes: JSON.stringify([requirement.scopes, ['ADMIN']]) } }]
  }
  if ('anyOf' in requirement) {
    return [{ name: 'requiresScopes', arguments: { scopes: JSON.stringify([...requirement.anyOf.map((scope) => [scope]), ['ADMIN']]) } }]
  }
  return [{ name: 'authenticated' }]
}
