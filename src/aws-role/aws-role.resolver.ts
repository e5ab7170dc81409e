import type { GraphQLResolveInfo } from 'graphql'
import { Arg, Args, Ctx, FieldResolver, ID, Info, Mutation, Query, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import { type AwsAccountRow, awsAccountLoader } from '../aws-account/aws-account.loader.ts'
import { AwsAccount } from '../aws-account/aws-account.type.ts'
import type { Context } from '../context.ts'
import { loadNode } from '../entity.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { payload } from '../platform/errors.ts'
import { whereName } from '../platform/names.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { Where } from '../platform/pagination/page-source.ts'
import { Arn } from '../platform/scalars.ts'
import {
  type AwsRoleRow,
  accountAwsRoles,
  awsRoleByArnLoader,
  awsRoleLoader,
  organizationAwsRoles,
  organizationAwsRolesByTime,
} from './aws-role.loader.ts'
import { deleteAwsRole } from './aws-role.service.ts'
import {
  AwsRole,
  AwsRoleConnection,
  AwsRoleFilter,
  AwsRoleOrder,
  AwsRoleSource,
  DeleteAwsRoleInput,
  DeleteAwsRolePayload,
} from './aws-role.type.ts'

@Resolver(() => AwsRole)
export class AwsRoleResolver {
  @Query(() => AwsRole, { nullable: true, description: 'An AWS role by id.' })
  @Requires('AWS_READ')
  awsRole(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: Context) {
    return awsRoleLoader(context).load(id)
  }

  @FieldResolver(() => Organization, { description: 'Whose role it is here.' })
  organization(@Root() role: AwsRoleRow, @Ctx() context: Context) {
    return organizationLoader(context).load(role.organizationId)
  }

  @FieldResolver(() => AwsAccount, { description: 'The account it lies in.' })
  awsAccount(@Root() role: AwsRoleRow, @Ctx() context: Context) {
    return awsAccountLoader(context).load(role.awsAccountId)
  }

  @FieldResolver(() => AwsRoleSource, {
    nullable: true,
    description: 'What it was last read through, if that is still there. Needs AWS_READ for a credential, COMPONENTS_READ for a component.',
  })
  discoveredBy(@Root() { discoveredById }: AwsRoleRow, @Ctx() context: Context) {
    return discoveredById ? loadNode(context, discoveredById) : null
  }

  @Mutation(() => DeleteAwsRolePayload, {
    description:
      'Forgets a role and who may use it; AWS is untouched, and a later scan that sees the role brings it back without its groups.',
  })
  @Requires('AWS_WRITE')
  deleteAwsRole(@Arg('input', () => DeleteAwsRoleInput, { description: 'Which one.' }) input: DeleteAwsRoleInput, @Ctx() context: Context) {
    const none: { deletedIds: string[]; alreadyAbsent: boolean; organization: OrganizationRow | null } = {
      deletedIds: [],
      alreadyAbsent: false,
      organization: null,
    }
    return payload(none, async () => {
      const { organizationId, ...deleted } = await deleteAwsRole(context, input)
      return { ...deleted, organization: organizationId ? await organizationLoader(context).load(organizationId) : null }
    })
  }
}

@Resolver(() => Organization)
export class OrganizationAwsRolesResolver {
  @FieldResolver(() => AwsRoleConnection, {
    nullable: true,
    description: 'The roles of its AWS accounts; by name unless ordered otherwise.',
  })
  @Requires('AWS_READ')
  awsRoles(
    @Root() { id }: OrganizationRow,
    @Arg('filter', () => AwsRoleFilter, { nullable: true, description: 'Which ones.' }) filter: AwsRoleFilter | null,
    @Arg('orderBy', () => AwsRoleOrder, { nullable: true, description: 'In which order.' }) orderBy: AwsRoleOrder | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    const order = orderBy?.field ?? 'NAME'
    return loadPage(context, order === 'NAME' ? organizationAwsRoles : organizationAwsRolesByTime, [id], page, {
      order,
      descending: orderBy?.direction === 'DESC',
      where: whereRole(filter),
      info,
    })
  }

  @FieldResolver(() => AwsRole, { nullable: true, description: 'One AWS role by its ARN.' })
  @Requires('AWS_READ')
  awsRole(@Root() { id }: OrganizationRow, @Arg('arn', () => Arn, { description: 'Its ARN.' }) arn: string, @Ctx() context: Context) {
    return awsRoleByArnLoader(context).load(`${id} ${arn}`)
  }
}

@Resolver(() => AwsAccount)
export class AccountAwsRolesResolver {
  @FieldResolver(() => AwsRoleConnection, { nullable: true, description: 'Its roles, by name.' })
  @Requires('AWS_READ')
  roles(
    @Root() { organizationId, id }: AwsAccountRow,
    @Arg('filter', () => AwsRoleFilter, { nullable: true, description: 'Which ones.' }) filter: AwsRoleFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    return loadPage(context, accountAwsRoles, [organizationId, id], page, { order: 'NAME', where: whereRole(filter), info })
  }
}

const isGranted = 'exists (select from "UserGroupAwsRole" g where g."organizationId" = r."organizationId" and g."awsRoleId" = r."id")'

/** Whether a role is granted is asked in two ways, each of which is a join, and not a question for every role. */
function whereRole(filter: AwsRoleFilter | null): Where {
  return whereName(new Where(), 'r."name"', filter)
    .addSelective('r."arn" = any(?::text[])', filter?.arns)
    .addSelective('r."status" = any(?::"AwsRoleStatus"[])', filter?.statuses)
    .addSelective('a."accountId" = any(?::text[])', filter?.accountIds)
    .addSelective(`${isGranted} and ?::boolean`, filter?.granted || null)
    .addSelective(`not ${isGranted} and ?::boolean`, filter?.granted === false || null, false)
}
