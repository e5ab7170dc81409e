import { setTimeout as delay } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { isUnavailable, isWriteConflict } from './unavailable.ts'

/**
 * Runs `work` in one transaction: committed when it returns, rolled back when it throws. A serialization failure or a deadlock is
 * repeated once, so `work` must have no effect outside the transaction. A connection whose state is unknown is never used again.
 */
export async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  try {
    return await attempt(pool, work)
  } catch (error) {
    if (!isWriteConflict(error)) throw error
  }
  // The rivals wait for different times, or they would meet again.
  await delay(10 + Math.random() * 50)
  return attempt(pool, work)
}

async function attempt<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let isBroken = false
  // Without a listener a connection lost between two statements would end the process.
  const onError = () => {
    isBroken = true
  }
  client.on('error', onError)
  try {
    await client.query('BEGIN')
    const result = await work(client)
    const { command } = await client.query('COMMIT')
    if (command !== 'COMMIT') throw new Error('A statement of the transaction failed and its error was swallowed: nothing was committed.')
    return result
  } catch (error) {
    // On a connection that does not answer, ROLLBACK would wait for a time-out of its own; closing it rolls back too.
    if (isBroken || isUnavailable(error)) isBroken = true
    else if (client.getTransactionStatus() !== 'I') {
      await client.query('ROLLBACK').catch(() => {
        isBroken = true
      })
    }
    throw error
  } finally {
    client.off('error', onError)
    client.release(isBroken)
  }
}
