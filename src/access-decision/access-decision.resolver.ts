import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import { permissionGroup } from '../permission-group/permission-group.ts'
import { PermissionGroup } from '../permission-group/permission-group.type.ts'
import { topLevelError } from '../platform/errors.ts'
import { resourceGroupLoader } from '../resource-group/resource-group.loader.ts'
import { ResourceGroup } from '../resource-group/resource-group.type.ts'
import { policyLoader } from '../user-group/policy.loader.ts'
import { Policy } from '../user-group/policy.type.ts'
import { userGroupLoader } from '../user-group/user-group.loader.ts'
import { UserGroup } from '../user-group/user-group.type.ts'
import { decideAccess } from './access-decision.service.ts'
import { AccessDecision, AccessQuestion, PolicyMatch } from './access-decision.type.ts'
import type { Match } from './decide.ts'

const maxQuestions = 200

@Resolver()
export class AccessDecisionResolver {
  @Query(() => AccessDecision, { nullable: true, description: 'Whether a member may do something to something, and why.' })
  @Requires('USER_GROUPS_READ')
  accessDecision(
    @Arg('question', () => AccessQuestion, { description: 'What is asked.' }) question: AccessQuestion,
    @Ctx() context: Context,
  ) {
    return decideAccess(context, question)
  }

  @Query(() => [AccessDecision], {
    nullable: 'items',
    description: 'Up to 200 decisions at once, in the order of the questions; null with an error at its place for what is no question.',
  })
  @Requires('USER_GROUPS_READ')
  accessDecisions(
    @Arg('questions', () => [AccessQuestion], { description: 'What is asked, at most 200 questions.' }) questions: AccessQuestion[],
    @Ctx() context: Context,
  ) {
    if (questions.length > maxQuestions)
      throw topLevelError.badInput(`questions must have at most ${maxQuestions} items; it has ${questions.length}.`, 'questions')
    return Promise.all(questions.map((question) => decideAccess(context, question).catch((error: Error) => error)))
  }
}

@Resolver(() => PolicyMatch)
export class PolicyMatchResolver {
  @FieldResolver(() => UserGroup, { description: 'The group of the member that it comes by.' })
  userGroup(@Root() { userGroupId }: Match, @Ctx() context: Context) {
    return userGroupLoader(context).load(userGroupId)
  }

  @FieldResolver(() => Policy, { nullable: true, description: 'The policy of the group; null for a role mapping.' })
  policy(@Root() { policyId }: Match, @Ctx() context: Context) {
    return policyId === null ? null : policyLoader(context).load(policyId)
  }

  @FieldResolver(() => PermissionGroup, { nullable: true, description: 'The permission group of the policy; null for a role mapping.' })
  permissionGroup(@Root() { permissionGroupId }: Match) {
    return permissionGroupId === null ? null : permissionGroup(permissionGroupId)
  }

  @FieldResolver(() => ResourceGroup, { nullable: true, description: 'The resource group of the policy; null for a role mapping.' })
  resourceGroup(@Root() { resourceGroupId }: Match, @Ctx() context: Context) {
    return resourceGroupId === null ? null : resourceGroupLoader(context).load(resourceGroupId)
  }
}
