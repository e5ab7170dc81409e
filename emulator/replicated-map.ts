interface Pending<V> {
  previous: V | undefined
  visibleAtMs: number
}

/**
 * A map as an eventually consistent service keeps it: a writer sees its write at once (`latest`), a reader sees the value before it
 * until the write has spread (`visible`). Times are epoch milliseconds. What is deleted is gone for both.
 */
export class ReplicatedMap<V> {
  #values = new Map<string, V>()
  #pending = new Map<string, Pending<V>>()
  #sortedKeys: string[] | undefined

  get size(): number {
    return this.#values.size
  }

  latest(key: string): V | undefined {
    return this.#values.get(key)
  }

  visible(key: string, nowMs: number): V | undefined {
    const pending = this.#pending.get(key)
    if (!pending) return this.#values.get(key)
    if (nowMs < pending.visibleAtMs) return pending.previous
    this.#pending.delete(key)
    return this.#values.get(key)
  }

  put(key: string, value: V, nowMs: number, visibleAtMs = nowMs): void {
    const previous = this.visible(key, nowMs)
    if (!this.#values.has(key)) this.#sortedKeys = undefined
    this.#values.set(key, value)
    if (visibleAtMs > nowMs) this.#pending.set(key, { previous, visibleAtMs })
    else this.#pending.delete(key)
  }

  delete(key: string): boolean {
    this.#pending.delete(key)
    this.#sortedKeys = undefined
    return this.#values.delete(key)
  }

  /** Every value written, spread or not. */
  latestValues(): IterableIterator<V> {
    return this.#values.values()
  }

  /** The visible values in key order; after `afterKey` if given, at most `limit`. `next` is the key to go on after, if there is more. */
  page(nowMs: number, limit: number, afterKey?: string, accepts: (value: V) => boolean = () => true): { values: V[]; next?: string } {
    this.#sortedKeys ??= [...this.#values.keys()].sort()
    const values: V[] = []
    let last: string | undefined
    for (let index = firstAfter(this.#sortedKeys, afterKey); index < this.#sortedKeys.length; index++) {
      const key = this.#sortedKeys[index]!
      const value = this.visible(key, nowMs)
      if (value === undefined || !accepts(value)) continue
      if (values.length === limit) return { values, next: last }
      values.push(value)
      last = key
    }
    return { values }
  }
}

function firstAfter(sorted: string[], key: string | undefined): number {
  if (key === undefined) return 0
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! > key) high = middle
    else low = middle + 1
  }
  return low
}
