import { recordEvents } from '../audit/audit.ts'
import { recordRemovals, removeAll } from '../component/remove-component.ts'
import type { Context } from '../context.ts'
import { ensureAwsIdentity } from '../identity/aws-identity.ts'
import { requireOrganization } from '../organization/organization.service.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { awsIntegrationLoader, type IntegrationRow, integrationColumns } from './integration.loader.ts'

const awsIntegrationName = 'aws'

/** Makes the one aws integration of an organization, and who Gatehouse is to its accounts. A second call changes nothing. */
export async function installAwsIntegration(
  context: Context,
  organizationId: string,
): Promise<{ integration: IntegrationRow; alreadyInstalled: boolean }> {
  await requireOrganization(context, organizationId, ['input', 'organizationId'])
  const installed = await transaction(context.db.pool, async (tx) => {
    // A partial unique index allows one of type aws: of two calls at once, the second inserts nothing.
    const { rows } = await tx.query<IntegrationRow>(
      `insert into "Integration" as i ("id", "organizationId", "name", "type", "status", "statusMessage") values ($1, $2, $3, 'aws', 'INITIALIZING', $4)
       on conflict ("organizationId") where "type" = 'aws' do nothing returning ${integrationColumns}`,
      [newId('int'), organizationId, awsIntegrationName, 'No component is installed yet: stage, verify and configure one.'],
    )
    const [made] = rows
    if (!made) return null
    await ensureAwsIdentity(tx, { organizationId, issuer: context.issuer.url })
    await recordEvents(tx, context, [
      { organizationId, action: 'integration.install', subjectId: made.id, after: { type: 'aws', name: made.name } },
    ])
    return made
  })
  context.loaders.clear()
  if (installed) return { integration: installed, alreadyInstalled: false }
  const present = await awsIntegrationLoader(context).load(organizationId)
  if (!present) throw new Refusal(userError.conflict(['input', 'organizationId'], null))
  return { integration: present, alreadyInstalled: true }
}

/** Removes the aws integration with every component. Identity and accounts stay: installing again gives the same identity. */
export async function uninstallAwsIntegration(
  context: Context,
  { organizationId, confirmSlug }: { organizationId: string; confirmSlug: string },
): Promise<{ deletedIds: string[]; alreadyAbsent: boolean }> {
  const organization = await requireOrganization(context, organizationId, ['input', 'organizationId'])
  if (organization.slug !== confirmSlug) {
    throw new Refusal(
      userError.validation(
        'INVALID_VALUE',
        ['input', 'confirmSlug'],
        'confirmSlug is not the slug of this organization; nothing was removed.',
      ),
    )
  }
  const deletedIds = await transaction(context.db.pool, async (tx) => {
    // Waits for stagings under way, which share this row; later ones find no integration.
    const { rows } = await tx.query<{ id: string }>(
      `select "id" from "Integration" where "organizationId" = $1 and "type" = 'aws' for update`,
      [organizationId],
    )
    const [integration] = rows
    if (!integration) return []
    const removed = await removeAll(tx, organizationId, 'c."integrationId" = $2', integration.id)
    await recordRemovals(tx, context, organizationId, removed)
    await tx.query('delete from "Integration" where "organizationId" = $1 and "id" = $2', [organizationId, integration.id])
    await recordEvents(tx, context, [
      { organizationId, action: 'integration.uninstall', subjectId: integration.id, before: { type: 'aws', components: removed.length } },
    ])
    return [...removed.map(({ id }) => id), integration.id]
  })
  context.loaders.clear()
  return { deletedIds, alreadyAbsent: deletedIds.length === 0 }
}
