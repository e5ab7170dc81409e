import type { Context } from '../context.ts'
import type { MemberStatus } from '../generated/prisma/enums.ts'
import { RowLoader } from '../platform/loader.ts'
import { type Asked, narrowed } from '../platform/pagination/asked-columns.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { type Queryable, rows, statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface MemberRow {
  id: string
  organizationId: string
  email: string
  status: MemberStatus
  version: number
  createdAt: Date
}

export const memberColumns = 'm."id", m."organizationId", m."email", m."status", m."version", m."createdAt"'

const byIds = statement(
  'member_by_ids',
  `select ${memberColumns} from "Member" m where m."id" = any($1::text[]) and ($2::text[] is null or m."organizationId" = any($2))`,
)
const byEmails = statement(
  'member_by_emails',
  `select ${memberColumns} from unnest($1::text[], $2::text[]) as k("organizationId", "email") join "Member" m using ("organizationId", "email")
   where ($3::text[] is null or m."organizationId" = any($3))`,
)
// A person is not in the organization before they have accepted: what lets them see this one row is the address they have proved.
const ownByIds = statement('member_own_by_ids', `select ${memberColumns} from "Member" m where m."id" = any($1::text[]) and m."email" = $2`)
const ownByOrganizations = statement(
  'member_own_by_organizations',
  `select ${memberColumns} from "Member" m where m."organizationId" = any($1::text[]) and m."email" = $2`,
)

const holdByIds = statement(
  'member_hold_by_ids',
  'select "id", "email" from "Member" where "organizationId" = $1 and "id" = any($2::text[]) for key share',
)

export function memberLoader(context: Context, asked: Asked = null): RowLoader<MemberRow> {
  return tenantLoader(context, `member|${asked ?? '*'}`, () => narrowed(byIds, memberColumns, asked), ['id'])
}

/** Members by `<organization id> <folded address>`. */
export function memberByEmailLoader(context: Context): RowLoader<MemberRow> {
  return tenantLoader(context, 'memberByEmail', byEmails, ['organizationId', 'email'])
}

/** The caller's own memberships by id, whether accepted yet or not. */
export function ownMemberLoader({ db, viewer, loaders }: Context): RowLoader<MemberRow> {
  return loaders.get(
    'ownMember',
    () =>
      new RowLoader<MemberRow>(
        (ids) => rows(db.pool, ownByIds, [ids, viewer.verifiedEmail]),
        ({ id }) => id,
      ),
  )
}

/** The caller's own memberships by organization, whether accepted yet or not. */
export function ownMemberByOrganizationLoader({ db, viewer, loaders }: Context): RowLoader<MemberRow> {
  return loaders.get(
    'ownMemberByOrganization',
    () =>
      new RowLoader<MemberRow>(
        (ids) => rows(db.pool, ownByOrganizations, [ids, viewer.verifiedEmail]),
        ({ organizationId }) => organizationId,
      ),
  )
}

/** Those of the ids that are members of the organization, none of them removed before the transaction ends. */
export function holdMembers(tx: Queryable, organizationId: string, ids: readonly string[]): Promise<{ id: string; email: string }[]> {
  return rows(tx, holdByIds, [organizationId, ids])
}

/** An organization's members; an address is unique in it, so the order needs no tie-break. */
export const organizationMembers: PageSource<MemberRow> = {
  name: 'organization.members',
  columns: memberColumns,
  from: '"Member" m',
  parentColumns: ['m."organizationId"'],
  orders: { EMAIL: [{ sql: 'm."email"', type: 'text', key: ({ email }) => email }] },
}
