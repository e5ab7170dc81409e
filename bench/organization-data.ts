import type { Client } from 'pg'
import { shippedPermissionGroups } from '../src/permission-group/permission-groups.ts'

export interface Shape {
  members: number
  groups: number
  policiesPerGroup: number
  groupsPerMember: number
  resourceGroups: number
  accounts: number
}

/** Ids of generated rows: the prefix and a number, in the form that ids have. Organizations are told apart by `base`. */
export const idAt = (prefix: string, base: number, i: number) => `${prefix}_${String(base + i).padStart(26, '0')}`
const sqlId = (prefix: string, i: string) => `'${prefix}_' || lpad((${i})::text, 26, '0')`

/**
 * Fills an organization: each account has two components; a resource group covers an account, a component and another account; a policy
 * applies two permission groups to two resource groups, every tenth one as a deny; an account has a role, a group grants five. Set-wise, a statement a table.
 */
export async function fillOrganization(client: Client, organizationId: string, base: number, shape: Shape): Promise<void> {
  const { members, groups, policiesPerGroup, groupsPerMember, resourceGroups, accounts } = shape
  const run = (text: string, ...values: unknown[]) => client.query(text, [organizationId, base, ...values])
  await run(`insert into "Integration" ("id", "organizationId", "name", "type") select ${sqlId('int', '$2::bigint')}, $1, 'aws', 'aws'`)
  await run(
    `insert into "AwsAccount" ("id", "organizationId", "accountId", "partition")
     select ${sqlId('acct', '$2::bigint + i')}, $1, lpad(i::text, 12, '0'), 'AWS' from generate_series(0, $3::int - 1) i`,
    accounts,
  )
  await run(
    `insert into "Component" ("id", "organizationId", "integrationId", "awsAccountId", "kind", "itemId", "partition", "state")
     select ${sqlId('cmp', '$2::bigint + i * 2 + k')}, $1, ${sqlId('int', '$2::bigint')}, ${sqlId('acct', '$2::bigint + i')},
       (array['INVENTORY', 'IAM_ASSESSMENT'])[k + 1]::"ComponentKind", lpad(i::text, 12, '0'), 'AWS', 'STAGE'
     from generate_series(0, $3::int - 1) i, generate_series(0, 1) k`,
    accounts,
  )
  await run(
    `insert into "Member" ("id", "organizationId", "email", "status")
     select ${sqlId('mem', '$2::bigint + i')}, $1, 'member' || lpad(i::text, 6, '0') || '@example.com', 'ACCEPTED' from generate_series(0, $3::int - 1) i`,
    members,
  )
  await run(
    `insert into "UserGroup" ("id", "organizationId", "name")
     select ${sqlId('ug', '$2::bigint + i')}, $1, 'group ' || lpad(i::text, 5, '0') from generate_series(0, $3::int - 1) i`,
    groups,
  )
  await run(
    `insert into "UserGroupMember" ("organizationId", "userGroupId", "memberId", "email")
     select distinct $1, ${sqlId('ug', '$2::bigint + (i * 7 + k * 131) % $4::int')}, ${sqlId('mem', '$2::bigint + i')}, 'member' || lpad(i::text, 6, '0') || '@example.com'
     from generate_series(0, $3::int - 1) i, generate_series(0, $5::int - 1) k`,
    members,
    groups,
    groupsPerMember,
  )
  await run(
    `insert into "ResourceGroup" ("id", "organizationId", "name")
     select ${sqlId('rg', '$2::bigint + i')}, $1, 'resources ' || lpad(i::text, 5, '0') from generate_series(0, $3::int - 1) i`,
    resourceGroups,
  )
  await run(
    `insert into "ResourceGroupObject" ("organizationId", "resourceGroupId", "key", "ordinal")
     select $1, ${sqlId('rg', '$2::bigint + i')}, key, ordinal from generate_series(0, $3::int - 1) i, lateral unnest(array[
       'awsAccount.' || lpad((i % $4::int)::text, 12, '0'), 'component.' || ${sqlId('cmp', '$2::bigint + i % $4::int')},
       'awsAccount.' || lpad(((i + 1) % $4::int)::text, 12, '0')]) with ordinality as o(key, ordinal) on conflict do nothing`,
    resourceGroups,
    accounts,
  )
  await run(
    `insert into "Policy" ("id", "organizationId", "userGroupId", "access", "permissionGroupIds", "ordinal")
     select ${sqlId('pol', '$2::bigint + i * $4::int + k')}, $1, ${sqlId('ug', '$2::bigint + i')}, (case when k % 10 = 9 then 'DENY' else 'ALLOW' end)::"PolicyAccess",
       ($5::text[])[(i + k) % 12 + 1 : (i + k) % 12 + 2], k
     from generate_series(0, $3::int - 1) i, generate_series(0, $4::int - 1) k`,
    groups,
    policiesPerGroup,
    shippedPermissionGroups.map(({ id }) => id),
  )
  await run(
    `insert into "PolicyResourceGroup" ("organizationId", "userGroupId", "policyId", "resourceGroupId", "ordinal")
     select $1, ${sqlId('ug', '$2::bigint + i / $4::int')}, ${sqlId('pol', '$2::bigint + i')}, ${sqlId('rg', '$2::bigint + (i * 3 + k * 17) % $5::int')}, k
     from generate_series(0, $3::int - 1) i, generate_series(0, 1) k`,
    groups * policiesPerGroup,
    policiesPerGroup,
    resourceGroups,
  )
  await run(
    `insert into "AwsRole" ("id", "organizationId", "awsAccountId", "roleId", "name", "arn", "path", "maxSessionDuration", "trustPolicy",
       "firstSeenAt", "lastSeenAt", "updatedAt")
     select ${sqlId('role', '$2::bigint + i')}, $1, ${sqlId('acct', '$2::bigint + i')}, 'AROA' || lpad(i::text, 17, '0'), 'role',
       'arn:aws:iam::' || lpad(i::text, 12, '0') || ':role/role', '/', 3600, '{}', now(), now(), now() from generate_series(0, $3::int - 1) i`,
    accounts,
  )
  await run(
    `insert into "UserGroupAwsRole" ("organizationId", "userGroupId", "awsRoleId")
     select distinct $1, ${sqlId('ug', '$2::bigint + i')}, ${sqlId('role', '$2::bigint + (i * 3 + k * 7) % $4::int')}
     from generate_series(0, $3::int - 1) i, generate_series(0, 4) k`,
    groups,
    accounts,
  )
}

