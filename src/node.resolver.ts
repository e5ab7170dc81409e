import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql'
import { RequiresSignIn } from './auth/requires.ts'
import type { Context } from './context.ts'
import { loadNode } from './entity.ts'
import { topLevelError } from './platform/errors.ts'
import { Node } from './platform/node.type.ts'

const maxIds = 200

@Resolver()
export class NodeResolver {
  @Query(() => Node, { nullable: true, description: 'Anything by its global id; null where there is nothing the caller may see.' })
  @RequiresSignIn()
  node(@Arg('id', () => ID, { description: 'A global id.' }) id: string, @Ctx() context: Context) {
    return loadNode(context, id)
  }

  @Query(() => [Node], { nullable: 'items', description: 'Up to 200 things by their global ids, in the same order, null for a miss.' })
  @RequiresSignIn()
  nodes(@Arg('ids', () => [ID], { description: 'Global ids, at most 200.' }) ids: string[], @Ctx() context: Context) {
    if (ids.length > maxIds) throw topLevelError.badInput(`ids must have at most ${maxIds} items; it has ${ids.length}.`, 'ids')
    // An error of one id (a missing scope) stands at its place and leaves the others.
    return Promise.all(ids.map((id) => loadNode(context, id).catch((error: Error) => error)))
  }
}
