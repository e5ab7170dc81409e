import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import { assertMeets } from '../auth/viewer.ts'
import type { Context } from '../context.ts'
import { lineUp, requireOrganization } from '../organization/organization.service.ts'
import { assertQuota } from '../organization/quota.ts'
import { Checks } from '../platform/check.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { endMemberships } from '../user-group/membership.loader.ts'
import { emailProblem, foldEmail } from './email.ts'
import { type MemberRow, memberColumns, memberLoader, ownMemberLoader } from './member.loader.ts'

const maxInvitations = 500

/** Makes a PENDING member of each new address, all or none. Who is there already stays as they are. The answer is in the order of the addresses. */
export async function inviteMembers(
  context: Context,
  { organizationId, emails: given }: { organizationId: string; emails: string[] },
): Promise<MemberRow[]> {
  await requireOrganization(context, organizationId, ['input', 'organizationId'])
  const emails = readEmails(given)
  const members = await transaction(context.db.pool, async (tx) => {
    await lineUp(tx, organizationId, ['input', 'organizationId'])
    // Held until the end: who is answered with as being there is not removed meanwhile.
    const { rows: present } = await tx.query<MemberRow>(
      `select ${memberColumns} from "Member" m where m."organizationId" = $1 and m."email" = any($2::text[]) for key share`,
      [organizationId, emails],
    )
    const known = new Set(present.map(({ email }) => email))
    const fresh = emails.filter((email) => !known.has(email))
    if (fresh.length > 0) {
      const limit = context.config.quotas.members
      await assertQuota(tx, { organizationId, table: 'Member', noun: 'members', limit, more: fresh.length, path: ['input', 'emails'] })
    }
    const invited = await insertMembers(tx, organizationId, fresh)
    await recordEvents(
      tx,
      context,
      invited.map(({ id, email }) => ({ organizationId, action: 'member.invite', subjectId: id, after: { email, status: 'PENDING' } })),
    )
    const byEmail = new Map([...present, ...invited].map((member) => [member.email, member]))
    return emails.flatMap((email) => byEmail.get(email) ?? [])
  })
  context.loaders.clear()
  return members
}

/** A PENDING member becomes ACCEPTED; accepting again changes nothing. A person accepts only for the address they have proved. */
export async function acceptMember(context: Context, id: string): Promise<MemberRow> {
  const isPerson = context.viewer.kind === 'USER'
  if (!isPerson) assertMeets(context.viewer, { scopes: ['USER_GROUPS_WRITE'] })
  const member = await (isPerson ? ownMemberLoader(context) : memberLoader(context)).load(id)
  if (!member) throw new Refusal(userError.notFound(['input', 'id'], 'member'))
  const { organizationId } = member
  const accepted = await transaction(context.db.pool, async (tx) => {
    // Of two that accept at once, the second finds the member accepted and changes nothing.
    const { rows } = await tx.query<MemberRow>(
      `update "Member" m set "status" = 'ACCEPTED', "version" = m."version" + 1
       where m."organizationId" = $1 and m."id" = $2 and m."status" = 'PENDING' returning ${memberColumns}`,
      [organizationId, id],
    )
    if (!rows[0]) return null
    await recordEvents(tx, context, [
      { organizationId, action: 'member.accept', subjectId: id, before: { status: 'PENDING' }, after: { status: 'ACCEPTED' } },
    ])
    return rows[0]
  })
  if (accepted) {
    context.loaders.clear()
    return accepted
  }
  const { rows } = await context.db.pool.query<MemberRow>(
    `select ${memberColumns} from "Member" m where m."organizationId" = $1 and m."id" = $2`,
    [organizationId, id],
  )
  if (!rows[0]) throw new Refusal(userError.notFound(['input', 'id'], 'member'))
  return rows[0]
}

/** Removes a member with their memberships. Who is gone already is no error. */
export async function removeMember(
  context: Context,
  { id, expectedVersion }: { id: string; expectedVersion?: number | null },
): Promise<{ deletedIds: string[]; alreadyAbsent: boolean; organizationId: string | null }> {
  const member = await memberLoader(context).load(id)
  if (!member) return { deletedIds: [], alreadyAbsent: true, organizationId: null }
  const { organizationId } = member
  const isRemoved = await transaction(context.db.pool, async (tx) => {
    const { rows } = await tx.query<Pick<MemberRow, 'version' | 'email' | 'status'>>(
      'select "version", "email", "status" from "Member" where "organizationId" = $1 and "id" = $2 for update',
      [organizationId, id],
    )
    const [found] = rows
    if (!found) return false
    if (expectedVersion != null && expectedVersion !== found.version) {
      throw new Refusal(userError.conflict(['input', 'expectedVersion'], found.version))
    }
    const userGroupIds = await endMemberships(tx, organizationId, id)
    await tx.query('delete from "Member" where "organizationId" = $1 and "id" = $2', [organizationId, id])
    await recordEvents(tx, context, [
      { organizationId, action: 'member.remove', subjectId: id, before: { email: found.email, status: found.status, userGroupIds } },
    ])
    return true
  })
  context.loaders.clear()
  return { deletedIds: isRemoved ? [id] : [], alreadyAbsent: !isRemoved, organizationId }
}

async function insertMembers(tx: PoolClient, organizationId: string, emails: string[]): Promise<MemberRow[]> {
  if (emails.length === 0) return []
  const { rows } = await tx.query<MemberRow>(
    `insert into "Member" as m ("id", "organizationId", "email")
     select k."id", $1, k."email" from unnest($2::text[], $3::text[]) as k("id", "email") returning ${memberColumns}`,
    [organizationId, emails.map(() => newId('mem')), emails],
  )
  return rows
}

function readEmails(given: string[]): string[] {
  const checks = new Checks('input').size('emails', given, maxInvitations)
  refuseIfAny(checks.errors)
  const emails = given.map(foldEmail)
  emails.forEach((email, index) => {
    const problem = emailProblem(email)
    if (problem) checks.add(userError.validation(problem.code, ['input', 'emails', index], problem.message))
  })
  refuseIfAny(checks.errors)
  return [...new Set(emails)]
}
