import type { GraphQLResolveInfo } from 'graphql'
import { Arg, Args, Ctx, FieldResolver, ID, Info, Query, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import { type MemberRow, memberLoader } from '../member/member.loader.ts'
import { Member, MemberFilter } from '../member/member.type.ts'
import { whereMember } from '../member/member-page.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { whereName } from '../platform/names.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { loadLinkPage } from '../platform/pagination/link-page.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { Where } from '../platform/pagination/page-source.ts'
import { memberMemberships, userGroupMemberships } from './membership.loader.ts'
import { organizationUserGroups, type UserGroupRow, userGroupByNameLoader, userGroupLoader } from './user-group.loader.ts'
import { UserGroup, UserGroupConnection, UserGroupFilter, UserGroupMemberConnection, UserGroupOrder } from './user-group.type.ts'

@Resolver(() => UserGroup)
export class UserGroupResolver {
  @Query(() => UserGroup, { nullable: true, description: 'A user group by id.' })
  @Requires('USER_GROUPS_READ')
  userGroup(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: Context) {
    return userGroupLoader(context).load(id)
  }

  @FieldResolver(() => Organization, { description: 'Whose group it is.' })
  organization(@Root() group: UserGroupRow, @Ctx() context: Context) {
    return organizationLoader(context).load(group.organizationId)
  }

  @FieldResolver(() => UserGroupMemberConnection, { nullable: true, description: 'Its members, by e-mail address.' })
  @Requires('USER_GROUPS_READ')
  members(
    @Root() { organizationId, id }: UserGroupRow,
    @Arg('filter', () => MemberFilter, { nullable: true, description: 'Which ones.' }) filter: MemberFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    const which = (condition: string) =>
      `exists (select from "Member" m where m."organizationId" = l."organizationId" and m."id" = l."memberId" and ${condition})`
    const where = whereMember(filter, { email: 'l."email"', which })
    return loadLinkPage(
      context,
      userGroupMemberships,
      [organizationId, id],
      page,
      { order: 'EMAIL', where, info },
      { column: 'memberId', loader: memberLoader, fieldsOf: ({ addedAt }) => ({ addedAt }) },
    )
  }
}

@Resolver(() => Member)
export class MemberUserGroupsResolver {
  @FieldResolver(() => UserGroupConnection, { nullable: true, description: 'The groups they are in, in the order these were made.' })
  @Requires('USER_GROUPS_READ')
  userGroups(
    @Root() { organizationId, id }: MemberRow,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    return loadLinkPage(
      context,
      memberMemberships,
      [organizationId, id],
      page,
      { order: 'GROUP', info },
      { column: 'userGroupId', loader: userGroupLoader },
    )
  }
}

@Resolver(() => Organization)
export class OrganizationUserGroupsResolver {
  @FieldResolver(() => UserGroupConnection, { nullable: true, description: 'Its user groups; by name unless ordered otherwise.' })
  @Requires('USER_GROUPS_READ')
  userGroups(
    @Root() { id }: OrganizationRow,
    @Arg('filter', () => UserGroupFilter, { nullable: true, description: 'Which ones.' }) filter: UserGroupFilter | null,
    @Arg('orderBy', () => UserGroupOrder, { nullable: true, description: 'In which order.' }) orderBy: UserGroupOrder | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    const where = whereName(new Where(), 'g."name"', { nameContains: filter?.nameContains })
      .add(`lower(g."name" collate "default") = lower(?::text collate "default")`, filter?.name)
      .add('g."id" = any(?::text[])', filter?.ids)
    return loadPage(context, organizationUserGroups, [id], page, {
      order: orderBy?.field ?? 'NAME',
      descending: orderBy?.direction === 'DESC',
      where,
      info,
    })
  }

  @FieldResolver(() => UserGroup, { nullable: true, description: 'One user group by its name.' })
  @Requires('USER_GROUPS_READ')
  userGroup(
    @Root() { id }: OrganizationRow,
    @Arg('name', () => String, { description: 'Its name, exactly.' }) name: string,
    @Ctx() context: Context,
  ) {
    return userGroupByNameLoader(context).load(`${id} ${name}`)
  }
}
