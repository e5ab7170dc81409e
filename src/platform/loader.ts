import DataLoader from 'dataloader'

/** The loaders of one request, made when first asked for. They die with the request, so nothing read by one caller is seen by another. */
export class LoaderCache {
  readonly #loaders = new Map<string, unknown>()
  readonly #kept = new Map<string, unknown>()

  get<Loader>(name: string, make: () => Loader): Loader {
    let loader = this.#loaders.get(name) as Loader | undefined
    if (loader === undefined) {
      loader = make()
      this.#loaders.set(name, loader)
    }
    return loader
  }

  /** A row that is known before the loader of that name is made. */
  keep(name: string, row: unknown): void {
    this.#kept.set(name, row)
  }

  kept<Row>(name: string): Row | undefined {
    return this.#kept.get(name) as Row | undefined
  }

  /** After a write: whatever the rest of the request reads is read again. */
  clear(): void {
    this.#loaders.clear()
    this.#kept.clear()
  }
}

/** Ids a statement at the most; a larger set is split. */
const maxIdsPerStatement = 2000

type ReadRows<Row> = (keys: readonly string[]) => Promise<Row[]>

/**
 * A loader of one request over keys that are read set-wise: rows in any order go in, answers in key order come out, null for a miss. What
 * is asked for one by one in a tick is one statement, what is asked for many at once is one, and nothing is read twice.
 */
export class RowLoader<Row> extends DataLoader<string, Row | null> {
  readonly #rows = new Map<string, Row | null>()
  readonly #sets: DataLoader<Iterable<string>, ReadonlyMap<string, Row | null>>
  readonly #underWay = new Set<{ keys: Set<string>; done: Promise<void> }>()
  readonly #read: ReadRows<Row>
  readonly #keyOf: (row: Row) => string

  /** `known`: a row that need not be read. */
  constructor(read: ReadRows<Row>, keyOf: (row: Row) => string, known?: Row) {
    super(async (keys) => {
      const rows = await this.readAll(keys)
      return keys.map((key) => rows.get(key) ?? null)
    })
    this.#read = read
    this.#keyOf = keyOf
    if (known) this.#rows.set(keyOf(known), known)
    this.#sets = new DataLoader(
      async (sets) => {
        await this.#fill(sets)
        return sets.map(() => this.#rows)
      },
      { cache: false },
    )
  }

  /** Many at once, without a promise for each: what has been read so far, these keys among it. */
  readAll(keys: Iterable<string>): Promise<ReadonlyMap<string, Row | null>> {
    return this.#sets.load(keys)
  }

  async #fill(sets: readonly Iterable<string>[]): Promise<void> {
    const missing = new Set<string>()
    for (const keys of sets) for (const key of keys) if (!this.#rows.has(key)) missing.add(key)
    const awaited: Promise<void>[] = []
    for (const { keys, done } of this.#underWay) {
      const isShared = [...missing].filter((key) => keys.has(key) && missing.delete(key)).length > 0
      if (isShared) awaited.push(done)
    }
    if (missing.size > 0) {
      const reading = { keys: missing, done: this.#readInto([...missing]) }
      this.#underWay.add(reading)
      awaited.push(reading.done.finally(() => this.#underWay.delete(reading)))
    }
    await Promise.all(awaited)
  }

  async #readInto(keys: string[]): Promise<void> {
    const portions = Array.from({ length: Math.ceil(keys.length / maxIdsPerStatement) }, (_, portion) =>
      this.#read(keys.slice(portion * maxIdsPerStatement, (portion + 1) * maxIdsPerStatement)),
    )
    const found = await Promise.all(portions)
    for (const key of keys) this.#rows.set(key, null)
    for (const rows of found) for (const row of rows) this.#rows.set(this.#keyOf(row), row)
  }
}

/** As `RowLoader`, for lists that are read whole: all rows of each key, in the order they were read. */
export function rowsLoader<Row>(read: (keys: readonly string[]) => Promise<Row[]>, keyOf: (row: Row) => string): DataLoader<string, Row[]> {
  return new DataLoader<string, Row[]>(
    async (keys) => {
      const byKey = new Map(keys.map((key): [string, Row[]] => [key, []]))
      for (const row of await read(keys)) byKey.get(keyOf(row))?.push(row)
      return keys.map((key) => byKey.get(key) ?? [])
    },
    { maxBatchSize: maxIdsPerStatement },
  )
}
