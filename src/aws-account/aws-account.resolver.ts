import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import { accountComponents } from '../component/component.loader.ts'
import { ComponentConnection, ComponentFilter } from '../component/component.type.ts'
import { componentPage } from '../component/component-page.ts'
import type { Context } from '../context.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { whereName } from '../platform/names.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { Where } from '../platform/pagination/page-source.ts'
import { AwsAccountId } from '../platform/scalars.ts'
import { type AwsAccountRow, awsAccountByNumberLoader, awsAccountLoader, organizationAwsAccounts } from './aws-account.loader.ts'
import { AwsAccount, AwsAccountConnection, AwsAccountFilter } from './aws-account.type.ts'

@Resolver(() => AwsAccount)
export class AwsAccountResolver {
  @Query(() => AwsAccount, { nullable: true, description: 'An AWS account by its global id.' })
  @Requires('AWS_READ')
  awsAccount(@Arg('id', () => ID, { description: 'Its global id.' }) id: string, @Ctx() context: Context) {
    return awsAccountLoader(context).load(id)
  }

  @FieldResolver(() => Organization, { description: 'Whose account it is here.' })
  organization(@Root() account: AwsAccountRow, @Ctx() context: Context) {
    return organizationLoader(context).load(account.organizationId)
  }

  @FieldResolver(() => ComponentConnection, {
    nullable: true,
    description: 'The components installed in it, in the order they were staged.',
  })
  @Requires('COMPONENTS_READ')
  components(
    @Root() { organizationId, id }: AwsAccountRow,
    @Arg('filter', () => ComponentFilter, { nullable: true, description: 'Which ones.' }) filter: ComponentFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    return componentPage(context, accountComponents, [organizationId, id], filter, page)
  }
}

@Resolver(() => Organization)
export class OrganizationAwsAccountsResolver {
  @FieldResolver(() => AwsAccountConnection, { nullable: true, description: 'Its AWS accounts, by number.' })
  @Requires('AWS_READ')
  awsAccounts(
    @Root() { id }: OrganizationRow,
    @Arg('filter', () => AwsAccountFilter, { nullable: true, description: 'Which ones.' }) filter: AwsAccountFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    const where = new Where().add('a."accountId" = any(?::text[])', filter?.accountIds)
    whereName(where, 'a."alias"', { name: filter?.alias, nameContains: filter?.aliasContains })
    return loadPage(context, organizationAwsAccounts, [id], page, { order: 'NUMBER', where })
  }

  @FieldResolver(() => AwsAccount, { nullable: true, description: 'One AWS account by its number.' })
  @Requires('AWS_READ')
  awsAccount(
    @Root() { id }: OrganizationRow,
    @Arg('accountId', () => AwsAccountId, { description: 'Its 12 digits.' }) accountId: string,
    @Ctx() context: Context,
  ) {
    return awsAccountByNumberLoader(context).load(`${id} ${accountId}`)
  }
}
