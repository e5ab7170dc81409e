import type { Client } from 'pg'
import { issueToken } from '../../src/auth/api-key-token.ts'

/** How much of everything an organization has. */
export interface DataShape {
  organizations: number
  integrations: number
  componentsPerIntegration: number
  awsRoles: number
  userGroups: number
  members: number
  membersPerGroup: number
  rolesPerGroup: number
  ssoConnectors: number
}

export const defaultShape: DataShape = {
  organizations: 50,
  integrations: 40,
  componentsPerIntegration: 6,
  awsRoles: 200,
  userGroups: 60,
  members: 300,
  membersPerGroup: 20,
  rolesPerGroup: 10,
  ssoConnectors: 5,
}

export const kinds = ['BASE', 'IAM_ASSESSMENT', 'IAM_WRITE', 'FUNCTION_CALLER', 'ACCESS_LOGS', 'INVENTORY']

/** Rows of a kind an organization may have, so that ids of two organizations never meet. */
const idsPerOrganization = 10_000_000
const digits = 26

/** The id of the `index`th thing of an organization: made of its place, in the form that ids have. */
export const idAt = (prefix: string, organization: number, index: number) =>
  `${prefix}_${String(organization * idsPerOrganization + index).padStart(digits, '0')}`
const sqlId = (prefix: string, index: string) =>
  `'${prefix}_' || lpad((o * ${idsPerOrganization}::bigint + ${index})::text, ${digits}, '0')`

/**
 * Fills an empty database, a statement a table. An integration stands for an account of its own with a component of each kind; only the
 * first is of type aws, since an organization has but one of them. Members and roles are spread evenly over the groups. `first`: the place
 * of the first organization, where there are others before it.
 */
export async function fillDatabase(client: Client, shape: DataShape, first = 0): Promise<void> {
  const { integrations, componentsPerIntegration, awsRoles, userGroups, members, membersPerGroup, rolesPerGroup, ssoConnectors } = shape
  const insert = (into: string, select: string, ...counts: number[]) =>
    client.query(
      `insert into ${into} select ${select} from generate_series(${first}, ${first} + $1::int - 1) o${counts
        .map((_, index) => `, generate_series(0, $${index + 2}::int - 1) ${'ijk'[index]}`)
        .join('')}`,
      [shape.organizations, ...counts],
    )
  const org = sqlId('org', '0')
  const account = (index: string) => `lpad((${index} + 100000000000)::text, 12, '0')`
  const named = (noun: string, index: string) => `'${noun}-' || lpad((${index})::text, 6, '0')`

  await insert('"Organization" ("id", "slug", "name")', `${org}, ${named('bench', 'o')}, 'Organization ' || o`)
  await insert(
    '"Integration" ("id", "organizationId", "name", "type", "status")',
    `${sqlId('int', 'i')}, ${org}, ${named('integration', 'i')}, case i when 0 then 'aws' else 'aws-account' end, 'ACTIVE'`,
    integrations,
  )
  await insert(
    '"AwsAccount" ("id", "organizationId", "accountId", "partition", "lastScanAt", "lastCompleteScanAt")',
    `${sqlId('acct', 'i')}, ${org}, ${account('i')}, 'AWS', now() + i * interval '1 second', now() + i * interval '1 second'`,
    integrations,
  )
  await insert(
    '"Component" ("id", "organizationId", "integrationId", "awsAccountId", "kind", "itemId", "partition", "state", "health")',
    `${sqlId('cmp', `i * ${componentsPerIntegration} + j`)}, ${org}, ${sqlId('int', 'i')}, ${sqlId('acct', 'i')}, (array['${kinds.join("','")}'])[j % ${kinds.length} + 1]::"ComponentKind",
     ${account('i')}, 'AWS', 'INSTALLED', 'HEALTHY'`,
    integrations,
    componentsPerIntegration,
  )
  await insert(
    '"SsoConnector" ("id", "organizationId", "emailDomain", "status", "code", "nextCheckAt")',
    `${sqlId('sso', 'i')}, ${org}, 'd' || i || '.bench-' || o || '.example', 'VERIFIED',
     'gatehouse-sso-verification=' || md5(o || '.' || i), now() + interval '1 day'`,
    ssoConnectors,
  )
  await insert(
    '"AwsRole" ("id", "organizationId", "awsAccountId", "roleId", "name", "arn", "path", "maxSessionDuration", "trustPolicy", "firstSeenAt", "lastSeenAt", "updatedAt")',
    `${sqlId('role', 'i')}, ${org}, ${sqlId('acct', `i % ${integrations}`)}, 'AROA' || lpad((o * ${idsPerOrganization}::bigint + i)::text, 17, '0'), ${named('role', 'i')},
     'arn:aws:iam::' || ${account(`(i % ${integrations})`)} || ':role/' || ${named('role', 'i')}, '/', 3600, '{}', now(), now(), now()`,
    awsRoles,
  )
  await insert('"UserGroup" ("id", "organizationId", "name")', `${sqlId('ug', 'i')}, ${org}, ${named('group', 'i')}`, userGroups)
  const email = (index: string) => `${named('member', index)} || '@example.com'`
  await insert('"Member" ("id", "organizationId", "email", "status")', `${sqlId('mem', 'i')}, ${org}, ${email('i')}, 'ACCEPTED'`, members)
  const member = `(i * ${membersPerGroup} + j) % ${members}`
  await insert(
    '"UserGroupMember" ("organizationId", "userGroupId", "memberId", "email")',
    `${org}, ${sqlId('ug', 'i')}, ${sqlId('mem', member)}, ${email(member)}`,
    userGroups,
    membersPerGroup,
  )
  await insert(
    '"UserGroupAwsRole" ("organizationId", "userGroupId", "awsRoleId", "grantedAt")',
    `${org}, ${sqlId('ug', 'i')}, ${sqlId('role', `(i * ${rolesPerGroup} + j) % ${awsRoles}`)}, now()`,
    userGroups,
    rolesPerGroup,
  )
  await client.query('vacuum analyze')
}

/** A key of each organization that may do everything, in the order of the organizations. */
export async function issueKeys(client: Client, organizations: number): Promise<string[]> {
  const keys = Array.from({ length: organizations }, (_, organization) => ({
    id: idAt('key', organization, 0),
    ...issueToken(idAt('key', organization, 0)),
  }))
  await client.query(
    `insert into "ApiKey" ("id", "organizationId", "name", "prefix", "secretHash", "scopes")
     select k."id", k."organizationId", 'bench', k."prefix", k."secretHash", '{ADMIN}'
     from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) as k("id", "organizationId", "prefix", "secretHash")`,
    [
      keys.map(({ id }) => id),
      keys.map((_, organization) => idAt('org', organization, 0)),
      keys.map(({ prefix }) => prefix),
      keys.map(({ secretHash }) => Buffer.from(secretHash)),
    ],
  )
  return keys.map(({ token }) => token)
}
