import type { Pool } from 'pg'
import { shippedPermissionGroups } from '../../src/permission-group/permission-groups.ts'
import { type IdPrefix, newId } from '../../src/platform/typeid.ts'
import type { TestApp } from '../support/app.ts'
import type { Everything } from '../tenancy/everything.ts'

export const many = 8

type Row = Record<string, unknown>
const numbers = Array.from({ length: many }, (_, i) => i)

/**
 * Eight of everything: eight organizations, and in the one given eight nodes of every type, each with eight of what it lists. A noun that
 * comes to the graph is multiplied here too: the tests that use this fail until then.
 */
export async function makeMany(app: TestApp, { id: organizationId, accountId, idOf }: Everything): Promise<void> {
  const { pool } = app.booted.services.db
  const copy = (table: string, id: string, change: (i: number) => Row) => copyRow(pool, table, id, numbers.map(change))
  const number = (i: number) => String(900000000000 + i)

  await copy('Organization', organizationId, (i) => ({ id: newId('org'), slug: `many-${i}` }))
  await copy('ApiKey', idOf('ApiKey'), (i) => ({ id: newId('key'), name: `key ${i}` }))
  await copy('AuditEvent', idOf('AuditEvent'), () => ({ id: newId('aud'), at: new Date() }))
  // Of the one that an agent reports: an organization has one integration of type aws.
  const [reported] = (
    await pool.query<{ id: string }>(`select "id" from "Integration" where "organizationId" = $1 and "type" = 'custom'`, [organizationId])
  ).rows
  await copy('Integration', reported?.id ?? '', (i) => ({ id: newId('int'), name: `integration ${i}` }))
  const integrations = (await pool.query<{ id: string }>('select "id" from "Integration" where "organizationId" = $1', [organizationId]))
    .rows
  for (const [n, { id: integrationId }] of integrations.entries()) {
    await copy('Resource', idOf('Resource'), (i) => ({
      id: newId('res'),
      integrationId,
      externalId: `many ${n} ${i}`,
      name: `resource ${n} ${i}`,
    }))
    await copy('IntegrationPermission', idOf('IntegrationPermission'), (i) => ({
      id: newId('perm'),
      integrationId,
      name: `permission ${n} ${i}`,
    }))
  }
  const keys = await copy('ApiKey', idOf('ApiKey'), (i) => ({ id: newId('key'), name: `connector ${i}` }))
  await copy('Connector', idOf('Connector'), (i) => ({ id: newId('conn'), name: `connector ${i}`, apiKeyId: keys[i]?.id }))

  const accounts = await copy('AwsAccount', idOf('AwsAccount'), (i) => ({ id: newId('acct'), accountId: number(i) }))
  for (const type of ['Base', 'IamAssessment', 'IamWrite', 'FunctionCaller', 'AccessLogs', 'Inventory']) {
    const first = idOf(`${type}Component`)
    const components = await copy('Component', first, (i) => ({
      id: newId('cmp'),
      awsAccountId: accounts[i]?.id,
      itemId: type === 'FunctionCaller' ? `arn:aws:lambda:us-east-1:${number(i)}:function:f` : number(i),
    }))
    await copyRow(
      pool,
      'RoleSetup',
      first,
      components.map(({ id }) => ({ componentId: id })),
      'componentId',
    )
    for (const componentId of [first, ...components.map(({ id }) => id)]) {
      await copy('Verification', idOf('Verification'), () => ({ id: newId('ver'), componentId }))
      await copy('ComponentTransition', idOf('ComponentTransition'), () => ({ id: newId('tr'), componentId }))
    }
  }
  await copy('Component', idOf('FunctionCallerComponent'), (i) => ({
    id: newId('cmp'),
    itemId: `arn:aws:lambda:us-east-1:${accountId}:function:f${i}`,
  }))

  const home = await pool.query<{ id: string }>('select "id" from "AwsAccount" where "organizationId" = $1 and "accountId" = $2', [
    organizationId,
    accountId,
  ])
  for (const [place, awsAccountId] of [home.rows[0]?.id, ...accounts.map(({ id }) => id)].entries()) {
    await copy('AwsCredential', idOf('AwsCredential'), (i) => ({
      id: newId('cred'),
      accountName: `credential ${place}.${i}`,
      awsAccountId,
    }))
    await copy('AwsRole', idOf('AwsRole'), (i) => ({
      id: newId('role'),
      awsAccountId,
      name: `role-${place}-${i}`,
      arn: `arn:aws:iam::${place}:role/role-${place}-${i}`,
    }))
  }
  const syncId = (await pool.query('select "lastOperationId" as "id" from "AwsSync" where "organizationId" = $1', [organizationId])).rows[0]
    ?.id
  await copyRow(
    pool,
    'AwsAccountSync',
    syncId,
    numbers.map((i) => ({ ordinal: i + 1, accountName: `account ${i}` })),
    'operationId',
  )
  await multiplyGroups(pool, organizationId, idOf)
  await copy('SsoConnector', idOf('SsoConnector'), (i) => ({ id: newId('sso'), emailDomain: `many-${i}.example` }))

  const operationId = idOf('BackgroundOperation')
  const operations = await copy('BackgroundOperation', operationId, () => ({ id: newId('op') }))
  for (const id of [operationId, ...operations.map((row) => row.id)]) {
    await copyRow(
      pool,
      'BackgroundOperationResult',
      operationId,
      numbers.map((i) => ({ operationId: id, ordinal: i + 1 })),
      'operationId',
    )
  }
}

