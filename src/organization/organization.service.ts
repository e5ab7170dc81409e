import type { PoolClient } from 'pg'
import { actorColumns, auditEvent } from '../audit/audit.ts'
import { endSubscriptionsOf } from '../changes/end-of-organization.ts'
import type { Context } from '../context.ts'
import { Prisma } from '../generated/prisma/client.ts'
import { buryAwsIdentity } from '../identity/aws-identity.ts'
import { Checks } from '../platform/check.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { type OrganizationRow, organizationLoader } from './organization.loader.ts'

const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/
const slugRule = 'slug must be 1 to 40 lower-case letters, digits and hyphens, and must not begin or end with a hyphen.'

/** The organization if the viewer may see it; else a NotFoundError at `path`, the same for unknown and foreign ids. */
export async function requireOrganization(context: Context, id: string, path: (string | number)[]): Promise<OrganizationRow> {
  const found = await organizationLoader(context).load(id)
  if (!found) throw new Refusal(userError.notFound(path, 'organization'))
  return found
}

/**
 * Takes a place in the queue at the organization's row, to be held until the transaction ends: what a caller counts or looks for before it
 * writes (a quota, a taken name) stays true. Readers and writers of other things do not wait.
 */
export async function lineUp(tx: PoolClient, organizationId: string, path: (string | number)[]): Promise<void> {
  const { rowCount } = await tx.query('select 1 from "Organization" where "id" = $1 for no key update', [organizationId])
  if (rowCount === 0) throw new Refusal(userError.notFound(path, 'organization'))
}

export async function createOrganization(context: Context, input: { slug: string; name: string }): Promise<OrganizationRow> {
  refuseIfAny(checkFields(input).errors)
  try {
    return await context.db.prisma.$transaction(async (tx) => {
      const created = await tx.organization.create({ data: { id: newId('org'), slug: input.slug, name: input.name } })
      await tx.auditEvent.create({
        data: auditEvent(context, {
          organizationId: created.id,
          action: 'organization.create',
          subjectId: created.id,
          after: { slug: created.slug, name: created.name },
        }),
      })
      return created
    })
  } catch (error) {
    throw await slugTaken(context, error, input.slug)
  }
}

export interface OrganizationChanges {
  id: string
  name?: string | null
  slug?: string | null
  expectedVersion?: number | null
}

export async function updateOrganization(context: Context, input: OrganizationChanges): Promise<OrganizationRow> {
  // What came with the caller's key may be older than what came before this in the request.
  context.loaders.clear()
  const before = await requireOrganization(context, input.id, ['input', 'id'])
  refuseIfAny(checkFields(input).errors)
  const expected = input.expectedVersion ?? before.version
  const after = { slug: input.slug ?? before.slug, name: input.name ?? before.name }
  if (after.slug === before.slug && after.name === before.name && expected === before.version) return before
  try {
    return await context.db.prisma.$transaction(async (tx) => {
      // Conditional on the version: of two updates that read the same row, one wins and the other is told.
      const [updated] = await tx.organization.updateManyAndReturn({
        where: { id: before.id, version: expected },
        data: { ...after, version: { increment: 1 }, updatedAt: new Date() },
      })
      if (!updated) {
        const current = await tx.organization.findUnique({ where: { id: before.id }, select: { version: true } })
        throw new Refusal(
          current ? userError.conflict(['input', 'expectedVersion'], current.version) : userError.notFound(['input', 'id'], 'organization'),
        )
      }
      await tx.auditEvent.create({
        data: auditEvent(context, {
          organizationId: before.id,
          action: 'organization.update',
          subjectId: before.id,
          before: { slug: before.slug, name: before.name },
          after,
        }),
      })
      return updated
    })
  } catch (error) {
    throw await slugTaken(context, error, after.slug)
  } finally {
    context.loaders.clear()
  }
}

/** What the cascade from the organization's row would not do (a resource group that a policy uses refuses to go), or not in the time a statement has. */
const leavesFirst = [
  'PolicyResourceGroup',
  'Policy',
  'UserGroupMember',
  'Member',
  'ResourceGroupObject',
  'UserGroupAwsRole',
  'AwsAccountSync',
  'AwsRole',
  'Resource',
] as const
/** With what foreign keys look for behind each, well within the 4.5 s of a statement. */
const rowsAtOnce = 20_000

