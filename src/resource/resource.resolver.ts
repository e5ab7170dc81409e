import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import { awsAccountLoader } from '../aws-account/aws-account.loader.ts'
import { AwsAccount } from '../aws-account/aws-account.type.ts'
import type { Context } from '../context.ts'
import { type IntegrationRow, integrationLoader } from '../integration/integration.loader.ts'
import { Integration, IntegrationOwner } from '../integration/integration.type.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { payload } from '../platform/errors.ts'
import { whereName } from '../platform/names.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { type PageSource, Where } from '../platform/pagination/page-source.ts'
import { Tag } from '../platform/tag.type.ts'
import {
  integrationPermissions,
  integrationResources,
  organizationResources,
  type PermissionRow,
  type ResourceRow,
  resourceLoader,
} from './resource.loader.ts'
import {
  AddResourceUserTagsInput,
  IntegrationPermission,
  IntegrationPermissionConnection,
  RemoveResourceUserTagsInput,
  Resource,
  ResourceConnection,
  ResourceFilter,
  ResourcePayload,
  SetResourceUserTagsInput,
} from './resource.type.ts'
import { resourceOwner } from './resource-owner.ts'
import { addUserTags, removeUserTags, setUserTags } from './user-tags.ts'

const none: { resource: ResourceRow | null } = { resource: null }

@Resolver(() => Resource)
export class ResourceResolver {
  @Query(() => Resource, { nullable: true, description: 'A resource by id; null where there is none the caller may see.' })
  @Requires('INTEGRATIONS_READ')
  resource(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: Context) {
    return resourceLoader(context).load(id)
  }

  @FieldResolver(() => Organization, { description: 'Whose it is.' })
  organization(@Root() { organizationId }: ResourceRow, @Ctx() context: Context) {
    return organizationLoader(context).load(organizationId)
  }

  @FieldResolver(() => Integration, { description: 'What has it.' })
  integration(@Root() { integrationId }: ResourceRow, @Ctx() context: Context) {
    return integrationLoader(context).load(integrationId)
  }

  @FieldResolver(() => AwsAccount, { nullable: true, description: 'The AWS account it lies in, if it is of AWS.' })
  awsAccount(@Root() { awsAccountId }: ResourceRow, @Ctx() context: Context) {
    return awsAccountId ? awsAccountLoader(context).load(awsAccountId) : null
  }

  @FieldResolver(() => [Tag], { description: 'Tags of our own, by key.' })
  userTags(@Root() { userTags }: ResourceRow) {
    return Object.entries(userTags)
      .map(([key, value]) => ({ key, value }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  @FieldResolver(() => IntegrationOwner, {
    nullable: true,
    description:
      "Who answers for it: told by the tag that the integration's ownersMapping names, else the integration's owner, else nobody.",
  })
  async owner(@Root() resource: ResourceRow, @Ctx() context: Context) {
    const integration = await integrationLoader(context).load(resource.integrationId)
    return integration && resourceOwner(resource, integration)
  }

  @Mutation(() => ResourcePayload, { description: 'Gives a resource exactly these tags of our own.' })
  @Requires('INTEGRATIONS_WRITE')
  setResourceUserTags(
    @Arg('input', () => SetResourceUserTagsInput, { description: 'The tags.' }) input: SetResourceUserTagsInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ resource: await setUserTags(context, input) }))
  }

  @Mutation(() => ResourcePayload, { description: 'Gives a resource tags of our own besides those it has.' })
  @Requires('INTEGRATIONS_WRITE')
  addResourceUserTags(
    @Arg('input', () => AddResourceUserTagsInput, { description: 'The tags.' }) input: AddResourceUserTagsInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ resource: await addUserTags(context, input) }))
  }

  @Mutation(() => ResourcePayload, { description: 'Takes tags of our own from a resource.' })
  @Requires('INTEGRATIONS_WRITE')
  removeResourceUserTags(
    @Arg('input', () => RemoveResourceUserTagsInput, { description: 'Which tags.' }) input: RemoveResourceUserTagsInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ resource: await removeUserTags(context, input) }))
  }
}

@Resolver(() => IntegrationPermission)
export class IntegrationPermissionResolver {
  @FieldResolver(() => Integration, { description: 'On the resources of which integration.' })
  integration(@Root() { integrationId }: PermissionRow, @Ctx() context: Context) {
    return integrationLoader(context).load(integrationId)
  }
}

@Resolver(() => Integration)
export class IntegrationResourcesResolver {
  @FieldResolver(() => ResourceConnection, { nullable: true, description: 'What it has, by name.' })
  @Requires('INTEGRATIONS_READ')
  resources(
    @Root() { organizationId, id }: IntegrationRow,
    @Arg('filter', () => ResourceFilter, { nullable: true, description: 'Which ones.' }) filter: ResourceFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    return resourcePage(context, integrationResources, [organizationId, id], filter, page)
  }

  @FieldResolver(() => IntegrationPermissionConnection, {
    nullable: true,
    description: 'What can be permitted on its resources, by resource type and name.',
  })
  @Requires('INTEGRATIONS_READ')
  permissions(
    @Root() { organizationId, id }: IntegrationRow,
    @Arg('resourceType', () => String, { nullable: true, description: 'On resources of this type.' }) resourceType: string | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    const where = new Where().add('m."resourceType" = ?', resourceType)
    return loadPage(context, integrationPermissions, [organizationId, id], page, { order: 'NAME', where })
  }
}

@Resolver(() => Organization)
export class OrganizationResourcesResolver {
  @FieldResolver(() => ResourceConnection, { nullable: true, description: 'The resources of all of its integrations, by name.' })
  @Requires('INTEGRATIONS_READ')
  resources(
    @Root() { id }: OrganizationRow,
    @Arg('filter', () => ResourceFilter, { nullable: true, description: 'Which ones.' }) filter: ResourceFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    return resourcePage(context, organizationResources, [id], filter, page)
  }
}

function resourcePage(
  context: Context,
  source: PageSource<ResourceRow>,
  parentKey: readonly string[],
  filter: ResourceFilter | null,
  page: PageArgs,
) {
  const where = whereName(new Where(), 'r."name"', filter)
    .addSelective('r."type" = any(?::text[])', filter?.types)
    .addSelective('r."status" = any(?::"ResourceStatus"[])', filter?.statuses)
  return loadPage(context, source, parentKey, page, { order: 'NAME', where })
}
