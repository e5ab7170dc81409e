import { Arg, Ctx, FieldResolver, ID, Resolver, Root, Subscription } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import { followChanges, type LiveChange, type Topic } from '../changes/follow-changes.ts'
import type { Context } from '../context.ts'
import { ssoConnectorLoader } from './sso-connector.loader.ts'
import { SsoConnector, SsoConnectorChange } from './sso-connector.type.ts'

const ssoConnectors: Topic = {
  noun: 'SsoConnector',
  argument: 'ssoConnectorId',
  load: (context, id) => ssoConnectorLoader(context).load(id),
}

@Resolver(() => SsoConnectorChange)
export class SsoConnectorSubscriptions {
  @Subscription(() => SsoConnectorChange, {
    description: 'SSO connectors as they are made, looked up, verified, enabled or disabled, and deleted.',
    subscribe: ({ args, context }) => followChanges(context, ssoConnectors, args.organizationId, args.ssoConnectorId),
  })
  @Requires('SSO_READ')
  ssoConnectorChanged(
    @Root() change: LiveChange,
    @Arg('organizationId', () => ID, { description: 'Whose connectors.' }) _organizationId: string,
    @Arg('ssoConnectorId', () => ID, { nullable: true, description: 'Only this one.' }) _ssoConnectorId: string | null,
  ) {
    return change
  }

  @FieldResolver(() => SsoConnector, { nullable: true, description: 'It as it is now; null where it is gone.' })
  ssoConnector(@Root() { id, change }: LiveChange, @Ctx() context: Context) {
    return change === 'DELETED' ? null : ssoConnectorLoader(context).load(id)
  }
}
