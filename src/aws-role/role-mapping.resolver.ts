import type { GraphQLResolveInfo } from 'graphql'
import { Arg, Args, Ctx, FieldResolver, Info, Mutation, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import { type MemberRow, memberLoader } from '../member/member.loader.ts'
import { Member } from '../member/member.type.ts'
import { payload } from '../platform/errors.ts'
import { loadLinkPage } from '../platform/pagination/link-page.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { UserGroupPayload } from '../user-group/user-group.input.ts'
import { type UserGroupRow, userGroupLoader } from '../user-group/user-group.loader.ts'
import { UserGroup } from '../user-group/user-group.type.ts'
import { type AwsRoleRow, awsRoleLoader } from './aws-role.loader.ts'
import { AwsRole, AwsRoleConnection } from './aws-role.type.ts'
import { awsRoleMembers, awsRoleUserGroups, memberAwsRoles, type RoleUseRow, userGroupAwsRoles } from './role-mapping.loader.ts'
import { changeAwsRoleUserGroups, changeUserGroupAwsRoles } from './role-mapping.service.ts'
import {
  AwsRoleMemberConnection,
  AwsRoleMemberEdge,
  AwsRolePayload,
  AwsRoleUserGroupConnection,
  AwsRoleUserGroupsInput,
  MemberAwsRoleConnection,
  MemberAwsRoleEdge,
  UserGroupAwsRolesInput,
} from './role-mapping.type.ts'

const viaDescription = 'The groups that let them: by granting the role, or by a policy that allows awsRole:assume.'
const groupsOf = ({ via }: RoleUseRow) => ({ groupIds: via })

/** The groups of an edge. What went since its ids were read is left out. */
async function viaGroups({ groupIds }: { groupIds: string[] }, context: Context): Promise<UserGroupRow[]> {
  const groups = await Promise.all(groupIds.map((id) => userGroupLoader(context).load(id)))
  return groups.filter((group) => group !== null)
}

@Resolver(() => AwsRole)
export class AwsRoleUserGroupsResolver {
  @FieldResolver(() => AwsRoleUserGroupConnection, {
    nullable: true,
    description: 'The groups that grant it, in the order these were made.',
  })
  @Requires('USER_GROUPS_READ')
  userGroups(
    @Root() { organizationId, id }: AwsRoleRow,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    return loadLinkPage(
      context,
      awsRoleUserGroups,
      [organizationId, id],
      page,
      { order: 'GROUP', info },
      { column: 'userGroupId', loader: userGroupLoader, fieldsOf: ({ grantedAt }) => ({ grantedAt }) },
    )
  }

  @FieldResolver(() => AwsRoleMemberConnection, {
    nullable: true,
    description: 'Who may use it, by e-mail address: those for whom awsRole:assume on it is decided ALLOW.',
  })
  @Requires('USER_GROUPS_READ')
  members(
    @Root() { organizationId, id }: AwsRoleRow,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    return loadLinkPage(
      context,
      awsRoleMembers,
      [organizationId, id],
      page,
      { order: 'EMAIL', info },
      { column: 'memberId', loader: memberLoader, fieldsOf: groupsOf },
    )
  }
}

@Resolver(() => AwsRoleMemberEdge)
export class AwsRoleMemberEdgeResolver {
  @FieldResolver(() => [UserGroup], { description: viaDescription })
  via(@Root() edge: { groupIds: string[] }, @Ctx() context: Context) {
    return viaGroups(edge, context)
  }
}

@Resolver(() => MemberAwsRoleEdge)
export class MemberAwsRoleEdgeResolver {
  @FieldResolver(() => [UserGroup], { description: viaDescription })
  via(@Root() edge: { groupIds: string[] }, @Ctx() context: Context) {
    return viaGroups(edge, context)
  }
}

@Resolver(() => Member)
export class MemberAwsRolesResolver {
  @FieldResolver(() => MemberAwsRoleConnection, {
    nullable: true,
    description: 'What they may use, in the order the roles were first seen: those for which awsRole:assume is decided ALLOW.',
  })
  @Requires('AWS_READ', 'USER_GROUPS_READ')
  awsRoles(
    @Root() { organizationId, id }: MemberRow,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    return loadLinkPage(
      context,
      memberAwsRoles,
      [organizationId, id],
      page,
      { order: 'ROLE', info },
      { column: 'awsRoleId', loader: awsRoleLoader, fieldsOf: groupsOf },
    )
  }
}

@Resolver(() => UserGroup)
export class UserGroupAwsRolesResolver {
  @FieldResolver(() => AwsRoleConnection, {
    nullable: true,
    description: 'The AWS roles it grants to its members, in the order these were first seen.',
  })
  @Requires('AWS_READ')
  awsRoles(
    @Root() { organizationId, id }: UserGroupRow,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    return loadLinkPage(
      context,
      userGroupAwsRoles,
      [organizationId, id],
      page,
      { order: 'ROLE', info },
      { column: 'awsRoleId', loader: awsRoleLoader },
    )
  }
}

const noRole: { awsRole: AwsRoleRow | null } = { awsRole: null }
const noGroup: { userGroup: UserGroupRow | null } = { userGroup: null }

@Resolver()
export class RoleMappingMutations {
  @Mutation(() => AwsRolePayload, { description: 'Lets exactly these groups grant the role.' })
  @Requires('AWS_WRITE', 'USER_GROUPS_WRITE')
  setAwsRoleUserGroups(
    @Arg('input', () => AwsRoleUserGroupsInput, { description: 'Which ones.' }) input: AwsRoleUserGroupsInput,
    @Ctx() context: Context,
  ) {
    return payload(noRole, async () => ({ awsRole: await changeAwsRoleUserGroups(context, input, 'set') }))
  }

  @Mutation(() => AwsRolePayload, { description: 'Lets these groups grant the role too.' })
  @Requires('AWS_WRITE', 'USER_GROUPS_WRITE')
  addAwsRoleUserGroups(
    @Arg('input', () => AwsRoleUserGroupsInput, { description: 'Which ones.' }) input: AwsRoleUserGroupsInput,
    @Ctx() context: Context,
  ) {
    return payload(noRole, async () => ({ awsRole: await changeAwsRoleUserGroups(context, input, 'add') }))
  }

  @Mutation(() => AwsRolePayload, { description: 'Lets these groups grant the role no more. One that does not grant it is no error.' })
  @Requires('AWS_WRITE', 'USER_GROUPS_WRITE')
  removeAwsRoleUserGroups(
    @Arg('input', () => AwsRoleUserGroupsInput, { description: 'Which ones.' }) input: AwsRoleUserGroupsInput,
    @Ctx() context: Context,
  ) {
    return payload(noRole, async () => ({ awsRole: await changeAwsRoleUserGroups(context, input, 'remove') }))
  }

  @Mutation(() => UserGroupPayload, { description: 'Lets the group grant exactly these AWS roles.' })
  @Requires('AWS_WRITE', 'USER_GROUPS_WRITE')
  setUserGroupAwsRoles(
    @Arg('input', () => UserGroupAwsRolesInput, { description: 'Which ones.' }) input: UserGroupAwsRolesInput,
    @Ctx() context: Context,
  ) {
    return payload(noGroup, async () => ({ userGroup: await changeUserGroupAwsRoles(context, input, 'set') }))
  }

  @Mutation(() => UserGroupPayload, { description: 'Lets the group grant these AWS roles too.' })
  @Requires('AWS_WRITE', 'USER_GROUPS_WRITE')
  addUserGroupAwsRoles(
    @Arg('input', () => UserGroupAwsRolesInput, { description: 'Which ones.' }) input: UserGroupAwsRolesInput,
    @Ctx() context: Context,
  ) {
    return payload(noGroup, async () => ({ userGroup: await changeUserGroupAwsRoles(context, input, 'add') }))
  }

  @Mutation(() => UserGroupPayload, {
    description: 'Lets the group grant these AWS roles no more. One that it does not grant is no error.',
  })
  @Requires('AWS_WRITE', 'USER_GROUPS_WRITE')
  removeUserGroupAwsRoles(
    @Arg('input', () => UserGroupAwsRolesInput, { description: 'Which ones.' }) input: UserGroupAwsRolesInput,
    @Ctx() context: Context,
  ) {
    return payload(noGroup, async () => ({ userGroup: await changeUserGroupAwsRoles(context, input, 'remove') }))
  }
}
