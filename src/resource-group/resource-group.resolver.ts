import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import { assertMeets } from '../auth/viewer.ts'
import { awsAccountByNumberLoader } from '../aws-account/aws-account.loader.ts'
import type { Context } from '../context.ts'
import { entities, loadNode } from '../entity.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { payload } from '../platform/errors.ts'
import { whereName } from '../platform/names.ts'
import { Node } from '../platform/node.type.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { Where } from '../platform/pagination/page-source.ts'
import {
  organizationResourceGroups,
  type ResourceGroupRow,
  type ResourceObjectRow,
  resourceGroupLoader,
  resourceObjectsLoader,
} from './resource-group.loader.ts'
import { createResourceGroup, deleteResourceGroup, updateResourceGroup } from './resource-group.service.ts'
import {
  CreateResourceGroupInput,
  DeleteResourceGroupInput,
  DeleteResourceGroupPayload,
  ResourceGroup,
  ResourceGroupConnection,
  ResourceGroupFilter,
  ResourceGroupPayload,
  ResourceObject,
  ResourceScope,
  UpdateResourceGroupInput,
} from './resource-group.type.ts'
import { parseResourceKey } from './resource-key.ts'
import { scopeKeyOf } from './resource-scope.ts'

const noGroup: { resourceGroup: ResourceGroupRow | null } = { resourceGroup: null }

@Resolver(() => ResourceGroup)
export class ResourceGroupResolver {
  @Query(() => ResourceGroup, { nullable: true, description: 'A resource group by id.' })
  @Requires('USER_GROUPS_READ')
  resourceGroup(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: Context) {
    return resourceGroupLoader(context).load(id)
  }

  @FieldResolver(() => Organization, { description: 'Whose resource group it is.' })
  organization(@Root() group: ResourceGroupRow, @Ctx() context: Context) {
    return organizationLoader(context).load(group.organizationId)
  }

  @FieldResolver(() => [ResourceScope], { description: 'What it covers: one scope, that of its organization.' })
  async scope(@Root() { id, organizationId }: ResourceGroupRow, @Ctx() context: Context) {
    return [{ key: scopeKeyOf(organizationId), objects: await resourceObjectsLoader(context).load(id) }]
  }

  @Mutation(() => ResourceGroupPayload, { description: 'Makes a resource group.' })
  @Requires('USER_GROUPS_WRITE')
  createResourceGroup(
    @Arg('input', () => CreateResourceGroupInput, { description: 'The new resource group.' }) input: CreateResourceGroupInput,
    @Ctx() context: Context,
  ) {
    return payload(noGroup, async () => ({ resourceGroup: await createResourceGroup(context, input) }))
  }

  @Mutation(() => ResourceGroupPayload, { description: 'Renames a resource group, or replaces what it covers or its attributes.' })
  @Requires('USER_GROUPS_WRITE')
  updateResourceGroup(
    @Arg('input', () => UpdateResourceGroupInput, { description: 'The changes.' }) input: UpdateResourceGroupInput,
    @Ctx() context: Context,
  ) {
    return payload(noGroup, async () => ({ resourceGroup: await updateResourceGroup(context, input) }))
  }

  @Mutation(() => DeleteResourceGroupPayload, { description: 'Deletes a resource group. Refused while a policy uses it.' })
  @Requires('USER_GROUPS_WRITE')
  deleteResourceGroup(
    @Arg('input', () => DeleteResourceGroupInput, { description: 'Which one.' }) input: DeleteResourceGroupInput,
    @Ctx() context: Context,
  ) {
    const none: { deletedIds: string[]; alreadyAbsent: boolean; organization: OrganizationRow | null } = {
      deletedIds: [],
      alreadyAbsent: false,
      organization: null,
    }
    return payload(none, async () => {
      const { organizationId, ...deletion } = await deleteResourceGroup(context, input)
      return { ...deletion, organization: organizationId ? await organizationLoader(context).load(organizationId) : null }
    })
  }
}

@Resolver(() => ResourceObject)
export class ResourceObjectResolver {
  @FieldResolver(() => Node, { nullable: true, description: 'What the key names; null for *, and once it is gone.' })
  node(@Root() { organizationId, key }: ResourceObjectRow, @Ctx() context: Context) {
    const parsed = parseResourceKey(key)
    if (!parsed) return null
    if (parsed.kind !== 'awsAccount') return loadNode(context, parsed.name)
    assertMeets(context.viewer, entities.acct.requires)
    return awsAccountByNumberLoader(context).load(`${organizationId} ${parsed.name}`)
  }
}

@Resolver(() => Organization)
export class OrganizationResourceGroupsResolver {
  @FieldResolver(() => ResourceGroupConnection, { nullable: true, description: 'Its resource groups, by name.' })
  @Requires('USER_GROUPS_READ')
  resourceGroups(
    @Root() { id }: OrganizationRow,
    @Arg('filter', () => ResourceGroupFilter, { nullable: true, description: 'Which ones.' }) filter: ResourceGroupFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    const where = whereName(new Where(), 'r."name"', { nameContains: filter?.nameContains })
      .add(`lower(r."name" collate "default") = lower(?::text collate "default")`, filter?.name)
      .add('r."id" = any(?::text[])', filter?.ids)
    return loadPage(context, organizationResourceGroups, [id], page, { order: 'NAME', where })
  }
}
