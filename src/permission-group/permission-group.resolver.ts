import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import type { OrganizationRow } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { MetaEntry } from '../platform/meta.type.ts'
import { pageOfList } from '../platform/pagination/list-page.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { type PermissionGroupRow, permissionGroup, permissionGroupsWhere } from './permission-group.ts'
import { PermissionGroup, PermissionGroupConnection, PermissionGroupFilter } from './permission-group.type.ts'

@Resolver(() => PermissionGroup)
export class PermissionGroupResolver {
  @Query(() => PermissionGroup, { nullable: true, description: 'A permission group by id.' })
  @Requires('USER_GROUPS_READ')
  permissionGroup(@Arg('id', () => ID, { description: 'Its id.' }) id: string) {
    return permissionGroup(id)
  }

  @FieldResolver(() => [MetaEntry], { description: 'What it is for, under the key description.' })
  meta(@Root() { description }: PermissionGroupRow) {
    return [{ key: 'description', value: description }]
  }
}

@Resolver(() => Organization)
export class OrganizationPermissionGroupsResolver {
  @FieldResolver(() => PermissionGroupConnection, {
    nullable: true,
    description: 'The permission groups its policies can name, by name; the same in every organization.',
  })
  @Requires('USER_GROUPS_READ')
  permissionGroups(
    @Root() { id }: OrganizationRow,
    @Arg('filter', () => PermissionGroupFilter, { nullable: true, description: 'Which ones.' }) filter: PermissionGroupFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    const rows = permissionGroupsWhere(filter)
    return pageOfList(context, { name: `organization.permissionGroups ${id}`, rows, keyOf: ({ name }) => name, filter }, page)
  }
}
