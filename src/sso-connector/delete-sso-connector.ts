import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, userError } from '../platform/errors.ts'
import { allowedActions } from './sso-connector.lifecycle.ts'
import { type SsoConnectorRow, ssoConnectorColumns, ssoConnectorLoader } from './sso-connector.loader.ts'
import { notAllowed, type SsoConnectorReference } from './sso-connector.reference.ts'
import { lookUpKey } from './verification.ts'

export interface SsoConnectorRemoval {
  deletedIds: string[]
  alreadyAbsent: boolean
  organizationId: string | null
}

/** Forgets a connector that is disabled. What is gone already is no error. */
export async function deleteSsoConnector(context: Context, { id, expectedVersion }: SsoConnectorReference): Promise<SsoConnectorRemoval> {
  const connector = await ssoConnectorLoader(context).load(id)
  if (!connector) return { deletedIds: [], alreadyAbsent: true, organizationId: null }
  const { organizationId } = connector
  const isDeleted = await transaction(context.db.pool, async (tx) => {
    const { rows } = await tx.query<SsoConnectorRow>(
      `select ${ssoConnectorColumns} from "SsoConnector" s where s."organizationId" = $1 and s."id" = $2 for update`,
      [organizationId, id],
    )
    const [found] = rows
    if (!found) return false
    if (expectedVersion != null && expectedVersion !== found.version)
      throw new Refusal(userError.conflict(['input', 'expectedVersion'], found.version))
    if (!allowedActions(found).includes('DELETE')) throw new Refusal(notAllowed(found, 'DELETE', ['input', 'id']))
    await tx.query('delete from "SsoConnector" where "organizationId" = $1 and "id" = $2', [organizationId, id])
    await tx.query({ text: 'select graphile_worker.remove_job($1)::text', values: [lookUpKey(id)] })
    await recordEvents(tx, context, [
      {
        organizationId,
        action: 'ssoConnector.delete',
        subjectId: id,
        before: { emailDomain: found.emailDomain, status: found.status, useFedrampLanguage: found.useFedrampLanguage },
      },
    ])
    return true
  })
  context.loaders.clear()
  return { deletedIds: isDeleted ? [id] : [], alreadyAbsent: !isDeleted, organizationId }
}
