import { type ComponentFilter, type ComponentState, ComponentsDocument } from '../generated/operations.ts'
import { type Gatehouse, itemsOf } from '../shared/gatehouse.ts'
import type { Account } from './accounts.ts'
import type { AccountKind } from './options.ts'

/** A component that is to be: one of each kind for each account. */
export interface Wanted {
  account: Account
  kind: AccountKind
  /** null: not there yet. */
  id: string | null
  state: ComponentState | null
  /** Why nothing more is done about it in this run; null: nothing stands in the way. */
  problem: string | null
}

/** The components wanted, as far as the server has them. What it says decides, never what this program has done. */
export class Components {
  readonly all: Wanted[]
  readonly filter: ComponentFilter
  /** Whether the organization has its AWS integration, without which nothing can be staged. */
  hasIntegration = false
  readonly #byItem: Map<string, Wanted>

  constructor(accounts: Account[], kinds: AccountKind[]) {
    this.all = accounts.flatMap((account) => kinds.map((kind): Wanted => ({ account, kind, id: null, state: null, problem: null })))
    this.filter = { kinds, accountIds: accounts.map(({ id }) => id) }
    this.#byItem = new Map(this.all.map((wanted) => [`${wanted.kind} ${wanted.account.id}`, wanted]))
  }

  find(kind: string, itemId: string): Wanted | undefined {
    return this.#byItem.get(`${kind} ${itemId}`)
  }

  /** Those in that state that can go on. */
  at(state: ComponentState | null): Wanted[] {
    return this.all.filter((wanted) => wanted.state === state && wanted.problem === null)
  }

  count(state: ComponentState): number {
    return this.all.filter((wanted) => wanted.state === state).length
  }

  /** Reads all of them. */
  async refresh(gatehouse: Gatehouse, organizationId: string): Promise<void> {
    const found = new Map<Wanted, { id: string; state: ComponentState }>()
    const readPage = async (after: string | null) => {
      const { organization } = await gatehouse.ask(ComponentsDocument, { organizationId, filter: this.filter, after })
      this.hasIntegration = Boolean(organization?.awsIntegration)
      return organization?.awsIntegration?.components
    }
    for await (const { id, kind, itemId, state } of itemsOf(readPage)) {
      const wanted = this.find(kind, itemId)
      if (wanted) found.set(wanted, { id, state })
    }
    for (const wanted of this.all) Object.assign(wanted, found.get(wanted) ?? { id: null, state: null })
  }
}

/** Groups of at most `size` whose members have the same key. */
export function batches<T>(items: T[], size: number, keyOf: (item: T) => string): T[][] {
  const open = new Map<string, T[]>()
  const all: T[][] = []
  for (const item of items) {
    let batch = open.get(keyOf(item))
    if (!batch || batch.length === size) {
      batch = []
      open.set(keyOf(item), batch)
      all.push(batch)
    }
    batch.push(item)
  }
  return all
}
