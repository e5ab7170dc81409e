import type { ActorColumns } from '../audit/audit.loader.ts'
import type { AwsPartition, ComponentConfig, NamedPolicy, VerificationCheck } from '../aws/aws.type.ts'
import type { Context } from '../context.ts'
import type {
  ComponentAction,
  ComponentHealth,
  ComponentKind,
  ComponentState,
  VerificationOutcome,
  VerificationTrigger,
} from '../generated/prisma/enums.ts'
import type { RowLoader } from '../platform/loader.ts'
import type { PageSource } from '../platform/pagination/page-source.ts'
import { statement } from '../platform/statement.ts'
import { tenantLoader } from '../platform/tenant-loader.ts'

/** A component with what every reader of it needs of its account. */
export interface ComponentRow {
  id: string
  organizationId: string
  integrationId: string
  awsAccountId: string
  accountId: string
  accountAlias: string | null
  kind: ComponentKind
  itemId: string
  partition: AwsPartition
  state: ComponentState
  health: ComponentHealth
  config: ComponentConfig | null
  version: number
  createdAt: Date
  updatedAt: Date
}

export interface RoleSetupRow {
  componentId: string
  organizationId: string
  roleName: string
  inlinePolicyName: string
  inlinePolicy: string
  trustPolicy: string
  additionalInlinePolicies: NamedPolicy[]
  serviceAccountId: string
  issuer: string
  oidcProviderUrl: string | null
  createsOidcProvider: boolean
  createsRole: boolean
  decoyRefusedFor: string | null
}

export interface VerificationRow {
  id: string
  organizationId: string
  componentId: string
  trigger: VerificationTrigger
  outcome: VerificationOutcome
  startedAt: Date
  finishedAt: Date
  checks: VerificationCheck[]
}

export interface ComponentTransitionRow extends ActorColumns {
  id: string
  organizationId: string
  componentId: string
  at: Date
  action: ComponentAction
  fromState: ComponentState | null
  toState: ComponentState | null
}

/** Which object type of the graph a component of each kind is. */
export const componentTypeNames = {
  BASE: 'BaseComponent',
  IAM_ASSESSMENT: 'IamAssessmentComponent',
  IAM_WRITE: 'IamWriteComponent',
  FUNCTION_CALLER: 'FunctionCallerComponent',
  ACCESS_LOGS: 'AccessLogsComponent',
  INVENTORY: 'InventoryComponent',
} as const satisfies Record<ComponentKind, string>

export const componentColumns = `c."id", c."organizationId", c."integrationId", c."awsAccountId", a."accountId", a."alias" as "accountAlias", c."kind", c."itemId",
  c."partition", c."state", c."health", c."config", c."version", c."createdAt", c."updatedAt"`
const from = '"Component" c'
// Left only so that PostgreSQL leaves the account alone where no column of it is read: every component has one.
const account = {
  column: /\ba\."/,
  sql: 'left join "AwsAccount" a on a."organizationId" = c."organizationId" and a."id" = c."awsAccountId"',
}
const componentFrom = `${from} ${account.sql}`
const visible = (alias: string, parameter: string) => `(${parameter}::text[] is null or ${alias}."organizationId" = any(${parameter}))`

const componentByIds = statement(
  'component_by_ids',
  `select ${componentColumns} from ${componentFrom} where c."id" = any($1::text[]) and ${visible('c', '$2')}`,
)
const componentByItems = statement(
  'component_by_items',
  `select ${componentColumns} from unnest($1::text[], $2::text[], $3::text[]) as k("organizationId", "kind", "itemId")
   join ${componentFrom} on c."organizationId" = k."organizationId" and c."kind" = k."kind"::"ComponentKind" and c."itemId" = k."itemId" where ${visible('c', '$4')}`,
)
const setupByComponents = statement(
  'role_setup_by_components',
  `select s.* from "RoleSetup" s where s."componentId" = any($1::text[]) and ${visible('s', '$2')}`,
)
const verificationColumns =
  'v."id", v."organizationId", v."componentId", v."trigger", v."outcome", v."startedAt", v."finishedAt", v."checks"'
const verificationByIds = statement(
  'verification_by_ids',
  `select ${verificationColumns} from "Verification" v where v."id" = any($1::text[]) and ${visible('v', '$2')}`,
)
const lastVerificationByComponents = statement(
  'last_verification_by_components',
  `select v.* from "Component" c cross join lateral (select ${verificationColumns} from "Verification" v
     where v."organizationId" = c."organizationId" and v."componentId" = c."id" order by v."id" desc limit 1) v
   where c."id" = any($1::text[]) and ${visible('c', '$2')}`,
)
const transitionColumns =
  't."id", t."organizationId", t."componentId", t."at", t."action", t."fromState", t."toState", t."actorKind", t."actorSubject", t."actorLabel"'
const transitionByIds = statement(
  'component_transition_by_ids',
  `select ${transitionColumns} from "ComponentTransition" t where t."id" = any($1::text[]) and ${visible('t', '$2')}`,
)

export function componentLoader(context: Context): RowLoader<ComponentRow> {
  return tenantLoader(context, 'component', componentByIds, ['id'])
}

/** Components by `<organization id> <kind> <item id>`. */
export function componentByItemLoader(context: Context): RowLoader<ComponentRow> {
  return tenantLoader(context, 'componentByItem', componentByItems, ['organizationId', 'kind', 'itemId'])
}

/** What was handed out at staging, by component id. */
export function roleSetupLoader(context: Context): RowLoader<RoleSetupRow> {
  return tenantLoader(context, 'roleSetup', setupByComponents, ['componentId'])
}

export function verificationLoader(context: Context): RowLoader<VerificationRow> {
  return tenantLoader(context, 'verification', verificationByIds, ['id'])
}

/** The newest verification of each component, by component id. */
export function lastVerificationLoader(context: Context): RowLoader<VerificationRow> {
  return tenantLoader(context, 'lastVerification', lastVerificationByComponents, ['componentId'])
}

export function componentTransitionLoader(context: Context): RowLoader<ComponentTransitionRow> {
  return tenantLoader(context, 'componentTransition', transitionByIds, ['id'])
}

const byCreation = { CREATED: [{ sql: 'c."id"', type: 'text' as const, key: ({ id }: ComponentRow) => id }] }
const components = { columns: componentColumns, from, leftJoin: account, orders: byCreation }

export const organizationComponents: PageSource<ComponentRow> = {
  ...components,
  name: 'organization.components',
  parentColumns: ['c."organizationId"'],
}
export const integrationComponents: PageSource<ComponentRow> = {
  ...components,
  name: 'integration.components',
  parentColumns: ['c."organizationId"', 'c."integrationId"'],
}
export const accountComponents: PageSource<ComponentRow> = {
  ...components,
  name: 'awsAccount.components',
  parentColumns: ['c."organizationId"', 'c."awsAccountId"'],
}

export const componentVerifications: PageSource<VerificationRow> = {
  name: 'component.verifications',
  columns: verificationColumns,
  from: '"Verification" v',
  parentColumns: ['v."organizationId"', 'v."componentId"'],
  orders: { TIME: [{ sql: 'v."id"', type: 'text', key: ({ id }) => id }] },
}

export const componentTransitions: PageSource<ComponentTransitionRow> = {
  name: 'component.transitions',
  columns: transitionColumns,
  from: '"ComponentTransition" t',
  parentColumns: ['t."organizationId"', 't."componentId"'],
  orders: { TIME: [{ sql: 't."id"', type: 'text', key: ({ id }) => id }] },
}
