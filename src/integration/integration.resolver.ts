import type { GraphQLResolveInfo } from 'graphql'
import { Arg, Args, Ctx, FieldResolver, ID, Info, Mutation, Query, Resolver, Root } from 'type-graphql'
import { Requires, RequiresSignIn } from '../auth/requires.ts'
import { componentByItemLoader, integrationComponents } from '../component/component.loader.ts'
import { Component, ComponentConnection, ComponentFilter, ComponentKind } from '../component/component.type.ts'
import { componentPage } from '../component/component-page.ts'
import { connectorLoader } from '../connector/connector.loader.ts'
import { Connector } from '../connector/connector.type.ts'
import type { Context } from '../context.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { payload } from '../platform/errors.ts'
import { matchesWildcard, whereName } from '../platform/names.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { pageOfList } from '../platform/pagination/list-page.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { Where } from '../platform/pagination/page-source.ts'
import { type CatalogueEntry, catalogue, catalogueEntry, findCatalogueEntry, searchCatalogue } from './catalogue.ts'
import {
  awsIntegrationLoader,
  type IntegrationRow,
  integrationByNameLoader,
  integrationLoader,
  organizationIntegrations,
} from './integration.loader.ts'
import { installAwsIntegration, uninstallAwsIntegration } from './integration.service.ts'
import {
  InstallAwsIntegrationInput,
  InstallAwsIntegrationPayload,
  Integration,
  IntegrationConnection,
  IntegrationFilter,
  IntegrationOrder,
  IntegrationOwner,
  OwnersMapping,
  UninstallAwsIntegrationInput,
  UninstallAwsIntegrationPayload,
} from './integration.type.ts'
import { IntegrationCategory, IntegrationType, IntegrationTypeConnection } from './integration-type.type.ts'
import { type OwnersMappingValue, type OwnerValue, ownerOf, ownersMappingOf } from './integration-values.ts'
import { SecretStore, secretStoreValue } from './secret-store.type.ts'

@Resolver(() => Integration)
export class IntegrationResolver {
  @Query(() => Integration, { nullable: true, description: 'An integration by id.' })
  @Requires('INTEGRATIONS_READ')
  integration(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: Context) {
    return integrationLoader(context).load(id)
  }

  @FieldResolver(() => Organization, { description: 'Whose integration it is.' })
  organization(@Root() integration: IntegrationRow, @Ctx() context: Context) {
    return organizationLoader(context).load(integration.organizationId)
  }

  @FieldResolver(() => IntegrationType, { description: 'Its type, out of the catalogue.' })
  type(@Root() integration: IntegrationRow) {
    return integrationTypeValue(catalogueEntry(integration.type))
  }

  @FieldResolver(() => IntegrationCategory, { description: 'What it brings in.' })
  category(@Root() integration: IntegrationRow) {
    return catalogueEntry(integration.type).category
  }

  @FieldResolver(() => Connector, { nullable: true, description: 'The connector whose agent reads it; null where there is none.' })
  connector(@Root() { connectorId }: IntegrationRow, @Ctx() context: Context) {
    return connectorId ? connectorLoader(context).load(connectorId) : null
  }

  @FieldResolver(() => SecretStore, { nullable: true, description: 'Where its secret lies; null: it has none.' })
  secretStore(@Root() { secretStore }: IntegrationRow) {
    return secretStore && secretStoreValue(secretStore)
  }

  @FieldResolver(() => IntegrationOwner, {
    nullable: true,
    description: 'Who answers for it, and for what it has unless a tag says otherwise.',
  })
  owner(@Root() integration: IntegrationRow) {
    return ownerOf(integration)
  }

  @FieldResolver(() => OwnersMapping, { nullable: true, description: 'Which tag of a resource names its owner.' })
  ownersMapping(@Root() integration: IntegrationRow) {
    return ownersMappingOf(integration)
  }

  @FieldResolver(() => ComponentConnection, {
    nullable: true,
    description: 'Its components, in the order they were staged; empty unless it is of type aws.',
  })
  @Requires('COMPONENTS_READ')
  components(
    @Root() { organizationId, id }: IntegrationRow,
    @Arg('filter', () => ComponentFilter, { nullable: true, description: 'Which ones.' }) filter: ComponentFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    return componentPage(context, integrationComponents, [organizationId, id], filter, page, info)
  }

  @FieldResolver(() => Component, { nullable: true, description: 'One of its components by what it stands for.' })
  @Requires('COMPONENTS_READ')
  async component(
    @Root() { organizationId, id }: IntegrationRow,
    @Arg('kind', () => ComponentKind, { description: 'Its kind.' }) kind: ComponentKind,
    @Arg('itemId', () => String, { description: 'Its account id, or for FUNCTION_CALLER the ARN of its function.' }) itemId: string,
    @Ctx() context: Context,
  ) {
    const component = await componentByItemLoader(context).load(`${organizationId} ${kind} ${itemId}`)
    return component?.integrationId === id ? component : null
  }

  @Mutation(() => InstallAwsIntegrationPayload, {
    description: 'Makes the AWS integration of an organization. Once an organization; again is a success that changes nothing.',
  })
  @Requires('INTEGRATIONS_WRITE')
  installAwsIntegration(
    @Arg('input', () => InstallAwsIntegrationInput, { description: 'Where.' }) input: InstallAwsIntegrationInput,
    @Ctx() context: Context,
  ) {
    const none: { integration: IntegrationRow | null; alreadyInstalled: boolean } = { integration: null, alreadyInstalled: false }
    return payload(none, () => installAwsIntegration(context, input.organizationId))
  }

