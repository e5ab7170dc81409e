import { Arg, Ctx, FieldResolver, ID, Resolver, Root, Subscription } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import { followChanges, type LiveChange, type Topic } from '../changes/follow-changes.ts'
import type { Context } from '../context.ts'
import { componentLoader } from './component.loader.ts'
import { Component, ComponentChange } from './component.type.ts'

const components: Topic = {
  noun: 'Component',
  argument: 'componentId',
  load: (context, id) => componentLoader(context).load(id),
}

@Resolver(() => ComponentChange)
export class ComponentSubscriptions {
  @Subscription(() => ComponentChange, {
    description: 'Components as they are staged, change their state, health or configuration, and are removed.',
    subscribe: ({ args, context }) => followChanges(context, components, args.organizationId, args.componentId),
  })
  @Requires('COMPONENTS_READ')
  componentChanged(
    @Root() change: LiveChange,
    @Arg('organizationId', () => ID, { description: 'Whose components.' }) _organizationId: string,
    @Arg('componentId', () => ID, { nullable: true, description: 'Only this one.' }) _componentId: string | null,
  ) {
    return change
  }

  @FieldResolver(() => Component, { nullable: true, description: 'It as it is now; null where it is gone.' })
  component(@Root() { id, change }: LiveChange, @Ctx() context: Context) {
    return change === 'DELETED' ? null : componentLoader(context).load(id)
  }
}
