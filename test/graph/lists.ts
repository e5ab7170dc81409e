import pg from 'pg'
import type { TestApp } from '../support/app.ts'

/**
 * Fills the lists of organizations with so many rows each, all of their tables set-wise. The `i`th row is called "Name-" and the six digits
 * of i * 7919 % 10007, so that rows do not lie in the order of their names, and is i minutes old; i begins with 1. Ids end with i.
 */
export async function fillLists(app: TestApp, organizations: { id: string; rows: number }[]): Promise<void> {
  const ids = organizations.map(({ id }) => id)
  const counts = organizations.map(({ rows }) => rows)
  const idOf = (prefix: string) => `'${prefix}_' || lpad((o.place * 10000 + i)::text, 26, '0')`
  const digits = "lpad((i * 7919 % 10007)::text, 6, '0')"
  const fill = (table: string, prefix: string, values: Record<string, string>) =>
    app.fill(
      `insert into "${table}" ("id", "organizationId", ${Object.keys(values)
        .map((column) => `"${column}"`)
        .join(', ')})
       select ${idOf(prefix)}, o.id, ${Object.values(values).join(', ')}
       from unnest($1::text[], $2::int[]) with ordinality as o(id, count, place), generate_series(1, o.count) i`,
      [ids, counts],
    )
  const name = `'Name-' || ${digits}`
  const accountId = `'1' || lpad(${digits}, 11, '0')`
  const then = `now() - i * interval '1 minute'`
  const actor = { actorKind: "'SYSTEM'", actorSubject: "'system'", actorLabel: "'System'" }
  await fill('ApiKey', 'key', { name, prefix: "'x'", secretHash: idOf('hash').concat('::bytea'), scopes: "'{}'" })
  await fill('Connector', 'con', { name, apiKeyId: idOf('key') })
  await fill('Integration', 'int', { name, type: "'custom'", status: "'ACTIVE'", createdAt: then, lastSyncAt: then })
  await fill('AwsAccount', 'acct', { alias: name, accountId, partition: "'AWS'", lastScanAt: then, lastCompleteScanAt: then })
  await fill('AwsCredential', 'cred', { accountName: name, accessKeyId: `'AKIA' || lpad(${digits}, 16, '0')`, sealedSecret: "''" })
  await fill('Component', 'cmp', {
    ...{ integrationId: idOf('int'), awsAccountId: idOf('acct'), kind: "'INVENTORY'", itemId: accountId },
    ...{ partition: "'AWS'", state: "'INSTALLED'", health: "'HEALTHY'" },
  })
  await fill('AwsRole', 'role', {
    ...{ name, awsAccountId: idOf('acct'), roleId: `'AROA' || o.place || ${digits}`, arn: `'arn:aws:iam::' || ${accountId} || ':role/x'` },
    ...{ path: "'/'", maxSessionDuration: '3600', trustPolicy: "'{}'", firstSeenAt: then, lastSeenAt: then, updatedAt: then },
  })
  await fill('Resource', 'res', { name, integrationId: idOf('int'), externalId: digits, type: "'thing'", status: "'ACTIVE'" })
  await fill('UserGroup', 'ug', { name, createdAt: then })
  await fill('ResourceGroup', 'rg', { name })
  await fill('Member', 'mem', { email: `'name-' || ${digits} || '@example.com'`, status: "'ACCEPTED'" })
  await fill('SsoConnector', 'sso', {
    emailDomain: `'name-' || ${digits} || '.example'`,
    code: `'gatehouse-sso-verification=' || md5(${digits})`,
  })
  await fill('BackgroundOperation', 'op', { ...actor, kind: "'AWS_SYNC'", status: "'SUCCEEDED'", input: "'{}'", createdAt: then })
  await fill('AuditEvent', 'aud', { ...actor, at: then, action: "'thing.do'", outcome: "'SUCCEEDED'" })
}

/** A connection as the server's are. */
export async function connectLikeServer({ booted }: TestApp): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: booted.databaseUrl, options: booted.services.db.pool.options.options })
  await client.connect()
  return client
}
