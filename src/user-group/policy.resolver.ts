import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import { permissionGroup } from '../permission-group/permission-group.ts'
import { PermissionGroup } from '../permission-group/permission-group.type.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { type ResourceGroupRow, resourceGroupLoader } from '../resource-group/resource-group.loader.ts'
import { ResourceGroup } from '../resource-group/resource-group.type.ts'
import { groupPoliciesLoader, type PolicyRow, resourceGroupPolicies } from './policy.loader.ts'
import { Policy, PolicyConnection } from './policy.type.ts'
import { type UserGroupRow, userGroupLoader } from './user-group.loader.ts'
import { UserGroup } from './user-group.type.ts'

@Resolver(() => Policy)
export class PolicyResolver {
  @FieldResolver(() => UserGroup, { description: 'Whose policy it is.' })
  userGroup(@Root() { userGroupId }: PolicyRow, @Ctx() context: Context) {
    return userGroupLoader(context).load(userGroupId)
  }

  @FieldResolver(() => [PermissionGroup], { description: 'What is allowed or denied.' })
  permissionGroups(@Root() { permissionGroupIds }: PolicyRow) {
    return permissionGroupIds.map(permissionGroup).filter((group) => group !== null)
  }

  @FieldResolver(() => [ResourceGroup], { description: 'What it applies to.' })
  async resourceGroups(@Root() { resourceGroupIds }: PolicyRow, @Ctx() context: Context) {
    const loader = resourceGroupLoader(context)
    const groups = await Promise.all(resourceGroupIds.map((id) => loader.load(id)))
    // Replaced and deleted since the policy was read.
    return groups.filter((group) => group !== null)
  }
}

@Resolver(() => UserGroup)
export class UserGroupPoliciesResolver {
  @FieldResolver(() => [Policy], { description: 'What its members are allowed and denied, in the order given.' })
  policies(@Root() { id }: UserGroupRow, @Ctx() context: Context) {
    return groupPoliciesLoader(context).load(id)
  }
}

@Resolver(() => ResourceGroup)
export class ResourceGroupPoliciesResolver {
  @FieldResolver(() => PolicyConnection, { nullable: true, description: 'The policies that use it, in the order they were made.' })
  @Requires('USER_GROUPS_READ')
  policies(@Root() { organizationId, id }: ResourceGroupRow, @Args(() => PageArgs) page: PageArgs, @Ctx() context: Context) {
    return loadPage(context, resourceGroupPolicies, [organizationId, id], page, { order: 'CREATED' })
  }
}
