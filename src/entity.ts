import type { GraphQLResolveInfo } from 'graphql'
import { apiKeyLoader } from './api-key/api-key.loader.ts'
import { auditEventLoader } from './audit/audit.loader.ts'
import type { Scope } from './auth/scope.ts'
import { assertMeets, type Requirement } from './auth/viewer.ts'
import { awsAccountByNumberLoader, awsAccountLoader } from './aws-account/aws-account.loader.ts'
import { awsCredentialLoader } from './aws-credential/aws-credential.loader.ts'
import { awsRoleByArnLoader, awsRoleLoader } from './aws-role/aws-role.loader.ts'
import { awsSyncLoader, organizationOfSync } from './aws-sync/aws-sync.loader.ts'
import { componentLoader, componentTransitionLoader, componentTypeNames, verificationLoader } from './component/component.loader.ts'
import { connectorLoader } from './connector/connector.loader.ts'
import type { Context } from './context.ts'
import { integrationLoader } from './integration/integration.loader.ts'
import { memberLoader } from './member/member.loader.ts'
import { operationLoader, operationScopes } from './operation/operation.loader.ts'
import { organizationBySlugLoader, organizationLoader } from './organization/organization.loader.ts'
import { permissionGroup } from './permission-group/permission-group.ts'
import { topLevelError } from './platform/errors.ts'
import { type Asked, askedOfType } from './platform/pagination/asked-columns.ts'
import { type IdPrefix, idPrefixes, prefixOf } from './platform/typeid.ts'
import { permissionLoader, resourceLoader } from './resource/resource.loader.ts'
import { resourceGroupLoader } from './resource-group/resource-group.loader.ts'
import { ssoConnectorLoader } from './sso-connector/sso-connector.loader.ts'
import { policyLoader } from './user-group/policy.loader.ts'
import { userGroupLoader } from './user-group/user-group.loader.ts'

/** What `node` and `_entities` need of a type: who may read it, and how it is loaded with the tenant's filter inside. */
interface Entity {
  requires: Requirement
  /** `asked`: what of it is looked at; a loader may read all the same. */
  load(context: Context, id: string, asked: Asked): Promise<object | null>
}

const reads = (scope: Scope, loader: (context: Context, asked: Asked) => { load(id: string): Promise<object | null> }): Entity => ({
  requires: { scopes: [scope] },
  load: (context, id, asked) => loader(context, asked).load(id),
})

export const entities: Record<IdPrefix, Entity> = {
  org: reads('ORGANIZATIONS_READ', organizationLoader),
  key: reads('API_KEYS_READ', apiKeyLoader),
  aud: reads('AUDIT_READ', auditEventLoader),
  int: reads('INTEGRATIONS_READ', integrationLoader),
  cmp: reads('COMPONENTS_READ', componentLoader),
  ver: reads('COMPONENTS_READ', verificationLoader),
  tr: reads('COMPONENTS_READ', componentTransitionLoader),
  acct: reads('AWS_READ', awsAccountLoader),
  cred: reads('AWS_READ', awsCredentialLoader),
  role: reads('AWS_READ', awsRoleLoader),
  sync: { requires: { scopes: ['AWS_READ'] }, load: (context, id) => awsSyncLoader(context).load(organizationOfSync(id)) },
  sso: reads('SSO_READ', ssoConnectorLoader),
  conn: reads('INTEGRATIONS_READ', connectorLoader),
  res: reads('INTEGRATIONS_READ', resourceLoader),
  perm: reads('INTEGRATIONS_READ', permissionLoader),
  op: { requires: { anyOf: operationScopes }, load: (context, id) => operationLoader(context).load(id) },
  mem: reads('USER_GROUPS_READ', memberLoader),
  ug: reads('USER_GROUPS_READ', userGroupLoader),
  pol: reads('USER_GROUPS_READ', policyLoader),
  pg: { requires: { scopes: ['USER_GROUPS_READ'] }, load: async (_context, id) => permissionGroup(id) },
  rg: reads('USER_GROUPS_READ', resourceGroupLoader),
}

/** Anything by its global id: null for what is unknown, foreign or malformed; FORBIDDEN where the scope of its type is missing. */
export async function loadNode(context: Context, id: string, asked: Asked = null): Promise<object | null> {
  const prefix = prefixOf(id)
  if (!prefix) return null
  assertMeets(context.viewer, entities[prefix].requires)
  return entities[prefix].load(context, id, asked)
}

/** The concrete type of a row that stands where an interface or union does: said by the row itself, or told by its id. */
export function typeNameOf(value: unknown): string {
  const { __typename, id, kind } = value as { __typename?: string; id?: string; kind?: string }
  if (__typename) return __typename
  if (kind && id?.startsWith('cmp_')) return componentTypeNames[kind as keyof typeof componentTypeNames]
  // The id is one of ours: its prefix need not be checked, which would cost more than all else here.
  const prefix = id?.slice(0, id.lastIndexOf('_'))
  if (!prefix || !Object.hasOwn(idPrefixes, prefix)) throw new Error('a value without a type stands where an interface is asked for')
  return idPrefixes[prefix as IdPrefix]
}

/** Representations that a router may send in one call. */
const maxRepresentations = 1000

export type Representation = { __typename: string; [field: string]: unknown }

/** Loads the references of one `_entities` call; all of one kind are one statement. What the caller may not see is null. */
export async function loadEntities(
  context: Context,
  representations: Representation[],
  info: GraphQLResolveInfo,
): Promise<(object | Error | null)[]> {
  if (representations.length > maxRepresentations) {
    throw topLevelError.badInput(
      `At most ${maxRepresentations} representations a call; there are ${representations.length}.`,
      'representations',
    )
  }
  const askedByType = new Map(
    [...new Set(representations.map(({ __typename }) => __typename))].map((name) => [name, askedOfType(info, name)]),
  )
  return Promise.all(
    representations.map((representation) =>
      loadReference(context, representation, askedByType.get(representation.__typename) ?? null).catch((error: Error) => error),
    ),
  )
}

async function loadReference(context: Context, representation: Representation, asked: Asked): Promise<object | null> {
  const { __typename, id } = representation
  const found = typeof id === 'string' ? await loadNode(context, id, asked) : await loadByNaturalKey(context, representation)
  if (!found) return null
  const typeName = typeNameOf(found)
  return typeName === __typename || (__typename === 'Component' && typeName.endsWith('Component')) ? found : null
}

async function loadByNaturalKey(context: Context, { __typename, ...key }: Representation): Promise<object | null> {
  if (__typename === 'Organization' && typeof key.slug === 'string') {
    assertMeets(context.viewer, entities.org.requires)
    return organizationBySlugLoader(context).load(key.slug)
  }
  const organizationId = (key.organization as { id?: unknown } | undefined)?.id
  if (__typename === 'AwsAccount' && typeof organizationId === 'string' && typeof key.accountId === 'string') {
    assertMeets(context.viewer, entities.acct.requires)
    return awsAccountByNumberLoader(context).load(`${organizationId} ${key.accountId}`)
  }
  if (__typename === 'AwsRole' && typeof organizationId === 'string' && typeof key.arn === 'string') {
    assertMeets(context.viewer, entities.role.requires)
    return awsRoleByArnLoader(context).load(`${organizationId} ${key.arn}`)
  }
  return null
}