  @Mutation(() => UninstallAwsIntegrationPayload, {
    description: 'Removes the AWS integration with every component. AWS is left as it is.',
  })
  @Requires('INTEGRATIONS_WRITE', 'COMPONENTS_WRITE')
  uninstallAwsIntegration(
    @Arg('input', () => UninstallAwsIntegrationInput, { description: 'Where.' }) input: UninstallAwsIntegrationInput,
    @Ctx() context: Context,
  ) {
    const none: { deletedIds: string[]; alreadyAbsent: boolean; organization: OrganizationRow | null } = {
      deletedIds: [],
      alreadyAbsent: false,
      organization: null,
    }
    return payload(none, async () => ({
      ...(await uninstallAwsIntegration(context, input)),
      organization: await organizationLoader(context).load(input.organizationId),
    }))
  }
}

@Resolver(() => IntegrationOwner)
export class IntegrationOwnerResolver {
  @FieldResolver(() => Integration, { nullable: true, description: 'The integration that knows the attribute.' })
  sourceIntegration(@Root() { sourceIntegrationId }: OwnerValue, @Ctx() context: Context) {
    return sourceIntegrationId ? integrationLoader(context).load(sourceIntegrationId) : null
  }
}

@Resolver(() => OwnersMapping)
export class OwnersMappingResolver {
  @FieldResolver(() => Integration, { nullable: true, description: 'The integration that knows the attribute.' })
  sourceIntegration(@Root() { sourceIntegrationId }: OwnersMappingValue, @Ctx() context: Context) {
    return sourceIntegrationId ? integrationLoader(context).load(sourceIntegrationId) : null
  }
}

@Resolver(() => IntegrationType)
export class IntegrationTypeResolver {
  @Query(() => IntegrationTypeConnection, { description: 'The catalogue, by type: what there can be an integration of.' })
  @RequiresSignIn()
  integrationTypes(
    @Arg('search', () => String, {
      nullable: true,
      description: 'Words that all stand in the name, the description, or the resource types; case does not count.',
    })
    search: string | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    const rows = searchCatalogue(search)
      .map(integrationTypeValue)
      .sort((a, b) => (a.type < b.type ? -1 : 1))
    // Like every other cursor, one of this list is good for who got it.
    const filter = [search ?? '', context.viewer.organizationIds]
    return pageOfList(context, { name: 'integrationTypes', rows, keyOf: ({ type }) => type, filter }, page)
  }

  @Query(() => IntegrationType, { nullable: true, description: 'A type of integration by its short name.' })
  @RequiresSignIn()
  integrationType(@Arg('type', () => String, { description: 'Its short name, e.g. postgresql.' }) type: string) {
    const entry = findCatalogueEntry(type)
    return entry && integrationTypeValue(entry)
  }
}

/** A type of the catalogue as the graph has it. */
function integrationTypeValue({ params, secretParameters = [], ...entry }: CatalogueEntry) {
  return {
    ...entry,
    id: entry.type,
    secretParameters,
    params: params.map(({ key, label, values = [], default: fallback = null, optional = false }) => ({
      key,
      label,
      values,
      default: fallback,
      optional,
    })),
  }
}

const typesOf = (fits: (entry: CatalogueEntry) => boolean) => catalogue.filter(fits).map(({ type }) => type)

@Resolver(() => Organization)
export class OrganizationIntegrationsResolver {
  @FieldResolver(() => IntegrationConnection, { nullable: true, description: 'Its integrations; by name unless ordered otherwise.' })
  @Requires('INTEGRATIONS_READ')
  integrations(
    @Root() { id }: OrganizationRow,
    @Arg('filter', () => IntegrationFilter, { nullable: true, description: 'Which ones.' }) filter: IntegrationFilter | null,
    @Arg('orderBy', () => IntegrationOrder, { nullable: true, description: 'In which order.' }) orderBy: IntegrationOrder | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ) {
    const where = whereName(new Where(), 'i."name"', filter)
      .addSelective(
        'i."type" = any(?::text[])',
        filter?.typePatterns && typesOf(({ type }) => filter.typePatterns!.some((pattern) => matchesWildcard(pattern.toLowerCase(), type))),
      )
      .addSelective('i."type" = any(?::text[])', filter?.categories && typesOf(({ category }) => filter.categories!.includes(category)))
      .addSelective('i."status" = any(?::"IntegrationStatus"[])', filter?.statuses)
      .add('i."connectorId" = any(?::text[])', filter?.connectorIds)
    return loadPage(context, organizationIntegrations, [id], page, {
      order: orderBy?.field ?? 'NAME',
      descending: orderBy?.direction === 'DESC',
      where,
      info,
    })
  }

  @FieldResolver(() => Integration, { nullable: true, description: 'One integration by its name.' })
  @Requires('INTEGRATIONS_READ')
  integration(
    @Root() { id }: OrganizationRow,
    @Arg('name', () => String, { description: 'Its name, exactly.' }) name: string,
    @Ctx() context: Context,
  ) {
    return integrationByNameLoader(context).load(`${id} ${name}`)
  }

  @FieldResolver(() => Integration, { nullable: true, description: 'The AWS integration, if it is installed.' })
  @Requires('INTEGRATIONS_READ')
  awsIntegration(@Root() { id }: OrganizationRow, @Ctx() context: Context) {
    return awsIntegrationLoader(context).load(id)
  }
}
