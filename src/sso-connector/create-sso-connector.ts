import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { requireOrganization } from '../organization/organization.service.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { parseEmailDomain } from './email-domain.ts'
import { type SsoConnectorRow, ssoConnectorColumns } from './sso-connector.loader.ts'
import { awaitingMessage, begunMessage, newCode, queueLookUp } from './verification.ts'

export interface NewSsoConnector {
  organizationId: string
  emailDomain: string
  beginVerification: boolean
  useFedrampLanguage: boolean
}

const paths = { organizationId: ['input', 'organizationId'], emailDomain: ['input', 'emailDomain'] }

/** Makes a connector, disabled. Whether another organization has one for the domain is neither asked nor told. */
export async function createSsoConnector(context: Context, input: NewSsoConnector): Promise<SsoConnectorRow> {
  const { organizationId } = input
  await requireOrganization(context, organizationId, paths.organizationId)
  const parsed = parseEmailDomain(input.emailDomain)
  if ('problem' in parsed) throw new Refusal(userError.validation(parsed.problem.code, paths.emailDomain, parsed.problem.message))
  const connector = await transaction(context.db.pool, async (tx) => {
    await assertFree(tx, context, organizationId, parsed.domain)
    const made = await insert(tx, context, input, parsed.domain)
    if (made.nextCheckAt) await queueLookUp(tx, made)
    const { id, emailDomain, status, useFedrampLanguage } = made
    await recordEvents(tx, context, [
      { organizationId, action: 'ssoConnector.create', subjectId: id, after: { emailDomain, status, useFedrampLanguage } },
    ])
    return made
  })
  context.loaders.clear()
  return connector
}

async function assertFree(tx: PoolClient, context: Context, organizationId: string, domain: string): Promise<void> {
  // Whoever makes connectors lines up at the organization's row: without it, two at once could pass the quota or meet in the unique index.
  const { rowCount } = await tx.query('select 1 from "Organization" where "id" = $1 for no key update', [organizationId])
  if (rowCount === 0) throw new Refusal(userError.notFound(paths.organizationId, 'organization'))
  const { rows } = await tx.query<SsoConnectorRow>(
    `select ${ssoConnectorColumns} from "SsoConnector" s where s."organizationId" = $1 and s."emailDomain" = $2`,
    [organizationId, domain],
  )
  const [existing] = rows
  if (existing)
    throw new Refusal(userError.duplicate(paths.emailDomain, `The organization has an SSO connector for ${domain} already.`, existing))
  const limit = context.config.quotas.ssoConnectors
  const counted = await tx.query<{ count: number }>('select count(*)::int as "count" from "SsoConnector" where "organizationId" = $1', [
    organizationId,
  ])
  if ((counted.rows[0]?.count ?? 0) >= limit) {
    const message = `The organization has ${limit} SSO connectors, as many as it may have. Delete one first.`
    throw new Refusal(userError.quota(['input'], message, limit))
  }
}

async function insert(tx: PoolClient, context: Context, input: NewSsoConnector, domain: string): Promise<SsoConnectorRow> {
  const { organizationId, beginVerification, useFedrampLanguage } = input
  const { rows } = await tx.query<SsoConnectorRow>(
    `insert into "SsoConnector" as s ("id", "organizationId", "emailDomain", "useFedrampLanguage", "code", "statusMessage", "status", "nextCheckAt", "expiresAt")
     select $1, $2, $3, $4, $5, $6, $7::"SsoVerificationStatus", v."begunAt", v."begunAt" + $9 * interval '1 second'
     from (select case when $8 then now() end as "begunAt") v returning ${ssoConnectorColumns}`,
    [
      newId('sso'),
      organizationId,
      domain,
      useFedrampLanguage,
      newCode(),
      beginVerification ? begunMessage : awaitingMessage,
      beginVerification ? 'PENDING' : 'AWAITING',
      beginVerification,
      context.config.ssoExpiresSeconds,
    ],
  )
  return rows[0]!
}
