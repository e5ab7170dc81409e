import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import { connectorIntegrations, type IntegrationRow } from '../integration/integration.loader.ts'
import { IntegrationConnection } from '../integration/integration.type.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { payload } from '../platform/errors.ts'
import type { BulkSummary } from '../platform/node.type.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { type ConnectorRow, connectorByNameLoader, connectorLoader, organizationConnectors } from './connector.loader.ts'
import { deleteConnector, registerConnector, rotateConnectorSecret, updateConnector } from './connector.service.ts'
import {
  Connector,
  ConnectorConnection,
  ConnectorHeartbeatInput,
  ConnectorPayload,
  DeleteConnectorInput,
  DeleteConnectorPayload,
  RegisterConnectorInput,
  RegisterConnectorPayload,
  ReportDiscoveryInput,
  ReportDiscoveryPayload,
  RotateConnectorSecretInput,
  UpdateConnectorInput,
} from './connector.type.ts'
import { connectorHeartbeat } from './heartbeat.ts'
import { reportDiscovery } from './report-discovery.ts'

const none: { connector: ConnectorRow | null } = { connector: null }
const noneWithSecret: { connector: ConnectorRow | null; secret: string | null } = { connector: null, secret: null }

@Resolver(() => Connector)
export class ConnectorResolver {
  @Query(() => Connector, { nullable: true, description: 'A connector by id; null where there is none the caller may see.' })
  @Requires('INTEGRATIONS_READ')
  connector(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: Context) {
    return connectorLoader(context).load(id)
  }

  @FieldResolver(() => Organization, { description: 'Whose it is.' })
  organization(@Root() { organizationId }: ConnectorRow, @Ctx() context: Context) {
    return organizationLoader(context).load(organizationId)
  }

  @FieldResolver(() => IntegrationConnection, { nullable: true, description: 'What its agent reads, by name.' })
  @Requires('INTEGRATIONS_READ')
  integrations(@Root() { organizationId, id }: ConnectorRow, @Args(() => PageArgs) page: PageArgs, @Ctx() context: Context) {
    return loadPage(context, connectorIntegrations, [organizationId, id], page, { order: 'NAME' })
  }

  @Mutation(() => RegisterConnectorPayload, {
    description: 'Makes a connector. The key of its agent is in this answer only; it can report and nothing else.',
  })
  @Requires('INTEGRATIONS_WRITE')
  registerConnector(
    @Arg('input', () => RegisterConnectorInput, { description: 'The new connector.' }) input: RegisterConnectorInput,
    @Ctx() context: Context,
  ) {
    return payload(noneWithSecret, () => registerConnector(context, input))
  }

  @Mutation(() => RegisterConnectorPayload, { description: "Gives a connector's agent a new key; the old one ends at once." })
  @Requires('INTEGRATIONS_WRITE')
  rotateConnectorSecret(
    @Arg('input', () => RotateConnectorSecretInput, { description: 'Which connector.' }) input: RotateConnectorSecretInput,
    @Ctx() context: Context,
  ) {
    return payload(noneWithSecret, () => rotateConnectorSecret(context, input.id))
  }

  @Mutation(() => ConnectorPayload, { description: 'Gives a connector another name.' })
  @Requires('INTEGRATIONS_WRITE')
  updateConnector(
    @Arg('input', () => UpdateConnectorInput, { description: 'The changes.' }) input: UpdateConnectorInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ connector: await updateConnector(context, input) }))
  }

  @Mutation(() => DeleteConnectorPayload, {
    description: 'Deletes a connector and ends its key. Its integrations stay, without a connector.',
  })
  @Requires('INTEGRATIONS_WRITE')
  deleteConnector(
    @Arg('input', () => DeleteConnectorInput, { description: 'Which one.' }) input: DeleteConnectorInput,
    @Ctx() context: Context,
  ) {
    const nothing: { deletedIds: string[]; alreadyAbsent: boolean; organization: OrganizationRow | null } = {
      deletedIds: [],
      alreadyAbsent: false,
      organization: null,
    }
    return payload(nothing, async () => {
      const { organizationId, ...removal } = await deleteConnector(context, input)
      return { ...removal, organization: organizationId ? await organizationLoader(context).load(organizationId) : null }
    })
  }

  @Mutation(() => ConnectorPayload, {
    description: "A sign of life of the caller's connector. Without one for two minutes it is DISCONNECTED.",
  })
  @Requires('CONNECTOR')
  connectorHeartbeat(
    @Arg('input', () => ConnectorHeartbeatInput, { description: 'What the agent says of itself.' }) input: ConnectorHeartbeatInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ connector: await connectorHeartbeat(context, input) }))
  }
}

@Resolver()
export class ReportDiscoveryResolver {
  @Mutation(() => ReportDiscoveryPayload, {
    description: "Takes what the caller's agent found of an integration of its connector, all of it or nothing. Counts as a sign of life.",
  })
  @Requires('CONNECTOR')
  reportDiscovery(
    @Arg('input', () => ReportDiscoveryInput, { description: 'What was found.' }) input: ReportDiscoveryInput,
    @Ctx() context: Context,
  ) {
    const nothing: { integration: IntegrationRow | null; summary: BulkSummary | null } = { integration: null, summary: null }
    return payload(nothing, () => reportDiscovery(context, input))
  }
}

@Resolver(() => Organization)
export class OrganizationConnectorsResolver {
  @FieldResolver(() => ConnectorConnection, { nullable: true, description: 'Its connectors, by name.' })
  @Requires('INTEGRATIONS_READ')
  connectors(@Root() { id }: OrganizationRow, @Args(() => PageArgs) page: PageArgs, @Ctx() context: Context) {
    return loadPage(context, organizationConnectors, [id], page, { order: 'NAME' })
  }

  @FieldResolver(() => Connector, { nullable: true, description: 'One connector by its name.' })
  @Requires('INTEGRATIONS_READ')
  connector(
    @Root() { id }: OrganizationRow,
    @Arg('name', () => String, { description: 'Its name, exactly.' }) name: string,
    @Ctx() context: Context,
  ) {
    return connectorByNameLoader(context).load(`${id} ${name}`)
  }
}
