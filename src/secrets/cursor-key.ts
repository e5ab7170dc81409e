import { randomBytes } from 'node:crypto'
import { type Queryable, rows } from '../platform/statement.ts'
import type { Keyring } from './keyring.ts'
import { sealContext, sealedColumns } from './sealed-columns.ts'

/** The 32 bytes that sign cursors: made once for the installation, the same for every process however many start at once. */
export function cursorKey(db: Queryable, keyring: Keyring): Promise<Buffer> {
  return platformSecret(db, keyring, 'cursor')
}

async function platformSecret(db: Queryable, keyring: Keyring, name: string): Promise<Buffer> {
  const context = sealContext(sealedColumns.platformSecret, name)
  const text = 'insert into "PlatformSecret" ("name", "sealed") values ($1, $2) on conflict do nothing'
  let sealed = await sealedSecret(db, name)
  if (sealed === undefined) {
    await db.query({ text, values: [name, keyring.seal(randomBytes(32), context)] })
    sealed = await sealedSecret(db, name)
  }
  if (sealed === undefined) throw new Error(`The platform secret "${name}" vanished while it was read.`)
  return keyring.open(sealed, context)
}

async function sealedSecret(db: Queryable, name: string): Promise<string | undefined> {
  const found = await rows<{ sealed: string }>(db, { text: 'select "sealed" from "PlatformSecret" where "name" = $1' }, [name])
  return found[0]?.sealed
}