/** Eight members in each of eight groups, each with eight policies that use each of eight resource groups of eight objects. */
async function multiplyGroups(pool: Pool, organizationId: string, idOf: (typeName: string) => string): Promise<void> {
  const rows = (prefix: IdPrefix, change: (i: number) => Row) => numbers.map((i) => ({ id: newId(prefix), ...change(i) }))
  await copyRow(
    pool,
    'Member',
    idOf('Member'),
    rows('mem', (i) => ({ email: `many-${i}@example.com` })),
  )
  const groups = await copyRow(
    pool,
    'UserGroup',
    idOf('UserGroup'),
    rows('ug', (i) => ({ name: `group ${i}` })),
  )
  const resources = await copyRow(
    pool,
    'ResourceGroup',
    idOf('ResourceGroup'),
    rows('rg', (i) => ({ name: `resources ${i}` })),
  )
  const policies = [{ id: idOf('Policy') }]
  for (const userGroupId of [idOf('UserGroup'), ...groups.map(({ id }) => id)]) {
    policies.push(
      ...(await copyRow(
        pool,
        'Policy',
        idOf('Policy'),
        rows('pol', (ordinal) => ({ userGroupId, ordinal })),
      )),
    )
  }
  const link = (text: string, ...lists: string[][]) => pool.query(text, [organizationId, ...lists])
  const resourceIds = [idOf('ResourceGroup'), ...resources.map(({ id }) => id)]
  await link(
    `insert into "UserGroupMember" ("organizationId", "userGroupId", "memberId", "email") select $1, g."id", m."id", m."email"
     from "UserGroup" g join "Member" m using ("organizationId") where "organizationId" = $1 on conflict do nothing`,
  )
  await link(
    `insert into "PolicyResourceGroup" ("organizationId", "userGroupId", "policyId", "resourceGroupId", "ordinal")
     select $1, p."userGroupId", p."id", r, 9 from "Policy" p, unnest($3::text[]) r where p."id" = any($2::text[]) on conflict do nothing`,
    policies.map(({ id }) => id),
    resourceIds,
  )
  await link(
    `insert into "ResourceGroupObject" ("organizationId", "resourceGroupId", "key", "ordinal") select $1, r, 'awsAccount.' || a."accountId", 9
     from "AwsAccount" a, unnest($2::text[]) r where a."organizationId" = $1 on conflict do nothing`,
    resourceIds,
  )
  await link(
    `insert into "UserGroupAwsRole" ("organizationId", "userGroupId", "awsRoleId") select $1, g."id", r."id"
     from "UserGroup" g join "AwsRole" r using ("organizationId") where "organizationId" = $1 on conflict do nothing`,
  )
}

/** Copies of one row, with what is changed in each. The row is found by `column`; where several have it, the first is copied. */
export async function copyRow<Change extends Row>(
  pool: Pool,
  table: string,
  id: string,
  changes: Change[],
  column = 'id',
): Promise<Change[]> {
  await pool.query(
    `insert into "${table}" select (jsonb_populate_record(null::"${table}", to_jsonb(t) || change)).*
     from (select * from "${table}" where "${column}" = $1 order by ctid limit 1) t, jsonb_array_elements($2::jsonb) change`,
    [id, JSON.stringify(changes)],
  )
  return changes
}

/** Ids of up to `count` nodes of that type that the organization has. */
export async function idsOfType(app: TestApp, own: Everything, typeName: string, count: number): Promise<string[]> {
  const { pool } = app.booted.services.db
  const first = own.idOf(typeName)
  const prefix = first.slice(0, first.lastIndexOf('_')) as IdPrefix
  if (prefix === 'pg') return shippedPermissionGroups.slice(0, count).map(({ id }) => id)
  // A sync has its organization's id under another prefix.
  const table = prefix === 'sync' ? `(select 'sync_' || substr("id", 5) as "id" from "Organization") s` : `"${tables[prefix]}"`
  const same = prefix === 'cmp' ? `"kind" = (select "kind" from "Component" where "id" = $1)` : '$1 = $1'
  const { rows } = await pool.query<{ id: string }>(`select "id" from ${table} where ${same} order by "id" = $1 desc, "id" limit $2`, [
    first,
    count,
  ])
  if (rows.length < count) throw new Error(`There are ${rows.length} of ${typeName}: make ${many} in test/graph/many.ts.`)
  return rows.map(({ id }) => id)
}

const tables: Record<Exclude<IdPrefix, 'sync' | 'pg'>, string> = {
  org: 'Organization',
  key: 'ApiKey',
  aud: 'AuditEvent',
  int: 'Integration',
  cmp: 'Component',
  ver: 'Verification',
  tr: 'ComponentTransition',
  acct: 'AwsAccount',
  cred: 'AwsCredential',
  role: 'AwsRole',
  op: 'BackgroundOperation',
  mem: 'Member',
  ug: 'UserGroup',
  pol: 'Policy',
  rg: 'ResourceGroup',
  sso: 'SsoConnector',
  conn: 'Connector',
  res: 'Resource',
  perm: 'IntegrationPermission',
}
