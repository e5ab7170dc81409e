import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { payload } from '../platform/errors.ts'
import { addUserGroupMembers, removeUserGroupMembers, setUserGroupMembers } from './membership.service.ts'
import {
  CreateUserGroupInput,
  DeleteUserGroupInput,
  DeleteUserGroupPayload,
  UpdateUserGroupInput,
  UserGroupMembersInput,
  UserGroupPayload,
} from './user-group.input.ts'
import type { UserGroupRow } from './user-group.loader.ts'
import { createUserGroup, deleteUserGroup, updateUserGroup } from './user-group.service.ts'

const noGroup: { userGroup: UserGroupRow | null } = { userGroup: null }

@Resolver()
export class UserGroupMutations {
  @Mutation(() => UserGroupPayload, { description: 'Makes a user group.' })
  @Requires('USER_GROUPS_WRITE')
  createUserGroup(
    @Arg('input', () => CreateUserGroupInput, { description: 'The new user group.' }) input: CreateUserGroupInput,
    @Ctx() context: Context,
  ) {
    return payload(noGroup, async () => ({ userGroup: await createUserGroup(context, input) }))
  }

  @Mutation(() => UserGroupPayload, { description: 'Renames a user group or replaces its policies.' })
  @Requires('USER_GROUPS_WRITE')
  updateUserGroup(
    @Arg('input', () => UpdateUserGroupInput, { description: 'The changes.' }) input: UpdateUserGroupInput,
    @Ctx() context: Context,
  ) {
    return payload(noGroup, async () => ({ userGroup: await updateUserGroup(context, input) }))
  }

  @Mutation(() => DeleteUserGroupPayload, {
    description: 'Deletes a user group with its policies, memberships and the AWS roles it grants.',
  })
  @Requires('USER_GROUPS_WRITE')
  deleteUserGroup(
    @Arg('input', () => DeleteUserGroupInput, { description: 'Which one.' }) input: DeleteUserGroupInput,
    @Ctx() context: Context,
  ) {
    const none: { deletedIds: string[]; alreadyAbsent: boolean; organization: OrganizationRow | null } = {
      deletedIds: [],
      alreadyAbsent: false,
      organization: null,
    }
    return payload(none, async () => {
      const { organizationId, ...deletion } = await deleteUserGroup(context, input)
      return { ...deletion, organization: organizationId ? await organizationLoader(context).load(organizationId) : null }
    })
  }

  @Mutation(() => UserGroupPayload, { description: 'Gives a user group exactly these members.' })
  @Requires('USER_GROUPS_WRITE')
  setUserGroupMembers(
    @Arg('input', () => UserGroupMembersInput, { description: 'The group and its members.' }) input: UserGroupMembersInput,
    @Ctx() context: Context,
  ) {
    return payload(noGroup, async () => ({ userGroup: await setUserGroupMembers(context, input) }))
  }

  @Mutation(() => UserGroupPayload, { description: 'Adds members to a user group; who is in it stays.' })
  @Requires('USER_GROUPS_WRITE')
  addUserGroupMembers(
    @Arg('input', () => UserGroupMembersInput, { description: 'The group and whom to add.' }) input: UserGroupMembersInput,
    @Ctx() context: Context,
  ) {
    return payload(noGroup, async () => ({ userGroup: await addUserGroupMembers(context, input) }))
  }

  @Mutation(() => UserGroupPayload, { description: 'Takes members out of a user group; they stay members of the organization.' })
  @Requires('USER_GROUPS_WRITE')
  removeUserGroupMembers(
    @Arg('input', () => UserGroupMembersInput, { description: 'The group and whom to take out.' }) input: UserGroupMembersInput,
    @Ctx() context: Context,
  ) {
    return payload(noGroup, async () => ({ userGroup: await removeUserGroupMembers(context, input) }))
  }
}
