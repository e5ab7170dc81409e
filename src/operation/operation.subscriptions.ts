import { Arg, Ctx, FieldResolver, ID, Resolver, Root, Subscription } from 'type-graphql'
import { RequiresAny } from '../auth/requires.ts'
import { followChanges, type LiveChange, type Topic } from '../changes/follow-changes.ts'
import type { Context } from '../context.ts'
import { operationLoader, operationScopes } from './operation.loader.ts'
import { BackgroundOperation, BackgroundOperationChange } from './operation.type.ts'

const operations: Topic = {
  noun: 'BackgroundOperation',
  argument: 'operationId',
  load: (context, id) => operationLoader(context).load(id),
  // Which kinds a caller may read depends on its scopes.
  isFiltered: true,
}

@Resolver(() => BackgroundOperationChange)
export class OperationSubscriptions {
  @Subscription(() => BackgroundOperationChange, {
    description: 'Background operations as they are asked for, go on and end; those of the kinds the caller may read.',
    subscribe: ({ args, context }) => followChanges(context, operations, args.organizationId, args.operationId),
  })
  @RequiresAny(...operationScopes)
  operationChanged(
    @Root() change: LiveChange,
    @Arg('organizationId', () => ID, { description: 'Whose operations.' }) _organizationId: string,
    @Arg('operationId', () => ID, { nullable: true, description: 'Only this one.' }) _operationId: string | null,
  ) {
    return change
  }

  @FieldResolver(() => BackgroundOperation, { nullable: true, description: 'It as it is now; null where it is gone.' })
  operation(@Root() { id, change }: LiveChange, @Ctx() context: Context) {
    return change === 'DELETED' ? null : operationLoader(context).load(id)
  }
}
