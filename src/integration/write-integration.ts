import type { PoolClient } from 'pg'
import type { Context } from '../context.ts'
import { Refusal, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import type { IntegrationFields, NewIntegration } from './check-integration.ts'
import { type IntegrationRow, integrationColumns, integrationLoader } from './integration.loader.ts'
import { storeSecret } from './secret-store.ts'

export interface IntegrationReference {
  id: string
  expectedVersion?: number | null
}

const paths = { id: ['input', 'id'], expectedVersion: ['input', 'expectedVersion'] }

/** The integration if the viewer may see it, at the version expected; else a refusal. */
export async function requireIntegration(context: Context, { id, expectedVersion }: IntegrationReference): Promise<IntegrationRow> {
  const integration = await integrationLoader(context).load(id)
  if (!integration) throw new Refusal(userError.notFound(paths.id, 'integration'))
  assertVersion(integration, expectedVersion)
  return integration
}

function assertVersion({ version }: IntegrationRow, expectedVersion: number | null | undefined): void {
  if (expectedVersion != null && expectedVersion !== version) throw new Refusal(userError.conflict(paths.expectedVersion, version))
}

/** The integration's row, locked, as it is now and at the version expected. 'update' waits for reports under way, and they for it. */
export async function lockIntegration(
  tx: PoolClient,
  { organizationId, id }: { organizationId: string; id: string },
  expectedVersion?: number | null,
  mode: 'no key update' | 'update' = 'no key update',
): Promise<IntegrationRow> {
  const { rows } = await tx.query<IntegrationRow>(
    `select ${integrationColumns} from "Integration" i where i."organizationId" = $1 and i."id" = $2 for ${mode}`,
    [organizationId, id],
  )
  const [found] = rows
  if (!found) throw new Refusal(userError.notFound(paths.id, 'integration'))
  assertVersion(found, expectedVersion)
  return found
}

/** Writes one that passed the checks. */
export async function insertIntegration(tx: PoolClient, context: Context, input: NewIntegration, message: string): Promise<IntegrationRow> {
  const id = newId('int')
  const columns = columnsOf(context, { organizationId: input.organizationId, id }, input)
  const names = ['id', 'organizationId', 'type', 'statusMessage', ...Object.keys(columns)]
  const values = [id, input.organizationId, input.type, message, ...Object.values(columns)]
  const { rows } = await tx.query<IntegrationRow>(
    `insert into "Integration" as i (${names.map((name) => `"${name}"`).join(', ')}) values (${values.map((_, i) => `$${i + 1}`).join(', ')})
     returning ${integrationColumns}`,
    values,
  )
  return rows[0]!
}

/** Writes changes that passed the checks to a row that is locked. */
export async function changeIntegration(
  tx: PoolClient,
  context: Context,
  { organizationId, id }: IntegrationRow,
  changes: IntegrationFields,
): Promise<IntegrationRow> {
  const columns = columnsOf(context, { organizationId, id }, changes)
  const set = Object.keys(columns).map((name, i) => `"${name}" = $${i + 3}`)
  const { rows } = await tx.query<IntegrationRow>(
    `update "Integration" i set ${[...set, '"version" = i."version" + 1', '"updatedAt" = now()'].join(', ')}
     where i."organizationId" = $1 and i."id" = $2 returning ${integrationColumns}`,
    [organizationId, id, ...Object.values(columns)],
  )
  return rows[0]!
}

/** The columns that the given fields stand in; absent ones are left out. */
function columnsOf(context: Context, record: { organizationId: string; id: string }, fields: IntegrationFields): Record<string, unknown> {
  const { name, config, connectorId, secretStore, connectedResourceTypes, customAccessDetails, owner, ownersMapping } = fields
  const stored = secretStore ? storeSecret(context.keyring, record, secretStore) : { secretStore: null, sealedSecret: null }
  const columns = {
    ...(name === undefined ? {} : { name }),
    ...(config === undefined ? {} : { config }),
    ...(connectorId === undefined ? {} : { connectorId }),
    ...(secretStore === undefined ? {} : stored),
    ...(connectedResourceTypes === undefined ? {} : { connectedResourceTypes }),
    ...(customAccessDetails === undefined ? {} : { customAccessDetails }),
    ...(owner === undefined
      ? {}
      : {
          ownerAttributeType: owner?.attributeType ?? null,
          ownerAttributeValues: owner?.attributeValues ?? null,
          ownerSourceId: owner?.sourceIntegrationId ?? null,
        }),
    ...(ownersMapping === undefined
      ? {}
      : {
          ownersMappingKeyName: ownersMapping?.keyName ?? null,
          ownersMappingAttributeType: ownersMapping?.attributeType ?? null,
          ownersMappingSourceId: ownersMapping?.sourceIntegrationId ?? null,
        }),
  }
  return columns
}
