import { auditEvent } from '../audit/audit.ts'
import { issueToken } from '../auth/api-key-token.ts'
import { holds, type Scope } from '../auth/scope.ts'
import type { Viewer } from '../auth/viewer.ts'
import type { Context } from '../context.ts'
import { requireOrganization } from '../organization/organization.service.ts'
import { Checks } from '../platform/check.ts'
import { Refusal, refuseIfAny, topLevelError, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { type ApiKeyRow, apiKeyLoader } from './api-key.loader.ts'

export interface NewApiKey {
  organizationId: string
  name: string
  scopes: Scope[]
  expiresAt?: Date | null
  /** Not offered by the graph: for the playground's own key. */
  isLoopbackOnly?: boolean
}

/** Makes a key and returns it with its secret, for this once. */
export async function createApiKey(context: Context, input: NewApiKey): Promise<{ apiKey: ApiKeyRow; secret: string }> {
  await requireOrganization(context, input.organizationId, ['input', 'organizationId'])
  const checks = new Checks('input').text('name', input.name, { min: 1, max: 200 }).size('scopes', input.scopes, 50)
  if (new Set(input.scopes).size < input.scopes.length) {
    checks.add(userError.validation('VALUE_DUPLICATE', ['input', 'scopes'], 'scopes must not name a scope twice.'))
  }
  const connector = input.scopes.indexOf('CONNECTOR')
  if (connector >= 0) {
    checks.add(
      userError.validation(
        'INVALID_VALUE',
        ['input', 'scopes', connector],
        'CONNECTOR belongs to connector agents and is not given to keys.',
      ),
    )
  }
  if (input.expiresAt && input.expiresAt.getTime() <= Date.now()) {
    checks.add(userError.validation('INVALID_VALUE', ['input', 'expiresAt'], 'expiresAt must be in the future.'))
  }
  refuseIfAny(checks.errors)
  assertHolds(context.viewer, input.scopes)
  return context.db.prisma.$transaction(async (tx) => {
    // The organization's row is the queue at which makers of keys line up: a quota counted without it could be passed by two at once.
    await tx.$executeRaw`select 1 from "Organization" where "id" = ${input.organizationId} for update`
    const limit = context.config.quotas.apiKeys
    if ((await tx.apiKey.count({ where: { organizationId: input.organizationId, revokedAt: null, connector: null } })) >= limit) {
      throw new Refusal(userError.quota(['input'], `The organization has ${limit} keys, as many as it may have. Revoke one first.`, limit))
    }
    const id = newId('key')
    const { token, ...stored } = issueToken(id)
    const { organizationId, name, scopes, isLoopbackOnly = false } = input
    const apiKey = await tx.apiKey.create({
      data: { id, organizationId, name, scopes, isLoopbackOnly, expiresAt: input.expiresAt ?? null, ...stored },
      omit: { secretHash: true },
    })
    await tx.auditEvent.create({
      data: auditEvent(context, {
        organizationId,
        action: 'apiKey.create',
        subjectId: id,
        after: { name, scopes, expiresAt: apiKey.expiresAt },
      }),
    })
    return { apiKey: apiKey as ApiKeyRow, secret: token }
  })
}

/** Gives a key a new secret; the old one ends at once. */
export async function rotateApiKey(context: Context, id: string): Promise<{ apiKey: ApiKeyRow; secret: string }> {
  const key = await requireApiKey(context, id)
  assertHolds(context.viewer, key.scopes)
  const { token, ...stored } = issueToken(id)
  const apiKey = await context.db.prisma.$transaction(async (tx) => {
    const [rotated] = await tx.apiKey.updateManyAndReturn({
      where: { id, organizationId: key.organizationId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] },
      data: stored,
      omit: { secretHash: true },
    })
    if (!rotated) {
      throw new Refusal(
        userError.precondition(['input', 'id'], 'This key has expired or was revoked.', 'Make a new key with createApiKey.'),
      )
    }
    await tx.auditEvent.create({
      data: auditEvent(context, { organizationId: key.organizationId, action: 'apiKey.rotate', subjectId: id }),
    })
    return rotated as ApiKeyRow
  })
  context.loaders.clear()
  return { apiKey, secret: token }
}

/** Ends a key at once. Revoking a revoked key changes nothing. */
export async function revokeApiKey(context: Context, id: string): Promise<ApiKeyRow> {
  const key = await requireApiKey(context, id)
  const apiKey = await context.db.prisma.$transaction(async (tx) => {
    const [revoked] = await tx.apiKey.updateManyAndReturn({
      where: { id, organizationId: key.organizationId, revokedAt: null },
      data: { revokedAt: new Date() },
      omit: { secretHash: true },
    })
    if (!revoked) return null
    await tx.auditEvent.create({
      data: auditEvent(context, { organizationId: key.organizationId, action: 'apiKey.revoke', subjectId: id }),
    })
    return revoked as ApiKeyRow
  })
  context.loaders.clear()
  return apiKey ?? requireApiKey(context, id)
}

async function requireApiKey(context: Context, id: string): Promise<ApiKeyRow> {
  const key = await apiKeyLoader(context).load(id)
  if (!key) throw new Refusal(userError.notFound(['input', 'id'], 'API key'))
  return key
}

/** A caller never grants more than it holds. */
function assertHolds(viewer: Viewer, scopes: readonly Scope[]): void {
  const missing = scopes.filter((scope) => !holds(viewer.scopes, scope))
  if (missing.length > 0)
    throw topLevelError.forbidden(`A key with ${missing.join(', ')} can be made only by a caller who holds it.`, missing)
}
