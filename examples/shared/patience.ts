import { setTimeout as delay } from 'node:timers/promises'

/** Waits between attempts, longer and longer, until there was no progress for `limitMs`. */
export class Patience {
  #attempts = 0
  #endsAtMs: number | null = null

  constructor(private readonly limitMs: number) {}

  /** There was progress: from here it begins anew. */
  reset(): void {
    this.#attempts = 0
    this.#endsAtMs = null
  }

  /** False, at once, when it has come to its end. */
  async wait(atLeastMs = 0): Promise<boolean> {
    this.#endsAtMs ??= performance.now() + this.limitMs
    const leftMs = this.#endsAtMs - performance.now()
    if (leftMs <= 0) return false
    const backoffMs = Math.min(2_000, 250 * 2 ** this.#attempts++) * (0.5 + Math.random() / 2)
    await delay(Math.min(leftMs, Math.max(atLeastMs, backoffMs)))
    return true
  }
}
