import DataLoader from 'dataloader'

/** The loaders of one request, made when first asked for. They die with the request, so nothing read by one caller is seen by another. */
export class LoaderCache {
  readonly #loaders = new Map<string, unknown>()

  get<Loader>(name: string, make: () => Loader): Loader {
    let loader = this.#loaders.get(name) as Loader | undefined
    if (loader === undefined) {
      loader = make()
      this.#loaders.set(name, loader)
    }
    return loader
  }

  /** After a write: whatever the rest of the request reads is read again. */
  clear(): void {
    this.#loaders.clear()
  }
}

/** Ids a statement at the most; a larger set is split. */
const maxIdsPerStatement = 2000

/** A loader over keys that are read set-wise: rows in any order go in, answers in key order come out, null for a miss. */
export function rowLoader<Row>(
  read: (keys: readonly string[]) => Promise<Row[]>,
  keyOf: (row: Row) => string,
  options: Pick<DataLoader.Options<string, Row | null>, 'cache' | 'batchScheduleFn'> = {},
): DataLoader<string, Row | null> {
  return new DataLoader<string, Row | null>(
    async (keys) => {
      const byKey = new Map((await read(keys)).map((row) => [keyOf(row), row]))
      return keys.map((key) => byKey.get(key) ?? null)
    },
    { maxBatchSize: maxIdsPerStatement, ...options },
  )
}

/** As `rowLoader`, for lists that are read whole: all rows of each key, in the order they were read. */
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
