import { recordEvents } from '../audit/audit.ts'
import { lockAwsIntegration } from '../component/integration-lock.ts'
import { recordRemovals, removeAll } from '../component/remove-component.ts'
import type { Context } from '../context.ts'
import { ensureAwsIdentity, ensureGoogleIdentity } from '../identity/aws-identity.ts'
import { lineUp, requireOrganization } from '../organization/organization.service.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, userError } from '../platform/errors.ts'
import type { Queryable } from '../platform/statement.ts'
import { newId } from '../platform/typeid.ts'
import { forgetIntegration } from './delete-integration.ts'
import { awsIntegrationLoader, type IntegrationRow, integrationByNameLoader, integrationColumns } from './integration.loader.ts'
import { cancelRefreshes } from './switch-integration.ts'

const awsIntegrationName = 'aws'

/** Makes the one aws integration of an organization, and who Gatehouse is to its accounts. A second call changes nothing. */
export async function installAwsIntegration(
  context: Context,
  organizationId: string,
): Promise<{ integration: IntegrationRow; alreadyInstalled: boolean }> {
  await requireOrganization(context, organizationId, ['input', 'organizationId'])
  const installed = await transaction(context.db.pool, async (tx) => {
    // It may have been deleted since it was read.
    const organization = await tx.query('select 1 from "Organization" where "id" = $1 for key share', [organizationId])
    if (organization.rowCount === 0) throw new Refusal(userError.notFound(['input', 'organizationId'], 'organization'))
    // A partial unique index allows one of type aws: of two calls at once, the second inserts nothing. Nor must it fail on the name's index,
    // which is why no index is named here.
    const { rows } = await tx.query<IntegrationRow>(
      `insert into "Integration" as i ("id", "organizationId", "name", "type", "status", "statusMessage", "lastSyncAt")
       values ($1, $2, $3, 'aws', 'INITIALIZING', $4, (select "lastSuccessAt" from "AwsSync" where "organizationId" = $2))
       on conflict do nothing returning ${integrationColumns}`,
      [newId('int'), organizationId, awsIntegrationName, 'No component is installed yet: stage, verify and configure one.'],
    )
    const [made] = rows
    if (!made) return null
    await ensureIdentity(tx, context, organizationId)
    await recordEvents(tx, context, [
      { organizationId, action: 'integration.install', subjectId: made.id, after: { type: 'aws', name: made.name } },
    ])
    return made
  })
  context.loaders.clear()
  if (installed) return { integration: installed, alreadyInstalled: false }
  const present = await awsIntegrationLoader(context).load(organizationId)
  if (!present) throw await notInstalled(context, organizationId)
  return { integration: present, alreadyInstalled: true }
}

/** Who the organization is to AWS. Made once; in google mode one account of the operator's list, as long as there are any. */
async function ensureIdentity(tx: Queryable, { config, issuer }: Context, organizationId: string): Promise<void> {
  if (!config.google) {
    await ensureAwsIdentity(tx, { organizationId, issuer: issuer.url })
    return
  }
  const { accounts } = config.google
  if (await ensureGoogleIdentity(tx, organizationId, accounts)) return
  const message = `Each of the ${accounts.length} Google service accounts of this server is given out for good. Its operator has to add another one to GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS.`
  throw new Refusal(userError.quota(['input', 'organizationId'], message, accounts.length))
}

/** Another integration has the name, or an uninstall came in between. */
async function notInstalled(context: Context, organizationId: string): Promise<Refusal> {
  const path = ['input', 'organizationId']
  const namesake = await integrationByNameLoader(context).load(`${organizationId} ${awsIntegrationName}`)
  if (!namesake) return new Refusal(userError.conflict(path, null))
  const message = `Another integration has the name ${awsIntegrationName}. Give it another one, then install.`
  return new Refusal(userError.duplicate(path, message, namesake))
}

/**
 * Removes the aws integration with every component and resource; a refresh under way is cancelled. Identity and accounts stay: installing
 * again gives the same identity.
 */
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
  const path = ['input', 'organizationId']
  const deletedIds = await transaction(context.db.pool, async (tx) => {
    // No refresh begins from here on, and those under way end before their integration is locked, as they lock it last.
    await lineUp(tx, organizationId, path)
    const found = await tx.query<{ id: string }>(`select "id" from "Integration" where "organizationId" = $1 and "type" = 'aws'`, [
      organizationId,
    ])
    const presentId = found.rows[0]?.id
    if (presentId) await cancelRefreshes(tx, organizationId, presentId, 'The integration was uninstalled.')
    // Waits for changes of components under way; later ones find no integration.
    const integrationId = await lockAwsIntegration(tx, organizationId, 'update')
    if (!integrationId) return []
    if (integrationId !== presentId) throw new Refusal(userError.conflict(path, null))
    const removed = await removeAll(tx, organizationId, 'c."integrationId" = $2', integrationId)
    await recordRemovals(tx, context, organizationId, removed)
    const keys = removed.map(({ id }) => `component.${id}`)
    await forgetIntegration(tx, { organizationId, id: integrationId }, path, keys)
    await recordEvents(tx, context, [
      { organizationId, action: 'integration.uninstall', subjectId: integrationId, before: { type: 'aws', components: removed.length } },
    ])
    return [...removed.map(({ id }) => id), integrationId]
  })
  context.loaders.clear()
  return { deletedIds, alreadyAbsent: deletedIds.length === 0 }
}