/** Everything the organization owns goes with it. What remains: an event of the platform, and its AWS identity's tombstone. */
export async function deleteOrganization(
  context: Context,
  input: { id: string; confirmSlug: string },
): Promise<{ deletedIds: string[]; alreadyAbsent: boolean }> {
  const known = await organizationLoader(context).load(input.id)
  if (!known) return { deletedIds: [], alreadyAbsent: true }
  const { id } = known
  try {
    return await transaction(context.db.pool, async (tx) => {
      const locked = await tx.query<{ slug: string; name: string }>(
        'select "slug", "name" from "Organization" where "id" = $1 for update',
        [id],
      )
      const [organization] = locked.rows
      if (!organization) return { deletedIds: [], alreadyAbsent: true }
      if (organization.slug !== input.confirmSlug) {
        throw new Refusal(
          userError.validation(
            'INVALID_VALUE',
            ['input', 'confirmSlug'],
            'confirmSlug is not the slug of this organization; nothing was deleted.',
          ),
        )
      }
      const owned = await tx.query<{ id: string }>(
        `select "id" from "Integration" where "organizationId" = $1 union all select "id" from "Component" where "organizationId" = $1
         union all select "id" from "AwsAccount" where "organizationId" = $1 union all select "id" from "ApiKey" where "organizationId" = $1
         union all select "id" from "AwsCredential" where "organizationId" = $1
         union all select "id" from "AwsRole" where "organizationId" = $1
         union all select "id" from "Member" where "organizationId" = $1 union all select "id" from "UserGroup" where "organizationId" = $1
         union all select "id" from "Policy" where "organizationId" = $1 union all select "id" from "ResourceGroup" where "organizationId" = $1
         union all select "id" from "SsoConnector" where "organizationId" = $1
         union all select "id" from "Connector" where "organizationId" = $1`,
        [id],
      )
      for (const table of leavesFirst) await emptyOf(tx, table, id)
      await buryAwsIdentity(tx, id)
      const actor = actorColumns(context)
      await tx.query(
        `insert into "PlatformAuditEvent" ("id", "actorKind", "actorSubject", "actorLabel", "action", "organizationId", "before", "requestId")
         values ($1, $2, $3, $4, 'organization.delete', $5, $6, $7)`,
        [
          newId('aud'),
          actor.actorKind,
          actor.actorSubject,
          actor.actorLabel,
          id,
          JSON.stringify({ slug: organization.slug, name: organization.name }),
          context.requestId,
        ],
      )
      await tx.query('delete from "Organization" where "id" = $1', [id])
      await endSubscriptionsOf(tx, id)
      return { deletedIds: [id, ...owned.rows.map((row) => row.id)], alreadyAbsent: false }
    })
  } finally {
    context.loaders.clear()
  }
}

async function emptyOf(tx: PoolClient, table: (typeof leavesFirst)[number], organizationId: string): Promise<void> {
  const text = `delete from "${table}" where ctid = any(array(select ctid from "${table}" where "organizationId" = $1 limit ${rowsAtOnce}))`
  let deleted = rowsAtOnce
  while (deleted === rowsAtOnce) deleted = (await tx.query(text, [organizationId])).rowCount ?? 0
}

function checkFields({ slug, name }: { slug?: string | null; name?: string | null }): Checks {
  return new Checks('input').matches('slug', slug, slugPattern, slugRule).text('name', name, { min: 1, max: 200 })
}

/** A taken slug, told without saying whose it is: `existing` is given only where the viewer may see it. */
async function slugTaken(context: Context, error: unknown, slug: string): Promise<unknown> {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError) || error.code !== 'P2002') return error
  const { viewer, db } = context
  const existing = viewer.organizationIds === null ? await db.prisma.organization.findUnique({ where: { slug } }) : null
  return new Refusal(userError.duplicate(['input', 'slug'], `The slug ${slug} is taken. Choose another.`, existing))
}
