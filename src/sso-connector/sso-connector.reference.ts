import type { Context } from '../context.ts'
import { Refusal, type UserErrorValue, userError } from '../platform/errors.ts'
import type { Queryable } from '../platform/statement.ts'
import { allowedActions, type SsoConnectorAction } from './sso-connector.lifecycle.ts'
import { type SsoConnectorRow, ssoConnectorLoader } from './sso-connector.loader.ts'

export interface SsoConnectorReference {
  id: string
  expectedVersion?: number | null
}

const paths = { id: ['input', 'id'], expectedVersion: ['input', 'expectedVersion'] }

/** The connector if the viewer may see it, at the version expected; else a refusal. */
export async function requireSsoConnector(context: Context, { id, expectedVersion }: SsoConnectorReference): Promise<SsoConnectorRow> {
  const connector = await ssoConnectorLoader(context).load(id)
  if (!connector) throw new Refusal(userError.notFound(paths.id, 'SSO connector'))
  if (expectedVersion != null && expectedVersion !== connector.version)
    throw new Refusal(userError.conflict(paths.expectedVersion, connector.version))
  return connector
}

/** The refusal of an action that the lifecycle does not allow now. */
export function notAllowed(connector: SsoConnectorRow, action: SsoConnectorAction, path: (string | number)[]): UserErrorValue {
  const allowed = allowedActions(connector)
  const state = connector.enabled ? 'while the connector is enabled' : `in state ${connector.status}`
  return userError.transition(path, `${action} is not possible ${state}. Possible now: ${allowed.join(', ')}.`, connector.status, allowed)
}

/** Why a guarded update found nothing: another call came first. Read on the connection of the transaction, which it ends when thrown. */
export async function changedMeanwhile(tx: Queryable, { organizationId, id }: SsoConnectorRow): Promise<Refusal> {
  const { rows } = await tx.query<{ version: number }>({
    text: 'select "version" from "SsoConnector" where "organizationId" = $1 and "id" = $2',
    values: [organizationId, id],
  })
  const [fresh] = rows
  return new Refusal(fresh ? userError.conflict(paths.expectedVersion, fresh.version) : userError.notFound(paths.id, 'SSO connector'))
}
