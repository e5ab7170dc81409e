import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import { issueToken } from '../auth/api-key-token.ts'
import type { Context } from '../context.ts'
import { lineUp, requireOrganization } from '../organization/organization.service.ts'
import { Checks } from '../platform/check.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { type ConnectorRow, connectorColumns, connectorLoader } from './connector.loader.ts'

const paths = { organizationId: ['input', 'organizationId'], id: ['input', 'id'], name: ['input', 'name'] }

/** Makes a connector and the key of its agent, which is told this once. */
export async function registerConnector(
  context: Context,
  { organizationId, name }: { organizationId: string; name: string },
): Promise<{ connector: ConnectorRow; secret: string }> {
  await requireOrganization(context, organizationId, paths.organizationId)
  refuseIfAny(checkName(name))
  const registered = await transaction(context.db.pool, async (tx) => {
    await lineUp(tx, organizationId, paths.organizationId)
    await assertFree(tx, organizationId, name, null)
    await assertBelowQuota(tx, context, organizationId)
    const { keyId, secret } = await insertKey(tx, organizationId, name)
    const { rows } = await tx.query<ConnectorRow>(
      `insert into "Connector" as n ("id", "organizationId", "name", "apiKeyId") values ($1, $2, $3, $4) returning ${connectorColumns}`,
      [newId('conn'), organizationId, name, keyId],
    )
    const connector = rows[0]!
    await recordEvents(tx, context, [
      { organizationId, action: 'connector.register', subjectId: connector.id, after: { name, apiKeyId: keyId } },
    ])
    return { connector, secret }
  })
  context.loaders.clear()
  return registered
}

/** Gives a connector's agent a new key; the old one ends at once. */
export async function rotateConnectorSecret(context: Context, id: string): Promise<{ connector: ConnectorRow; secret: string }> {
  const { organizationId } = await requireConnector(context, id)
  const rotated = await transaction(context.db.pool, async (tx) => {
    const before = await lockConnector(tx, organizationId, id)
    await revokeKey(tx, before)
    const { keyId, secret } = await insertKey(tx, organizationId, before.name)
    const connector = await update(tx, before, '"apiKeyId" = $3', keyId)
    await recordEvents(tx, context, [
      {
        organizationId,
        action: 'connector.rotate',
        subjectId: id,
        before: { apiKeyId: before.apiKeyId },
        after: { apiKeyId: keyId },
      },
    ])
    return { connector, secret }
  })
  context.loaders.clear()
  return rotated
}

/** Gives a connector another name. */
export async function updateConnector(
  context: Context,
  { id, name, expectedVersion }: { id: string; name: string; expectedVersion?: number | null },
): Promise<ConnectorRow> {
  const { organizationId } = await requireConnector(context, id)
  refuseIfAny(checkName(name))
  const updated = await transaction(context.db.pool, async (tx) => {
    const before = await lockConnector(tx, organizationId, id, expectedVersion)
    if (before.name === name) return before
    await assertFree(tx, organizationId, name, id)
    const connector = await update(tx, before, '"name" = $3', name)
    await recordEvents(tx, context, [
      { organizationId, action: 'connector.update', subjectId: id, before: { name: before.name }, after: { name } },
    ])
    return connector
  })
  context.loaders.clear()
  return updated
}

export interface ConnectorRemoval {
  deletedIds: string[]
  alreadyAbsent: boolean
  organizationId: string | null
}

