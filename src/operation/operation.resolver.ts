import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql'
import { actorOf } from '../audit/audit.resolver.ts'
import { Actor } from '../audit/audit.type.ts'
import { RequiresAny } from '../auth/requires.ts'
import { Scope } from '../auth/scope.ts'
import type { Context } from '../context.ts'
import { loadNode } from '../entity.ts'
import type { IntegrationRow } from '../integration/integration.loader.ts'
import { Integration } from '../integration/integration.type.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { payload } from '../platform/errors.ts'
import { BulkSummary, Node } from '../platform/node.type.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { Where } from '../platform/pagination/page-source.ts'
import {
  type OperationResultRow,
  type OperationRow,
  operationLoader,
  operationResults,
  operationScopes,
  organizationOperations,
  readableKinds,
  subjectOperations,
} from './operation.loader.ts'
import { cancelOperation } from './operation.service.ts'
import {
  BackgroundOperation,
  BackgroundOperationConnection,
  BackgroundOperationFilter,
  BackgroundOperationPayload,
  BackgroundOperationResult,
  BackgroundOperationResultConnection,
  CancelOperationInput,
  Progress,
} from './operation.type.ts'

@Resolver(() => BackgroundOperation)
export class BackgroundOperationResolver {
  @Query(() => BackgroundOperation, { nullable: true, description: 'A background operation by id.' })
  @RequiresAny(...operationScopes)
  operation(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: Context) {
    return operationLoader(context).load(id)
  }

  @FieldResolver(() => Organization, { description: 'Whose operation it is.' })
  organization(@Root() operation: OperationRow, @Ctx() context: Context) {
    return organizationLoader(context).load(operation.organizationId)
  }

  @FieldResolver(() => Node, { nullable: true, description: 'What it is about, if it is still there.' })
  subject(@Root() { subjectId }: OperationRow, @Ctx() context: Context) {
    return subjectId ? loadNode(context, subjectId) : null
  }

  @FieldResolver(() => Actor, { description: 'Who asked for it.' })
  actor(@Root() operation: OperationRow) {
    return actorOf(operation)
  }

  @FieldResolver(() => Progress, { description: 'How far it has come.' })
  progress(@Root() { done, total }: OperationRow) {
    return { done, total }
  }

  @FieldResolver(() => BulkSummary, { nullable: true, description: 'How it went, once it has ended.' })
  summary(@Root() { finishedAt, done, total, succeeded, failed }: OperationRow) {
    return finishedAt && { total: total ?? done, succeeded, failed }
  }

  @FieldResolver(() => BackgroundOperationResultConnection, {
    nullable: true,
    description: 'How each item fared so far, in the order the items were given.',
  })
  @RequiresAny(...operationScopes)
  results(
    @Root() { organizationId, id }: OperationRow,
    @Arg('succeeded', () => Boolean, { nullable: true, description: 'Only those that succeeded, or that did not.' }) succeeded:
      | boolean
      | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    return loadPage(context, operationResults, [organizationId, id], page, {
      order: 'ORDINAL',
      where: new Where().add('r."succeeded" = ?', succeeded),
    })
  }

  @Mutation(() => BackgroundOperationPayload, { description: 'Cancels an operation that has not ended. What was done stays done.' })
  @RequiresAny(Scope.COMPONENTS_WRITE, Scope.INTEGRATIONS_WRITE, Scope.AWS_WRITE)
  cancelOperation(
    @Arg('input', () => CancelOperationInput, { description: 'Which one.' }) input: CancelOperationInput,
    @Ctx() context: Context,
  ) {
    const none: { operation: OperationRow | null } = { operation: null }
    return payload(none, async () => ({ operation: await cancelOperation(context, input.id) }))
  }
}

@Resolver(() => BackgroundOperationResult)
export class BackgroundOperationResultResolver {
  @FieldResolver(() => Node, { nullable: true, description: 'The item, if it is still there.' })
  subject(@Root() { subjectId }: OperationResultRow, @Ctx() context: Context) {
    return subjectId ? loadNode(context, subjectId) : null
  }
}

@Resolver(() => Organization)
export class OrganizationOperationsResolver {
  @FieldResolver(() => BackgroundOperationConnection, {
    nullable: true,
    description: 'Its background operations, newest first; those of the kinds the caller may read.',
  })
  @RequiresAny(...operationScopes)
  operations(
    @Root() { id }: OrganizationRow,
    @Arg('filter', () => BackgroundOperationFilter, { nullable: true, description: 'Which ones.' })
    filter: BackgroundOperationFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    const where = readable(context)
      .addSelective('o."kind" = any(?::"BackgroundOperationKind"[])', filter?.kinds)
      .addSelective('o."status" = any(?::"BackgroundOperationStatus"[])', filter?.statuses)
      .addSelective('o."subjectId" = any(?::text[])', filter?.subjectIds)
    return loadPage(context, organizationOperations, [id], page, { order: 'TIME', descending: true, where })
  }
}

@Resolver(() => Integration)
export class IntegrationOperationsResolver {
  @FieldResolver(() => BackgroundOperationConnection, { nullable: true, description: 'Its background operations, newest first.' })
  @RequiresAny(...operationScopes)
  operations(@Root() { organizationId, id }: IntegrationRow, @Args(() => PageArgs) page: PageArgs, @Ctx() context: Context) {
    return loadPage(context, subjectOperations, [organizationId, id], page, { order: 'TIME', descending: true, where: readable(context) })
  }
}

const readable = (context: Context) => new Where().add('o."kind" = any(?::"BackgroundOperationKind"[])', readableKinds(context))
