import type { ActorColumns } from '../audit/audit.loader.ts'
import { holds, type Scope } from '../auth/scope.ts'
import type { Context } from '../context.ts'
import type { BackgroundOperationKind, BackgroundOperationStatus } from '../generated/prisma/enums.ts'
import type { UserErrorValue } from '../platform/errors.ts'
import { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { rows, statement } from '../platform/statement.ts'

export interface OperationRow extends ActorColumns {
  id: string
  organizationId: string
  kind: BackgroundOperationKind
  status: BackgroundOperationStatus
  subjectId: string | null
  input: object
  done: number
  total: number | null
  succeeded: number
  failed: number
  statusMessage: string | null
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
}

export interface OperationResultRow {
  operationId: string
  ordinal: number
  subjectId: string | null
  succeeded: boolean
  errors: UserErrorValue[]
}

/** An operation is read with the scope of what it is about. */
const scopeOfKind: Record<BackgroundOperationKind, Scope> = {
  AWS_SYNC: 'AWS_READ',
  AWS_ROLE_REFRESH: 'AWS_READ',
  INTEGRATION_REFRESH: 'INTEGRATIONS_READ',
  COMPONENT_VERIFICATION: 'COMPONENTS_READ',
}

export const operationScopes: Scope[] = ['COMPONENTS_READ', 'INTEGRATIONS_READ', 'AWS_READ']

/** The kinds of operation that the viewer may read. */
export function readableKinds({ viewer }: Context): BackgroundOperationKind[] {
  return (Object.keys(scopeOfKind) as BackgroundOperationKind[]).filter((kind) => holds(viewer.scopes, scopeOfKind[kind]))
}

const columns = `o."id", o."organizationId", o."kind", o."status", o."subjectId", o."actorKind", o."actorSubject", o."actorLabel", o."input", o."done", o."total",
  o."succeeded", o."failed", o."statusMessage", o."createdAt", o."startedAt", o."finishedAt"`

const byIds = statement(
  'operation_by_ids',
  `select ${columns} from "BackgroundOperation" o where o."id" = any($1::text[]) and ($2::text[] is null or o."organizationId" = any($2))
   and o."kind" = any($3::text[]::"BackgroundOperationKind"[])`,
)

export function operationLoader(context: Context): RowLoader<OperationRow> {
  const { db, viewer, loaders } = context
  return loaders.get(
    'operation',
    () =>
      new RowLoader<OperationRow>(
        (ids) => rows(db.pool, byIds, [ids, viewer.organizationIds, readableKinds(context)]),
        ({ id }) => id,
      ),
  )
}

const byTime = { TIME: [{ sql: 'o."id"', type: 'text' as const, key: ({ id }: OperationRow) => id }] }

export const organizationOperations: PageSource<OperationRow> = {
  name: 'organization.operations',
  columns,
  from: '"BackgroundOperation" o',
  parentColumns: ['o."organizationId"'],
  orders: byTime,
}

export const subjectOperations: PageSource<OperationRow> = {
  ...organizationOperations,
  name: 'operations',
  parentColumns: ['o."organizationId"', 'o."subjectId"'],
}

export const operationResults: PageSource<OperationResultRow> = {
  name: 'operation.results',
  columns: 'r."operationId", r."ordinal", r."subjectId", r."succeeded", r."errors"',
  from: '"BackgroundOperationResult" r',
  parentColumns: ['r."organizationId"', 'r."operationId"'],
  orders: { ORDINAL: [{ sql: 'r."ordinal"', type: 'int', key: ({ ordinal }) => String(ordinal) }] },
}
