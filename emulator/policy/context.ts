export type ContextValues = Record<string, string | readonly string[] | undefined>

/** The condition keys of one request. Names compare case-insensitively, as in IAM; a key without a value is not there. */
export class PolicyContext {
  readonly #values = new Map<string, readonly string[]>()

  constructor(...layers: ContextValues[]) {
    for (const layer of layers) {
      for (const [key, value] of Object.entries(layer)) {
        if (value !== undefined) this.#values.set(key.toLowerCase(), typeof value === 'string' ? [value] : value)
      }
    }
  }

  values(key: string): readonly string[] | undefined {
    return this.#values.get(key.toLowerCase())
  }
}

/** Tags as condition keys, such as `aws:ResourceTag/ManagedBy`. */
export function tagKeys(prefix: string, tags: ReadonlyMap<string, string> | undefined): ContextValues {
  return Object.fromEntries([...(tags ?? [])].map(([key, value]) => [`${prefix}/${key}`, value]))
}
