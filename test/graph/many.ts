import type { Pool } from 'pg'
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
  await copy('AuditEvent', idOf('AuditEvent'), () => ({ id: newId('aud') }))
  await copy('Integration', idOf('Integration'), (i) => ({ id: newId('int'), name: `integration ${i}` }))
  const integrations = (await pool.query<{ id: string }>('select "id" from "Integration" where "organizationId" = $1', [organizationId]))
    .rows
  for (const [n, { id: integrationId }] of integrations.entries()) {
    await copy('Resource', idOf('Resource'), (i) => ({
      id: newId('res'),
      integrationId,
      externalId: `many ${n} ${i}`,
      name: `resource ${i}`,
    }))
    await copy('IntegrationPermission', idOf('IntegrationPermission'), (i) => ({
      id: newId('perm'),
      integrationId,
      name: `permission ${i}`,
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
  const table = tables[prefix]
  const same = prefix === 'cmp' ? `"kind" = (select "kind" from "Component" where "id" = $1)` : '$1 = $1'
  const { rows } = await pool.query<{ id: string }>(`select "id" from "${table}" where ${same} order by "id" = $1 desc, "id" limit $2`, [
    first,
    count,
  ])
  if (rows.length < count) throw new Error(`There are ${rows.length} of ${typeName}: make ${many} in test/graph/many.ts.`)
  return rows.map(({ id }) => id)
}

const tables: Record<IdPrefix, string> = {
  org: 'Organization',
  key: 'ApiKey',
  aud: 'AuditEvent',
  int: 'Integration',
  cmp: 'Component',
  ver: 'Verification',
  tr: 'ComponentTransition',
  acct: 'AwsAccount',
  op: 'BackgroundOperation',
  sso: 'SsoConnector',
  conn: 'Connector',
  res: 'Resource',
  perm: 'IntegrationPermission',
}
