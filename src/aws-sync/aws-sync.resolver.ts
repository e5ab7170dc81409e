import { Arg, Args, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import { awsAccountLoader } from '../aws-account/aws-account.loader.ts'
import { AwsAccount } from '../aws-account/aws-account.type.ts'
import { awsCredentialLoader } from '../aws-credential/aws-credential.loader.ts'
import { AwsCredential } from '../aws-credential/aws-credential.type.ts'
import type { Context } from '../context.ts'
import type { OperationRow } from '../operation/operation.loader.ts'
import { BackgroundOperationPayload } from '../operation/operation.type.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { payload } from '../platform/errors.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { Where } from '../platform/pagination/page-source.ts'
import { type AwsAccountSyncRow, type AwsSyncRow, accountSyncs, awsSyncLoader } from './aws-sync.loader.ts'
import { refreshAwsRoles, setAwsSync, syncAwsAccounts } from './aws-sync.service.ts'
import {
  AwsAccountSync,
  AwsAccountSyncConnection,
  AwsSync,
  AwsSyncPayload,
  RefreshAwsRolesInput,
  SetAwsSyncInput,
  SyncAwsAccountsInput,
} from './aws-sync.type.ts'
import { errorIds } from './sync-state.ts'

const noOperation: { operation: OperationRow | null } = { operation: null }

@Resolver(() => AwsSync)
export class AwsSyncResolver {
  @FieldResolver(() => Organization, { description: 'Whose accounts are read.' })
  organization(@Root() sync: AwsSyncRow, @Ctx() context: Context) {
    return organizationLoader(context).load(sync.organizationId)
  }

  @FieldResolver(() => Int, { description: '0 OK, 1 partial, 2 failed, 3 nothing to synchronize, 4 disabled.' })
  errorId(@Root() sync: AwsSyncRow) {
    return errorIds[sync.state]
  }

  @FieldResolver(() => AwsAccountSyncConnection, {
    nullable: true,
    description: 'What became of each credential and each INVENTORY account in the last one that ended.',
  })
  @Requires('AWS_READ')
  accounts(
    @Root() { organizationId, lastOperationId }: AwsSyncRow,
    @Arg('succeeded', () => Boolean, { nullable: true, description: 'Only those that could be read, or that could not.' }) succeeded:
      | boolean
      | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    const where = new Where().add('s."succeeded" = ?', succeeded)
    return loadPage(context, accountSyncs, [organizationId, lastOperationId ?? ''], page, { order: 'ORDINAL', where })
  }

  @Mutation(() => AwsSyncPayload, { description: 'Enables or disables the synchronization of AWS accounts. Disabling cancels what runs.' })
  @Requires('AWS_WRITE')
  setAwsSync(@Arg('input', () => SetAwsSyncInput, { description: 'Whether.' }) input: SetAwsSyncInput, @Ctx() context: Context) {
    const none: { awsSync: AwsSyncRow | null } = { awsSync: null }
    return payload(none, async () => ({ awsSync: await setAwsSync(context, input) }))
  }

  @Mutation(() => BackgroundOperationPayload, {
    description: 'Reads all AWS accounts in the background. While one such operation runs, another call returns that one.',
  })
  @Requires('AWS_WRITE')
  syncAwsAccounts(
    @Arg('input', () => SyncAwsAccountsInput, { description: 'Where.' }) input: SyncAwsAccountsInput,
    @Ctx() context: Context,
  ) {
    return payload(noOperation, async () => ({ operation: await syncAwsAccounts(context, input) }))
  }

  @Mutation(() => BackgroundOperationPayload, { description: 'Reads the roles of AWS accounts in the background.' })
  @Requires('AWS_WRITE')
  refreshAwsRoles(
    @Arg('input', () => RefreshAwsRolesInput, { description: 'Which ones.' }) input: RefreshAwsRolesInput,
    @Ctx() context: Context,
  ) {
    return payload(noOperation, async () => ({ operation: await refreshAwsRoles(context, input) }))
  }
}

@Resolver(() => AwsAccountSync)
export class AwsAccountSyncResolver {
  @FieldResolver(() => AwsAccount, { nullable: true, description: 'The account, where it is known which.' })
  @Requires('AWS_READ')
  awsAccount(@Root() { awsAccountId }: AwsAccountSyncRow, @Ctx() context: Context) {
    return awsAccountId ? awsAccountLoader(context).load(awsAccountId) : null
  }

  @FieldResolver(() => AwsCredential, { nullable: true, description: 'The credential, if it was one and is still there.' })
  @Requires('AWS_READ')
  credential(@Root() { credentialId }: AwsAccountSyncRow, @Ctx() context: Context) {
    return credentialId ? awsCredentialLoader(context).load(credentialId) : null
  }
}

@Resolver(() => Organization)
export class OrganizationAwsSyncResolver {
  @FieldResolver(() => AwsSync, { nullable: true, description: 'How reading its AWS accounts goes.' })
  @Requires('AWS_READ')
  awsSync(@Root() { id }: OrganizationRow, @Ctx() context: Context) {
    return awsSyncLoader(context).load(id)
  }
}
