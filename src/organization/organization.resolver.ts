import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql'
import { Requires, RequiresPlatformAdministrator } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import { payload } from '../platform/errors.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { Where } from '../platform/pagination/page-source.ts'
import { organizationBySlugLoader, organizationLoader, organizations } from './organization.loader.ts'
import { createOrganization, deleteOrganization, updateOrganization } from './organization.service.ts'
import {
  CreateOrganizationInput,
  DeleteOrganizationInput,
  DeleteOrganizationPayload,
  Organization,
  OrganizationConnection,
  OrganizationPayload,
  UpdateOrganizationInput,
} from './organization.type.ts'

/** The organizations a viewer may see, by slug. */
export function organizationsOf(context: Context, page: PageArgs) {
  const where = new Where().add('o."id" = any(?::text[])', context.viewer.organizationIds)
  return loadPage(context, organizations, [], page, { order: 'SLUG', where })
}

@Resolver(() => Organization)
export class OrganizationResolver {
  @Query(() => Organization, { nullable: true, description: 'An organization by id; null where there is none the caller may see.' })
  @Requires('ORGANIZATIONS_READ')
  organization(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: Context) {
    return organizationLoader(context).load(id)
  }

  @Query(() => Organization, { nullable: true, description: 'An organization by its slug.' })
  @Requires('ORGANIZATIONS_READ')
  organizationBySlug(@Arg('slug', () => String, { description: 'Its slug.' }) slug: string, @Ctx() context: Context) {
    return organizationBySlugLoader(context).load(slug)
  }

  @Query(() => OrganizationConnection, { description: 'The organizations the caller may see, by slug.' })
  @Requires('ORGANIZATIONS_READ')
  organizations(@Args(() => PageArgs) page: PageArgs, @Ctx() context: Context) {
    return organizationsOf(context, page)
  }

  @Mutation(() => OrganizationPayload, { description: 'Makes an organization. For the platform administrator.' })
  @RequiresPlatformAdministrator()
  createOrganization(
    @Arg('input', () => CreateOrganizationInput, { description: 'The new organization.' }) input: CreateOrganizationInput,
    @Ctx() context: Context,
  ) {
    return payload({ organization: null }, async () => ({ organization: await createOrganization(context, input) }))
  }

  @Mutation(() => OrganizationPayload, { description: 'Renames an organization or gives it another slug.' })
  @Requires('ORGANIZATIONS_WRITE')
  updateOrganization(
    @Arg('input', () => UpdateOrganizationInput, { description: 'The changes.' }) input: UpdateOrganizationInput,
    @Ctx() context: Context,
  ) {
    return payload({ organization: null }, async () => ({ organization: await updateOrganization(context, input) }))
  }

  @Mutation(() => DeleteOrganizationPayload, { description: 'Deletes an organization and all that it owns.' })
  @Requires('ORGANIZATIONS_WRITE')
  deleteOrganization(
    @Arg('input', () => DeleteOrganizationInput, { description: 'Which one.' }) input: DeleteOrganizationInput,
    @Ctx() context: Context,
  ) {
    return payload({ deletedIds: [], alreadyAbsent: false }, () => deleteOrganization(context, input))
  }
}
