import { setTimeout as delay } from 'node:timers/promises'
import { startWorker } from '../../src/jobs/worker.ts'
import type { Things } from '../graph/fillers.ts'
import { nodeTypes } from '../graph/schema-walk.ts'
import type { TestApp, TestOrganization } from '../support/app.ts'

/** An organization that has one of everything there is. */
export interface Everything extends TestOrganization, Things {
  /** Stands in every name it was given, and nowhere else. */
  tag: string
  /** The key of its connector's agent. */
  connectorKey: string
  /** All of its global ids. */
  ids: string[]
}

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
  await untilDone(organization, verifyComponents.operation.id).finally(() => worker.stop())
  const { pool } = app.booted.services.db
  await pool.query('update "AwsAccount" set "alias" = $2 where "organizationId" = $1', [id, `alias-${tag}`])
  const okta = { type: 'okta', appId: `0o${tag}`, identityProvider: `okta-${tag}`, multiAccountParentId: null }
  await pool.query(`update "Component" set "config" = $2 where "organizationId" = $1 and "kind" = 'IAM_WRITE'`, [
    id,
    { login: { type: 'federated', provider: okta } },
  ])
  // Not begun: a look-up would change its row in the middle of a test.
  await ask(`mutation { createSsoConnector(input: { organizationId: "${id}", emailDomain: "${tag}.example", beginVerification: false }) {
    errors { message } } }`)
  const { integrationId, connectorKey } = await makeIntegration(app, organization, tag)
  const ids = await idsOf(app, id)
  const byType = await typesOf(organization, ids)
  return {
    ...organization,
    tag,
    accountId,
    functionArn,
    connectorKey,
    ids,
    idOf(typeName) {
      const found = { Component: accessLogs, Integration: integrationId }[typeName] ?? byType.get(typeName)
      if (!found) throw new Error(`There is no ${typeName}: make one in test/tenancy/everything.ts.`)
      return found
    },
  }
}

/** A connector, and an integration that has whatever an integration may have. */
async function makeIntegration(
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
  const integrationId = createIntegration.integration.id
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
        integrationId,
        runId: `run-${tag}`,
        resources: ['one', 'two'].map(resource),
        permissions: [{ name: `use-${tag}`, resourceType: type }],
      },
    },
  )
  if (reported.data.reportDiscovery.errors.length > 0) throw new Error(JSON.stringify(reported))
  const { integration } = await ask(`{ integration(id: "${integrationId}") { resources { nodes { id } } } }`)
  await ask('mutation ($input: AddResourceUserTagsInput!) { addResourceUserTags(input: $input) { errors { message } } }', {
    input: { resourceId: integration.resources.nodes[0].id, tags: [{ key: `tag-${tag}`, value: `value-${tag}` }] },
  })
  return { integrationId, connectorKey }
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