/** Forgets a connector and ends its key. Its integrations stay as they are, without a connector. What is gone already is no error. */
export async function deleteConnector(
  context: Context,
  { id, expectedVersion }: { id: string; expectedVersion?: number | null },
): Promise<ConnectorRemoval> {
  const found = await connectorLoader(context).load(id)
  if (!found) return { deletedIds: [], alreadyAbsent: true, organizationId: null }
  const { organizationId } = found
  const isDeleted = await transaction(context.db.pool, async (tx) => {
    await lineUp(tx, organizationId, paths.id)
    const present = await tx.query('select 1 from "Connector" where "organizationId" = $1 and "id" = $2', [organizationId, id])
    if (present.rowCount === 0) return false
    const before = await lockConnector(tx, organizationId, id, expectedVersion)
    await tx.query(
      `update "Integration" set "connectorId" = null, "statusMessage" = 'Its connector was deleted: give it another one.', "version" = "version" + 1,
         "updatedAt" = now() where "organizationId" = $1 and "connectorId" = $2`,
      [organizationId, id],
    )
    await revokeKey(tx, before)
    await tx.query('delete from "Connector" where "organizationId" = $1 and "id" = $2', [organizationId, id])
    await recordEvents(tx, context, [{ organizationId, action: 'connector.delete', subjectId: id, before: { name: before.name } }])
    return true
  })
  context.loaders.clear()
  return { deletedIds: isDeleted ? [id] : [], alreadyAbsent: !isDeleted, organizationId }
}

const checkName = (name: string) => new Checks('input').text('name', name, { min: 1, max: 200 }).errors

async function requireConnector(context: Context, id: string): Promise<ConnectorRow> {
  const connector = await connectorLoader(context).load(id)
  if (!connector) throw new Refusal(userError.notFound(paths.id, 'connector'))
  return connector
}

/** The connector as it is now, with its organization's row locked before its own. */
async function lockConnector(tx: PoolClient, organizationId: string, id: string, expectedVersion?: number | null): Promise<ConnectorRow> {
  await lineUp(tx, organizationId, paths.id)
  const { rows } = await tx.query<ConnectorRow>(
    `select ${connectorColumns} from "Connector" n where n."organizationId" = $1 and n."id" = $2 for no key update`,
    [organizationId, id],
  )
  const [found] = rows
  if (!found) throw new Refusal(userError.notFound(paths.id, 'connector'))
  if (expectedVersion != null && expectedVersion !== found.version)
    throw new Refusal(userError.conflict(['input', 'expectedVersion'], found.version))
  return found
}

async function update(tx: PoolClient, { organizationId, id }: ConnectorRow, set: string, value: string): Promise<ConnectorRow> {
  const { rows } = await tx.query<ConnectorRow>(
    `update "Connector" n set ${set}, "version" = n."version" + 1, "updatedAt" = now() where n."organizationId" = $1 and n."id" = $2
     returning ${connectorColumns}`,
    [organizationId, id, value],
  )
  return rows[0]!
}

async function assertFree(tx: PoolClient, organizationId: string, name: string, ownId: string | null): Promise<void> {
  const { rows } = await tx.query<ConnectorRow>(
    `select ${connectorColumns} from "Connector" n where n."organizationId" = $1 and n."name" = $2`,
    [organizationId, name],
  )
  const [existing] = rows
  if (existing && existing.id !== ownId)
    throw new Refusal(userError.duplicate(paths.name, 'The organization has a connector of this name already.', existing))
}

async function assertBelowQuota(tx: PoolClient, context: Context, organizationId: string): Promise<void> {
  const limit = context.config.quotas.connectors
  const { rows } = await tx.query<{ count: number }>('select count(*)::int as "count" from "Connector" where "organizationId" = $1', [
    organizationId,
  ])
  if ((rows[0]?.count ?? 0) < limit) return
  const message = `The organization has ${limit} connectors, as many as it may have. Delete one first.`
  throw new Refusal(userError.quota(['input'], message, limit))
}

/** A key that can do nothing but report. */
async function insertKey(tx: PoolClient, organizationId: string, name: string): Promise<{ keyId: string; secret: string }> {
  const keyId = newId('key')
  const { token, prefix, secretHash } = issueToken(keyId)
  await tx.query(
    `insert into "ApiKey" ("id", "organizationId", "name", "prefix", "secretHash", "scopes") values ($1, $2, $3, $4, $5, $6)`,
    [keyId, organizationId, name, prefix, Buffer.from(secretHash), ['CONNECTOR']],
  )
  return { keyId, secret: token }
}

async function revokeKey(tx: PoolClient, { organizationId, apiKeyId }: ConnectorRow): Promise<void> {
  await tx.query('update "ApiKey" set "revokedAt" = now() where "organizationId" = $1 and "id" = $2 and "revokedAt" is null', [
    organizationId,
    apiKeyId,
  ])
}
