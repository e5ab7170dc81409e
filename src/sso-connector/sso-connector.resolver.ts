import type { GraphQLResolveInfo } from 'graphql'
import { Arg, Args, Ctx, FieldResolver, ID, Info, Mutation, Query, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { payload } from '../platform/errors.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { DomainName } from '../platform/scalars.ts'
import { beginSsoConnectorVerification } from './begin-sso-connector-verification.ts'
import { createSsoConnector } from './create-sso-connector.ts'
import { deleteSsoConnector } from './delete-sso-connector.ts'
import { normalizeDomain } from './email-domain.ts'
import { allowedActions } from './sso-connector.lifecycle.ts'
import { organizationSsoConnectors, type SsoConnectorRow, ssoConnectorByDomainLoader, ssoConnectorLoader } from './sso-connector.loader.ts'
import {
  BeginSsoConnectorVerificationInput,
  CreateSsoConnectorInput,
  DeleteSsoConnectorInput,
  DeleteSsoConnectorPayload,
  SsoConnector,
  SsoConnectorAction,
  SsoConnectorConnection,
  SsoConnectorPayload,
  SsoVerification,
  UpdateSsoConnectorInput,
} from './sso-connector.type.ts'
import { updateSsoConnector } from './update-sso-connector.ts'

const none: { ssoConnector: SsoConnectorRow | null } = { ssoConnector: null }

@Resolver(() => SsoConnector)
export class SsoConnectorResolver {
  @FieldResolver(() => Organization, { description: 'Whose it is.' })
  organization(@Root() { organizationId }: SsoConnectorRow, @Ctx() context: Context) {
    return organizationLoader(context).load(organizationId)
  }

  @FieldResolver(() => SsoVerification, { description: 'The proof that the domain is its own.' })
  verification(@Root() { code, emailDomain, status, statusMessage, attempts, lastCheckedAt, nextCheckAt, expiresAt }: SsoConnectorRow) {
    return { code, dnsRecordName: emailDomain, status, statusMessage, attempts, lastCheckedAt, nextCheckAt, expiresAt }
  }

  @FieldResolver(() => [SsoConnectorAction], { description: 'What can be done with it now.' })
  allowedActions(@Root() connector: SsoConnectorRow) {
    return allowedActions(connector)
  }

  @Query(() => SsoConnector, { nullable: true, description: 'An SSO connector by id; null where there is none the caller may see.' })
  @Requires('SSO_READ')
  ssoConnector(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: Context) {
    return ssoConnectorLoader(context).load(id)
  }

  @Mutation(() => SsoConnectorPayload, { description: 'Makes an SSO connector, disabled, for a domain of the organization.' })
  @Requires('SSO_WRITE')
  createSsoConnector(
    @Arg('input', () => CreateSsoConnectorInput, { description: 'The new connector.' }) input: CreateSsoConnectorInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ ssoConnector: await createSsoConnector(context, input) }))
  }

  @Mutation(() => SsoConnectorPayload, { description: 'Begins the proof that the domain is its own, with a new code.' })
  @Requires('SSO_WRITE')
  beginSsoConnectorVerification(
    @Arg('input', () => BeginSsoConnectorVerificationInput, { description: 'Of which connector.' })
    input: BeginSsoConnectorVerificationInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ ssoConnector: await beginSsoConnectorVerification(context, input) }))
  }

  @Mutation(() => SsoConnectorPayload, { description: 'Enables or disables an SSO connector, or changes what people see.' })
  @Requires('SSO_WRITE')
  updateSsoConnector(
    @Arg('input', () => UpdateSsoConnectorInput, { description: 'The changes.' }) input: UpdateSsoConnectorInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ ssoConnector: await updateSsoConnector(context, input) }))
  }

  @Mutation(() => DeleteSsoConnectorPayload, { description: 'Deletes an SSO connector that is disabled.' })
  @Requires('SSO_WRITE')
  deleteSsoConnector(
    @Arg('input', () => DeleteSsoConnectorInput, { description: 'Which one.' }) input: DeleteSsoConnectorInput,
    @Ctx() context: Context,
  ) {
    const nothing: { deletedIds: string[]; alreadyAbsent: boolean; organization: OrganizationRow | null } = {
      deletedIds: [],
      alreadyAbsent: false,
      organization: null,
    }
    return payload(nothing, async () => {
      const { organizationId, ...removal } = await deleteSsoConnector(context, input)
      return { ...removal, organization: organizationId ? await organizationLoader(context).load(organizationId) : null }
    })
  }
}

@Resolver(() => Organization)
export class OrganizationSsoConnectorsResolver {
  @FieldResolver(() => SsoConnectorConnection, { nullable: true, description: 'Its SSO connectors, by domain.' })
  @Requires('SSO_READ')
  ssoConnectors(
    @Root() { id }: OrganizationRow,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    return loadPage(context, organizationSsoConnectors, [id], page, { order: 'DOMAIN', info })
  }

  @FieldResolver(() => SsoConnector, { nullable: true, description: 'Its SSO connector for a domain.' })
  @Requires('SSO_READ')
  ssoConnector(
    @Root() { id }: OrganizationRow,
    @Arg('emailDomain', () => DomainName, { description: 'The domain, in any case, IDN in either form.' }) emailDomain: string,
    @Ctx() context: Context,
  ) {
    const domain = normalizeDomain(emailDomain)
    return domain === null ? null : ssoConnectorByDomainLoader(context).load(`${id} ${domain}`)
  }
}