/** Runs `work` while these tables have neither indexes nor keys; to build them at the end takes a fraction of keeping them up row by row. */
export async function withoutIndexes(client: Client, tables: string[], work: () => Promise<void>): Promise<void> {
  const { rows: constraints } = await client.query<{ table: string; name: string; definition: string }>(
    `select conrelid::regclass::text as "table", quote_ident(conname) as "name", pg_get_constraintdef(oid) as "definition"
     from pg_constraint where conrelid = any($1::regclass[]) and contype in ('p', 'f') order by contype = 'f'`,
    [tables],
  )
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as "name", pg_get_indexdef(indexrelid) as "definition" from pg_index i
     where indrelid = any($1::regclass[]) and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype = 'p')`,
    [tables],
  )
  for (const { table, name } of constraints.toReversed()) await client.query(`alter table ${table} drop constraint ${name}`)
  for (const { name } of indexes) await client.query(`drop index ${name}`)
  await work()
  const restore = constraints.map(({ table, name, definition }) => `alter table ${table} add constraint ${name} ${definition}`)
  const isForeign = (text: string) => text.includes('FOREIGN KEY')
  for (const text of restore.filter((text) => !isForeign(text))) await client.query(text)
  for (const { definition } of indexes) await client.query(definition)
  for (const text of restore.filter(isForeign)) await client.query(text)
}
