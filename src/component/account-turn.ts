import { setTimeout as delay } from 'node:timers/promises'

/** Who is last in line, by account. */
const lines = new Map<string, Promise<unknown>>()

/** The rows' locks decide, this only spares connections: whoever has waited so long goes on at once, so that no answer waits for a whole line. */
const patienceMs = 2_000

/**
 * Writes to the components of one account line up here before each takes a database connection. At the account's row they would wait for
 * each other anyhow, and a burst of them would hold every connection of the process while they do.
 */
export function inTurn<T>(
  { organizationId, accountId }: { organizationId: string; accountId: string },
  work: () => Promise<T>,
): Promise<T> {
  const account = `${organizationId} ${accountId}`
  const before = lines.get(account)
  const result = before ? Promise.race([before, delay(patienceMs, undefined, { ref: false })]).then(work) : work()
  const ended = result.then(ignore, ignore)
  lines.set(account, ended)
  void ended.then(() => {
    if (lines.get(account) === ended) lines.delete(account)
  })
  return result
}

const ignore = () => undefined
