import { Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql'
import { apiKeyLoader } from '../api-key/api-key.loader.ts'
import { ApiKey } from '../api-key/api-key.type.ts'
import { RequiresSignIn } from '../auth/requires.ts'
import type { Viewer as ViewerValue } from '../auth/viewer.ts'
import type { Context } from '../context.ts'
import { organizationsOf } from '../organization/organization.resolver.ts'
import { OrganizationConnection } from '../organization/organization.type.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { Viewer } from './viewer.type.ts'

@Resolver(() => Viewer)
export class ViewerResolver {
  @Query(() => Viewer, { description: 'Who asks, and what they may do.' })
  @RequiresSignIn()
  viewer(@Ctx() context: Context) {
    return context.viewer
  }

  @FieldResolver(() => OrganizationConnection, { description: 'The organizations the caller may see, by slug.' })
  @RequiresSignIn()
  organizations(@Args(() => PageArgs) page: PageArgs, @Ctx() context: Context) {
    return organizationsOf(context, page)
  }

  @FieldResolver(() => ApiKey, { nullable: true, description: 'The key itself, where the caller is one.' })
  apiKey(@Root() { apiKeyId }: ViewerValue, @Ctx() context: Context) {
    return apiKeyId ? apiKeyLoader(context).load(apiKeyId) : null
  }
}
