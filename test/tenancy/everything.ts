import { setTimeout as delay } from 'node:timers/promises'
import { iamOf } from '../../emulator/iam/iam.state.ts'
import { putRole } from '../../emulator/iam/role.ts'
import { startWorker } from '../../src/jobs/worker.ts'
import { newId } from '../../src/platform/typeid.ts'
import type { Things } from '../graph/fillers.ts'
import { copyRow } from '../graph/many.ts'
import { nodeTypes } from '../graph/schema-walk.ts'
import type { TestApp, TestOrganization } from '../support/app.ts'
import { permissionGroups } from '../support/groups.ts'
import { makeGroups } from './groups.ts'

/** An organization that has one of everything there is. */
export interface Everything extends TestOrganization, Things {
  /** Stands in every name it was given, and nowhere else. */
  tag: string
  /** The key of its connector's agent. */
  connectorKey: string
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
  const { integrationId, connectorKey } = await makeIntegrations(app, organization, tag)
  // A sync has the organization's id under another prefix, and no column of its own for it.
  const ids = [...(await idsOf(app, id)), id.replace('org_', 'sync_')]
  const byType = await typesOf(organization, [...ids, permissionGroups.viewer])
  // Of a key's: the platform administrator's and the worker's lead to nobody.
  const { rows } = await pool.query<{ id: string }>(
    `select "id" from "AuditEvent" where "organizationId" = $1 and "actorKind" = 'API_KEY' order by "id" limit 1`,
    [id],
  )
  const auditEvent = rows[0]?.id
  return {
    ...organization,
    tag,
    accountId,
    functionArn,
    connectorKey,
    ids,
    idOf(typeName) {
      const chosen = {
        ...{ AuditEvent: auditEvent, Component: accessLogs },
        ...{ BackgroundOperation: verifyComponents.operation.id, Integration: integrationId },
      }
      const found = chosen[typeName as keyof typeof chosen] ?? byType.get(typeName)
      if (!found) throw new Error(`There is no ${typeName}: make one in test/tenancy/everything.ts.`)
      return found
    },
  }
}

/**
 * A connector with an integration whose agent reports, and whatever else an integration has to the one of AWS, which has components and
 * operations already: its id is answered.
 */
async function makeIntegrations(
  app: TestApp,
  { id, ask }: TestOrganization,
  tag: string,
): Promise<{ integrationId: string; connectorKey: string }> {
  const { registerConnector } = await ask(
    `mutation { registerConnector(input: { organizationId: "${id}", name: "connector ${tag}" }) { connector { id } secret } }`,
  )
  const { organization } = await ask(`{ organization(id: "${id}") { awsIntegration { id } } }`)
  const sourceIntegrationId = organization.awsIntegration.id
  const { createIntegration } = await ask(
    'mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) { integration { id } errors { message path } } }',
    {
      input: {
        organizationId: id,
        name: `custom ${tag}`,
        type: 'custom',
        config: { description: `config ${tag}` },
        connectorId: registerConnector.connector.id,
        secretStore: { aws: { region: 'us-east-1', secretId: `secret-${tag}` } },
        connectedResourceTypes: [`things-${tag}`],
        customAccessDetails: `ask ${tag}`,
        owner: { attributeType: 'email', attributeValues: [`owner@${tag}.example`], sourceIntegrationId },
        ownersMapping: { keyName: `owner-${tag}`, attributeType: 'email', sourceIntegrationId },
      },
    },
  )
  if (!createIntegration.integration) throw new Error(JSON.stringify(createIntegration.errors))
  const reportedId = createIntegration.integration.id
  const type = `things-${tag}`
  const resource = (name: string) => ({
    externalId: `${name}-${tag}`,
    name: `${name} ${tag}`,
    type,
    statusMessage: `all is well with ${tag}`,
    sourceTags: [{ key: `owner-${tag}`, value: `team-${tag}` }],
  })
  const connectorKey = registerConnector.secret
  // The run stays open, so that there is one with parts.
  const reported = await app.send(
    connectorKey,
    'mutation ($input: ReportDiscoveryInput!) { reportDiscovery(input: $input) { errors { message path } } }',
    {
      input: {
        integrationId: reportedId,
        runId: `run-${tag}`,
        resources: ['one', 'two'].map(resource),
        permissions: [{ name: `use-${tag}`, resourceType: type }],
      },
    },
  )
  if (reported.data.reportDiscovery.errors.length > 0) throw new Error(JSON.stringify(reported))
  const { integration } = await ask(`{ integration(id: "${reportedId}") { resources { nodes { id } } } }`)
  await ask('mutation ($input: AddResourceUserTagsInput!) { addResourceUserTags(input: $input) { errors { message } } }', {
    input: { resourceId: integration.resources.nodes[0].id, tags: [{ key: `tag-${tag}`, value: `value-${tag}` }] },
  })
  const people = { attributeType: 'email', sourceIntegrationId: reportedId }
  await ask('mutation ($input: UpdateIntegrationInput!) { updateIntegration(input: $input) { errors { message } } }', {
    input: {
      id: sourceIntegrationId,
      owner: { ...people, attributeValues: [`aws@${tag}.example`] },
      ownersMapping: { ...people, keyName: `owner-${tag}` },
    },
  })
  const { pool } = app.booted.services.db
  for (const [table, prefix] of [
    ['Resource', 'res'],
    ['IntegrationPermission', 'perm'],
  ] as const) {
    const { rows } = await pool.query<{ id: string; name: string }>(`select "id", "name" from "${table}" where "integrationId" = $1`, [
      reportedId,
    ])
    for (const { id: copied, name } of rows)
      await copyRow(pool, table, copied, [{ id: newId(prefix), integrationId: sourceIntegrationId, name: `aws ${name}` }])
  }
  return { integrationId: sourceIntegrationId, connectorKey }
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
