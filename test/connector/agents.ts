import { call, custom, done, errorFields, type Refused, registerConnector } from '../integration/integrations.ts'
import type { Data, TestApp, TestOrganization } from '../support/app.ts'

export interface Agent {
  connectorId: string
  key: string
  integrationId: string
}

/** A connector with one integration of type custom. */
export async function agentOf(own: TestOrganization, name = 'agent', more: object = {}): Promise<Agent> {
  const { id, key } = await registerConnector(own, name)
  const { id: integrationId } = done(await call(own, 'createIntegration', custom(own.id, `of ${name}`, { connectorId: id, ...more })))
  return { connectorId: id, key, integrationId }
}

export interface Reported {
  integration: Data
  summary: { total: number; succeeded: number; failed: number } | null
  errors: Refused[]
}

export async function report(app: TestApp, key: string, input: object): Promise<Reported> {
  const { data, errors } = await app.send(
    key,
    `mutation ($input: ReportDiscoveryInput!) { reportDiscovery(input: $input) { summary { total succeeded failed }
      integration { id status statusMessage lastSyncAt version } ${errorFields} } }`,
    { input: { resources: [], ...input } },
  )
  if (errors) throw new Error(JSON.stringify(errors))
  return data.reportDiscovery
}

export const resource = (externalId: string, more: object = {}) => ({ externalId, name: externalId, type: 'thing', ...more })
export const resources = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => resource(`r${String(from + i).padStart(6, '0')}`))

/** Names of the integration's resources by status. */
export async function stateOf({ ask }: TestOrganization, integrationId: string): Promise<Record<string, string[]>> {
  const { integration } = await ask(`{ integration(id: "${integrationId}") { resources(first: 200) { nodes { externalId status } } } }`)
  const states: Record<string, string[]> = {}
  for (const { externalId, status } of integration.resources.nodes) states[status] = [...(states[status] ?? []), externalId]
  return states
}
