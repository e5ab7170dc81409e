import type { Context } from '../context.ts'
import type { SsoVerificationStatus } from '../generated/prisma/enums.ts'
import type { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

export interface SsoConnectorRow {
  id: string
  organizationId: string
  emailDomain: string
  enabled: boolean
  useFedrampLanguage: boolean
  status: SsoVerificationStatus
  code: string
  statusMessage: string | null
  attempts: number
  lastCheckedAt: Date | null
  nextCheckAt: Date | null
  expiresAt: Date | null
  firstAbsentAt: Date | null
  lastAbsentAt: Date | null
  version: number
  createdAt: Date
  updatedAt: Date
}

export const ssoConnectorColumns = `s."id", s."organizationId", s."emailDomain", s."enabled", s."useFedrampLanguage", s."status", s."code", s."statusMessage",
  s."attempts", s."lastCheckedAt", s."nextCheckAt", s."expiresAt", s."firstAbsentAt", s."lastAbsentAt", s."version", s."createdAt", s."updatedAt"`

const byIds = statement(
  'sso_connector_by_ids',
  `select ${ssoConnectorColumns} from "SsoConnector" s where s."id" = any($1::text[]) and ($2::text[] is null or s."organizationId" = any($2))`,
)
const byDomains = statement(
  'sso_connector_by_domains',
  `select ${ssoConnectorColumns} from unnest($1::text[], $2::text[]) as k("organizationId", "emailDomain")
   join "SsoConnector" s using ("organizationId", "emailDomain") where ($3::text[] is null or s."organizationId" = any($3))`,
)

/** A connector that is looked up, and whether that is due: by the database's clock, which also says when jobs run. */
export const awaitedSsoConnector = statement(
  'sso_connector_awaited',
  `select ${ssoConnectorColumns}, s."nextCheckAt" <= now() as "isDue" from "SsoConnector" s
   where s."organizationId" = $1 and s."id" = $2 and s."nextCheckAt" is not null`,
)

export function ssoConnectorLoader(context: Context): RowLoader<SsoConnectorRow> {
  return tenantLoader(context, 'ssoConnector', byIds, ['id'])
}

/** SSO connectors by `<organization id> <domain>`, the domain as it is stored. */
export function ssoConnectorByDomainLoader(context: Context): RowLoader<SsoConnectorRow> {
  return tenantLoader(context, 'ssoConnectorByDomain', byDomains, ['organizationId', 'emailDomain'])
}

/** An organization's SSO connectors by domain, which is unique in it. */
export const organizationSsoConnectors: PageSource<SsoConnectorRow> = {
  name: 'organization.ssoConnectors',
  columns: ssoConnectorColumns,
  from: '"SsoConnector" s',
  parentColumns: ['s."organizationId"'],
  orders: { DOMAIN: [{ sql: 's."emailDomain"', type: 'text', key: ({ emailDomain }) => emailDomain }] },
}
