import type { PoolClient } from 'pg'
import type { Context } from '../context.ts'
import { Refusal, userError } from '../platform/errors.ts'

const nouns = { AwsAccount: 'AWS accounts', Component: 'components' }

interface Room {
  left: number
}
/** Counting takes the longer the more there is: a call over many items counts once, and again when its room is used up. */
const rooms = new WeakMap<Context, Map<string, Promise<Room>>>()

/**
 * Takes room for one more row, or refuses. Counted without a lock: a burst of concurrent calls may pass the limit by the number of its
 * members, never by more.
 */
export async function takeRoom(
  tx: PoolClient,
  context: Context,
  { table, organizationId, limit }: { table: keyof typeof nouns; organizationId: string; limit: number },
  path: (string | number)[],
): Promise<void> {
  const known = rooms.get(context) ?? new Map<string, Promise<Room>>()
  rooms.set(context, known)
  const key = `${table} ${organizationId}`
  const measure = () => {
    const measured = measureRoom(tx, table, organizationId, limit)
    known.set(key, measured)
    return measured
  }
  let room = await known.get(key)?.catch(() => null)
  if (!room || room.left <= 0) room = await measure()
  if (room.left <= 0) {
    throw new Refusal(userError.quota(path, `The organization has ${limit} ${nouns[table]}, as many as it may have.`, limit))
  }
  room.left--
}

async function measureRoom(tx: PoolClient, table: keyof typeof nouns, organizationId: string, limit: number): Promise<Room> {
  // BASE is the server's own: an organization has what it staged.
  const condition = table === 'Component' ? ` and "kind" <> 'BASE'` : ''
  const { rows } = await tx.query<{ count: number }>(
    `select count(*)::int as "count" from "${table}" where "organizationId" = $1${condition}`,
    [organizationId],
  )
  return { left: limit - (rows[0]?.count ?? 0) }
}
