import { Arg, Ctx, FieldResolver, ID, Resolver, Root, Subscription } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import { followChanges, type LiveChange, type Topic } from '../changes/follow-changes.ts'
import type { Context } from '../context.ts'
import { awsRoleLoader } from './aws-role.loader.ts'
import { AwsRole, AwsRoleChange } from './aws-role.type.ts'

const awsRoles: Topic = {
  noun: 'AwsRole',
  argument: 'awsRoleId',
  load: (context, id) => awsRoleLoader(context).load(id),
}

@Resolver(() => AwsRoleChange)
export class AwsRoleSubscriptions {
  @Subscription(() => AwsRoleChange, {
    description:
      'AWS roles as they are found, change, are granted by other groups, go missing, come back and are forgotten. Being seen unchanged is no change.',
    subscribe: ({ args, context }) => followChanges(context, awsRoles, args.organizationId, args.awsRoleId),
  })
  @Requires('AWS_READ')
  awsRoleChanged(
    @Root() change: LiveChange,
    @Arg('organizationId', () => ID, { description: 'Whose roles.' }) _organizationId: string,
    @Arg('awsRoleId', () => ID, { nullable: true, description: 'Only this one.' }) _awsRoleId: string | null,
  ) {
    return change
  }

  @FieldResolver(() => AwsRole, { nullable: true, description: 'It as it is now; null where it is gone.' })
  awsRole(@Root() { id, change }: LiveChange, @Ctx() context: Context) {
    return change === 'DELETED' ? null : awsRoleLoader(context).load(id)
  }
}
