import { Arg, Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import { apiKeyLoader } from '../api-key/api-key.loader.ts'
import { ApiKey } from '../api-key/api-key.type.ts'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import { loadNode } from '../entity.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { Node } from '../platform/node.type.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { Where } from '../platform/pagination/page-source.ts'
import { type ActorColumns, type AuditEventRow, organizationAuditEvents } from './audit.loader.ts'
import { Actor, AuditEvent, AuditEventConnection, AuditEventFilter } from './audit.type.ts'

/** The actor of any row that keeps one. */
export const actorOf = ({ actorKind, actorSubject, actorLabel }: ActorColumns) => ({
  kind: actorKind,
  subject: actorSubject,
  label: actorLabel,
})

@Resolver(() => Actor)
export class ActorResolver {
  @FieldResolver(() => ApiKey, { nullable: true, description: 'The key, where it was one and is still there.' })
  @Requires('API_KEYS_READ')
  apiKey(@Root() actor: ReturnType<typeof actorOf>, @Ctx() context: Context) {
    return actor.kind === 'API_KEY' ? apiKeyLoader(context).load(actor.subject) : null
  }
}

@Resolver(() => AuditEvent)
export class AuditEventResolver {
  @FieldResolver(() => Organization, { description: 'Where it happened.' })
  organization(@Root() event: AuditEventRow, @Ctx() context: Context) {
    return organizationLoader(context).load(event.organizationId)
  }

  @FieldResolver(() => Actor, { description: 'Who did it.' })
  actor(@Root() event: AuditEventRow) {
    return actorOf(event)
  }

  @FieldResolver(() => Node, { nullable: true, description: 'What it was about, if it is still there and the caller may see it.' })
  subject(@Root() { subjectId }: AuditEventRow, @Ctx() context: Context) {
    return subjectId ? loadNode(context, subjectId) : null
  }
}

@Resolver(() => Organization)
export class OrganizationAuditResolver {
  @FieldResolver(() => AuditEventConnection, { nullable: true, description: 'Its audit trail, newest first.' })
  @Requires('AUDIT_READ')
  auditEvents(
    @Root() { id }: OrganizationRow,
    @Arg('filter', () => AuditEventFilter, { nullable: true, description: 'Which ones.' }) filter: AuditEventFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: Context,
  ) {
    const where = new Where()
      .add('e."action" = ?', filter?.action)
      .addSelective('e."subjectId" = any(?::text[])', filter?.subjectIds)
      .add('e."actorSubject" = ?', filter?.actorSubject)
      .add('e."at" >= ?::timestamptz', filter?.since)
      .add('e."at" < ?::timestamptz', filter?.until)
    return loadPage(context, organizationAuditEvents, [id], page, { order: 'TIME', descending: true, where })
  }
}
