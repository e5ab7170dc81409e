import { expect } from 'vitest'
import type { Data } from '../support/app.ts'

export type Ask = (query: string, variables?: object) => Promise<Data>

/** The one way from nothing to INSTALLED, and to a BASE. */
const wayOf = (kind: string): string[] =>
  kind === 'BASE' ? ['STAGE null INSTALLED'] : ['STAGE null STAGE', 'VERIFY STAGE CONFIGURE', 'CONFIGURE CONFIGURE INSTALLED']

interface Component {
  id: string
  kind: string
  itemId: string
  state: string
  version: number
  transitions: { nodes: { action: string; fromState: string | null; toState: string | null }[] }
}

/** Fails unless exactly these components are there, installed in three changes each, with one transition and one audit event for each change. */
export async function expectInstalledOnce(ask: Ask, organizationId: string, accountIds: string[], kinds: string[]): Promise<void> {
  const components: Component[] = await readAll(
    ask,
    organizationId,
    `components(first: 200, after: $after) { nodes { id kind itemId state version
    transitions { nodes { action fromState toState } } } pageInfo { hasNextPage endCursor } }`,
  )
  const items = components.map(({ kind, itemId }) => `${kind} ${itemId}`)
  expect(items.toSorted()).toEqual(accountIds.flatMap((id) => ['BASE', ...kinds].map((kind) => `${kind} ${id}`)).toSorted())
  const events: { action: string; outcome: string; subjectId: string }[] = await readAll(
    ask,
    organizationId,
    'auditEvents(first: 200, after: $after) { nodes { action outcome subjectId } pageInfo { hasNextPage endCursor } }',
  )
  const eventsOf = (id: string) =>
    events.filter(({ subjectId, action, outcome }) => subjectId === id && action.startsWith('component.') && outcome === 'SUCCEEDED')
  const histories = components.map(({ id, state, version, transitions }) => ({
    id,
    state,
    version,
    changes: transitions.nodes.map(({ action, fromState, toState }) => `${action} ${fromState} ${toState}`).toReversed(),
    events: eventsOf(id)
      .map(({ action }) => action)
      .toReversed(),
  }))
  expect(histories).toEqual(
    components.map(({ id, kind }) => ({
      id,
      state: 'INSTALLED',
      version: wayOf(kind).length,
      changes: wayOf(kind),
      events: wayOf(kind).map((change) => `component.${change.split(' ')[0]?.toLowerCase()}`),
    })),
  )
}

async function readAll<Item>(ask: Ask, organizationId: string, connection: string): Promise<Item[]> {
  const field = connection.slice(0, connection.indexOf('('))
  const items: Item[] = []
  for (let after: string | null = null; ; ) {
    const { organization } = await ask(`query ($id: ID!, $after: String) { organization(id: $id) { ${connection} } }`, {
      id: organizationId,
      after,
    })
    items.push(...organization[field].nodes)
    if (!organization[field].pageInfo.hasNextPage) return items
    after = organization[field].pageInfo.endCursor
  }
}
