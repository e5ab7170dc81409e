import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql'
import { Requires, RequiresSignIn } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { payload } from '../platform/errors.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { EmailAddress } from '../platform/scalars.ts'
import { Viewer } from '../viewer/viewer.type.ts'
import { foldEmail } from './email.ts'
import { type MemberRow, memberByEmailLoader, memberLoader, organizationMembers, ownMemberByOrganizationLoader } from './member.loader.ts'
import { acceptMember, inviteMembers, removeMember } from './member.service.ts'
import {
  AcceptMemberInput,
  InviteMembersInput,
  InviteMembersPayload,
  Member,
  MemberConnection,
  MemberFilter,
  MemberPayload,
  RemoveMemberInput,
  RemoveMemberPayload,
} from './member.type.ts'
import { whereMember } from './member-page.ts'

@Resolver(() => Member)
export class MemberResolver {
  @Query(() => Member, { nullable: true, description: 'A member by id.' })
  @Requires('USER_GROUPS_READ')
  member(@Arg('id', () => ID, { description: 'Their id.' }) id: string, @Ctx() context: Context) {
    return memberLoader(context).load(id)
  }

  @FieldResolver(() => Organization, { description: 'Where they are a member.' })
  organization(@Root() member: MemberRow, @Ctx() context: Context) {
    return organizationLoader(context).load(member.organizationId)
  }

  @Mutation(() => InviteMembersPayload, { description: 'Invites up to 500 people, all or none. Who is there already stays as they are.' })
  @Requires('USER_GROUPS_WRITE')
  inviteMembers(
    @Arg('input', () => InviteMembersInput, { description: 'Whom to invite.' }) input: InviteMembersInput,
    @Ctx() context: Context,
  ) {
    const none: { members: MemberRow[] | null } = { members: null }
    return payload(none, async () => ({ members: await inviteMembers(context, input) }))
  }

  @Mutation(() => MemberPayload, {
    description:
      'Makes an invited member an accepted one. A person does it for their own verified address alone; a key needs USER_GROUPS_WRITE.',
  })
  @RequiresSignIn()
  acceptMember(@Arg('input', () => AcceptMemberInput, { description: 'Who.' }) input: AcceptMemberInput, @Ctx() context: Context) {
    const none: { member: MemberRow | null } = { member: null }
    return payload(none, async () => ({ member: await acceptMember(context, input.id) }))
  }

  @Mutation(() => RemoveMemberPayload, { description: 'Removes a member, out of every group too.' })
  @Requires('USER_GROUPS_WRITE')
  removeMember(@Arg('input', () => RemoveMemberInput, { description: 'Who.' }) input: RemoveMemberInput, @Ctx() context: Context) {
    const none: { deletedIds: string[]; alreadyAbsent: boolean; organization: OrganizationRow | null } = {
      deletedIds: [],
      alreadyAbsent: false,
      organization: null,
    }
    return payload(none, async () => {
      const { organizationId, ...removal } = await removeMember(context, input)
      return { ...removal, organization: organizationId ? await organizationLoader(context).load(organizationId) : null }
    })
  }
}

@Resolver(() => Organization)
export class OrganizationMembersResolver {
  @FieldResolver(() => MemberConnection, { nullable: true, description: 'Its members, by e-mail address.' })
  @Requires('USER_GROUPS_READ')
  members(
    @Root() { id }: OrganizationRow,
    @Arg('filter', () => MemberFilter, { nullable: true, description: 'Which ones.' }) filter: MemberFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    const where = whereMember(filter, { email: 'm."email"', which: (condition) => condition })
    return loadPage(context, organizationMembers, [id], page, { order: 'EMAIL', where })
  }

  @FieldResolver(() => Member, { nullable: true, description: 'One member by their e-mail address; case does not count.' })
  @Requires('USER_GROUPS_READ')
  member(
    @Root() { id }: OrganizationRow,
    @Arg('email', () => EmailAddress, { description: 'Their address.' }) email: string,
    @Ctx() context: Context,
  ) {
    return memberByEmailLoader(context).load(`${id} ${foldEmail(email)}`)
  }
}

@Resolver(() => Viewer)
export class ViewerMemberResolver {
  @FieldResolver(() => Member, {
    nullable: true,
    description: 'Who the caller is in an organization, invited or accepted; null for keys, and where they are not.',
  })
  @RequiresSignIn()
  member(@Arg('organizationId', () => ID, { description: 'The organization.' }) organizationId: string, @Ctx() context: Context) {
    return context.viewer.verifiedEmail === null ? null : ownMemberByOrganizationLoader(context).load(organizationId)
  }
}
