import { type Reply, send } from './client.ts'
import type { ComponentFact, ExampleFacts } from './examples.ts'
import factsQuery from './queries/example-facts.graphql?raw'
import viewerQuery from './queries/viewer.graphql?raw'

export interface Organization {
  id: string
  slug: string
  name: string
}

export interface Viewer {
  kind: 'API_KEY' | 'USER' | 'PLATFORM_ADMIN'
  subject: string
  scopes: readonly string[]
  organizations: { nodes: readonly Organization[] }
  apiKey: { name: string; prefix: string; expiresAt: string | null } | null
}

/** Who the key is to the server. Throws KeyRefused, ServerGone, or an Error with the server's own words. */
export async function askViewer(key: string): Promise<Viewer> {
  const reply = await send<{ viewer: Viewer }>(key, { query: viewerQuery })
  if (!reply.data) throw new Error(reply.errors?.[0]?.message ?? 'The server answered without data.')
  return reply.data.viewer
}

/** What the examples are filled in with. Without the scope to read components, or without an answer, there are none. */
export async function askExampleFacts(key: string, organizationId: string): Promise<ExampleFacts> {
  const reply = await send<FactsData>(key, { query: factsQuery, variables: { organizationId } }).catch((): Reply<FactsData> => ({}))
  return { organizationId, components: reply.data?.organization?.components?.nodes ?? [] }
}

interface FactsData {
  organization: { components: { nodes: readonly ComponentFact[] } | null } | null
}
