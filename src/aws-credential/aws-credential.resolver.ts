import { Arg, Args, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import { type AwsAccountRow, awsAccountLoader } from '../aws-account/aws-account.loader.ts'
import { AwsAccount } from '../aws-account/aws-account.type.ts'
import type { Context } from '../context.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { payload } from '../platform/errors.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { type AwsCredentialRow, accountCredentials, organizationAwsCredentials } from './aws-credential.loader.ts'
import { deleteAwsCredentials, putAwsCredentials } from './aws-credential.service.ts'
import {
  AwsCredential,
  AwsCredentialConnection,
  DeleteAwsCredentialsInput,
  DeleteAwsCredentialsPayload,
  PutAwsCredentialsInput,
  PutAwsCredentialsPayload,
} from './aws-credential.type.ts'

@Resolver(() => AwsCredential)
export class AwsCredentialResolver {
  @FieldResolver(() => Organization, { description: 'Whose credential it is.' })
  organization(@Root() credential: AwsCredentialRow, @Ctx() context: Context) {
    return organizationLoader(context).load(credential.organizationId)
  }

  @FieldResolver(() => AwsAccount, { nullable: true, description: 'Its account, once a sync has learned which it is.' })
  @Requires('AWS_READ')
  awsAccount(@Root() { awsAccountId }: AwsCredentialRow, @Ctx() context: Context) {
    return awsAccountId ? awsAccountLoader(context).load(awsAccountId) : null
  }

  @Mutation(() => PutAwsCredentialsPayload, {
    description: 'Puts AWS access keys, each under its account name: new ones are made, those of the same name replaced. All or nothing.',
  })
  @Requires('AWS_CREDENTIALS_WRITE')
  putAwsCredentials(
    @Arg('input', () => PutAwsCredentialsInput, { description: 'Which ones.' }) input: PutAwsCredentialsInput,
    @Ctx() context: Context,
  ) {
    const none: { credentials: AwsCredentialRow[] | null } = { credentials: null }
    return payload(none, async () => ({ credentials: await putAwsCredentials(context, input) }))
  }

  @Mutation(() => DeleteAwsCredentialsPayload, {
    description: 'Deletes AWS access keys here; AWS keeps them. What was found through them stays.',
  })
  @Requires('AWS_CREDENTIALS_WRITE')
  deleteAwsCredentials(
    @Arg('input', () => DeleteAwsCredentialsInput, { description: 'Which ones.' }) input: DeleteAwsCredentialsInput,
    @Ctx() context: Context,
  ) {
    const none: { deletedIds: string[]; deletedAccountNames: string[]; organization: OrganizationRow | null } = {
      deletedIds: [],
      deletedAccountNames: [],
      organization: null,
    }
    return payload(none, async () => ({
      ...(await deleteAwsCredentials(context, input)),
      organization: await organizationLoader(context).load(input.organizationId),
    }))
  }
}

@Resolver(() => Organization)
export class OrganizationAwsCredentialsResolver {
  @FieldResolver(() => AwsCredentialConnection, { nullable: true, description: 'Its AWS access keys, by account name.' })
  @Requires('AWS_READ')
  awsCredentials(@Root() { id }: OrganizationRow, @Args(() => PageArgs) page: PageArgs, @Ctx() context: Context) {
    return loadPage(context, organizationAwsCredentials, [id], page, { order: 'NAME' })
  }
}

@Resolver(() => AwsAccount)
export class AccountCredentialsResolver {
  @FieldResolver(() => AwsCredentialConnection, {
    nullable: true,
    description: 'The access keys that a sync has found to be of this account, by account name.',
  })
  @Requires('AWS_READ')
  credentials(@Root() { organizationId, id }: AwsAccountRow, @Args(() => PageArgs) page: PageArgs, @Ctx() context: Context) {
    return loadPage(context, accountCredentials, [organizationId, id], page, { order: 'NAME' })
  }
}
