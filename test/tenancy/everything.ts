import { setTimeout as delay } from 'node:timers/promises'
import { iamOf } from '../../emulator/iam/iam.state.ts'
import { putRole } from '../../emulator/iam/role.ts'
import { startWorker } from '../../src/jobs/worker.ts'
import type { Things } from '../graph/fillers.ts'
import { nodeTypes } from '../graph/schema-walk.ts'
import type { TestApp, TestOrganization } from '../support/app.ts'
import { permissionGroups } from '../support/groups.ts'
import { makeGroups } from './groups.ts'

/** An organization that has one of everything there is. */
export interface Everything extends TestOrganization, Things {
  /** Stands in every name it was given, and nowhere else. */
  tag: string
  /** All of its global ids. */
  ids: string[]
}

/** Types whose things are the same in every organization. */
export const sharedTypes = ['PermissionGroup']

const kinds = ['IAM_ASSESSMENT', 'IAM_WRITE', 'ACCESS_LOGS', 'INVENTORY']

/** Makes an organization with one of everything. A noun that comes to the graph is made here too: the tests that use this fail until then. */
export async function makeEverything(app: TestApp, tag: string, accountId: string): Promise<Everything> {
  const organization = await app.organization(`Company ${tag}`)
  const { id, ask } = organization
  const functionArn = `arn:aws:lambda:us-east-1:${accountId}:function:${tag}`
  await ask(`mutation { createApiKey(input: { organizationId: "${id}", name: "reader ${tag}", scopes: [COMPONENTS_READ] }) { secret } }`)
  await ask(`mutation { installAwsIntegration(input: { organizationId: "${id}" }) { alreadyInstalled } }`)
  const stage = (kind: string, itemId: string) =>
    ask(`mutation { stageComponent(input: { organizationId: "${id}", kind: ${kind}, itemId: "${itemId}" }) { component { id } } }`)
  for (const kind of kinds) await stage(kind, accountId)
  await stage('FUNCTION_CALLER', functionArn)
  // The one kind that installs without anything in AWS.
  const accessLogs = (await ask(`{ organization(id: "${id}") { component(kind: ACCESS_LOGS, itemId: "${accountId}") { id } } }`))
    .organization.component.id
  await ask(`mutation { verifyComponent(input: { id: "${accessLogs}" }) { errors { message } }
    configureComponent(input: { id: "${accessLogs}", config: { accessLogs: {} } }) { errors { message } } }`)
  const { verifyComponents } = await ask(
    `mutation { verifyComponents(input: { organizationId: "${id}", ids: ["${accessLogs}"] }) { operation { id } errors { message } } }`,
  )
  const worker = await startWorker(app.booted.services, app.booted.databaseUrl)
  try {
    await untilDone(organization, verifyComponents.operation.id)
    await readAws(app, organization, tag, accountId)
  } finally {
    await worker.stop()
  }
  const { pool } = app.booted.services.db
  await pool.query('update "AwsAccount" set "alias" = $2 where "organizationId" = $1', [id, `alias-${tag}`])
  const okta = { type: 'okta', appId: `0o${tag}`, identityProvider: `okta-${tag}`, multiAccountParentId: null }
  await pool.query(`update "Component" set "config" = $2 where "organizationId" = $1 and "kind" = 'IAM_WRITE'`, [
    id,
    { login: { type: 'federated', provider: okta } },
  ])
  await makeGroups(organization, tag)
  // Not begun: a look-up would change its row in the middle of a test.
  await ask(`mutation { createSsoConnector(input: { organizationId: "${id}", emailDomain: "${tag}.example", beginVerification: false }) {
    errors { message } } }`)
  // A sync has the organization's id under another prefix, and no column of its own for it.
  const ids = [...(await idsOf(app, id)), id.replace('org_', 'sync_')]
  const byType = await typesOf(organization, [...ids, permissionGroups.viewer])
  return {
    ...organization,
    tag,
    accountId,
    functionArn,
    ids,
    idOf(typeName) {
      const found = { Component: accessLogs, BackgroundOperation: verifyComponents.operation.id }[typeName] ?? byType.get(typeName)
      if (!found) throw new Error(`There is no ${typeName}: make one in test/tenancy/everything.ts.`)
      return found
    },
  }
}

/** A key of the account and a role in it, found by a sync. */
async function readAws(app: TestApp, organization: TestOrganization, tag: string, accountId: string): Promise<void> {
  const account = app.aws.state.account(accountId)
  iamOf(account).alias = `alias-${tag}`
  putRole(account, app.aws.state.now(), { name: `role-${tag}`, trustPolicy: JSON.stringify({ Version: '2012-10-17', Statement: [] }) })
  await organization.ask(`mutation { putAwsCredentials(input: { organizationId: "${organization.id}", credentials: [
    { accountName: "credential ${tag}", accessKeyId: "AKIA${accountId}", secretAccessKey: "secret-of-${tag}-0123456789" }] }) { errors { message } } }`)
  const { syncAwsAccounts } = await organization.ask(
    `mutation { syncAwsAccounts(input: { organizationId: "${organization.id}" }) { operation { id } errors { message } } }`,
  )
  await untilDone(organization, syncAwsAccounts.operation.id)
}

/** Names of the node types that it has nothing of. */
export const missingTypes = (everything: Everything): string[] =>
  nodeTypes
    .map(({ name }) => name)
    .filter((name) => {
      try {
        return !everything.idOf(name)
      } catch {
        return true
      }
    })

async function untilDone({ ask }: TestOrganization, operationId: string): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    const { operation } = await ask(`{ operation(id: "${operationId}") { finishedAt } }`)
    if (operation.finishedAt) return
    await delay(50)
  }
  throw new Error('the operation did not end')
}

async function idsOf(app: TestApp, organizationId: string): Promise<string[]> {
  const { pool } = app.booted.services.db
  const tables = await pool.query<{ name: string }>(
    `select c.table_name as name from information_schema.columns c where c.table_schema = 'public' and c.column_name = 'id'
     and exists (select 1 from information_schema.columns o where o.table_schema = 'public' and o.table_name = c.table_name and o.column_name = 'organizationId')`,
  )
  const all = tables.rows.map(({ name }) => `select "id" from "${name}" where "organizationId" = $1`).join(' union all ')
  const { rows } = await pool.query<{ id: string }>(`select $1::text as "id" union all ${all}`, [organizationId])
  return rows.map((row) => row.id)
}

async function typesOf({ ask }: TestOrganization, ids: string[]): Promise<Map<string, string>> {
  const { nodes } = await ask('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }', { ids })
  return new Map(nodes.filter(Boolean).map((node: { __typename: string; id: string }) => [node.__typename, node.id]))
}
