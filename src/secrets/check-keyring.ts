import { type Queryable, rows } from '../platform/statement.ts'
import { keyIdSql } from './envelope.ts'
import type { Keyring } from './keyring.ts'
import { type SealedColumn, sealedColumns } from './sealed-columns.ts'
import { EncryptionKeysError } from './sealed-error.ts'

/**
 * Refuses keys that cannot open what the database holds, and records the key ids that are new. Throws EncryptionKeysError with every
 * key id that a record uses and the keyring lacks, and every one that was recorded for another key. What is refused is not recorded.
 */
export async function checkKeyring(
  db: Queryable,
  keyring: Keyring,
  columns: readonly SealedColumn[] = Object.values(sealedColumns),
): Promise<void> {
  const problems = [...changedKeys(keyring, await recordedChecks(db)), ...(await missingKeys(db, keyring, columns))]
  if (problems.length > 0) throw new EncryptionKeysError(problems)
  await recordKeys(db, keyring)
  // Another process may have recorded another key under the same id a moment before.
  const lostRace = changedKeys(keyring, await recordedChecks(db))
  if (lostRace.length > 0) throw new EncryptionKeysError(lostRace)
}

async function recordedChecks(db: Queryable): Promise<Map<string, string>> {
  const recorded = await rows<{ id: string; check: string }>(db, { text: 'select "id", "check" from "EncryptionKey"' }, [])
  return new Map(recorded.map(({ id, check }) => [id, check]))
}

function changedKeys(keyring: Keyring, recorded: Map<string, string>): string[] {
  return keyring.keyIds
    .filter((id) => recorded.has(id) && recorded.get(id) !== keyring.checkValue(id))
    .map((id) => `the key "${id}" is another key than the one recorded under this id`)
}

async function missingKeys(db: Queryable, keyring: Keyring, columns: readonly SealedColumn[]): Promise<string[]> {
  const problems: string[] = []
  for (const { table, column } of columns) {
    const text = `select ${keyIdSql(column)} as "keyId", count(*)::int as "count" from "${table}" where "${column}" is not null group by 1 order by 1`
    for (const { keyId, count } of await rows<{ keyId: string | null; count: number }>(db, { text }, [])) {
      if (keyId !== null && keyring.keyIds.includes(keyId)) continue
      const which = keyId === null ? 'no key id can be read' : `the key "${keyId}" is missing`
      problems.push(`${which}, but ${count} of the ${table} records ${keyId === null ? 'are not readable' : 'need it'}`)
    }
  }
  return problems
}

async function recordKeys(db: Queryable, keyring: Keyring): Promise<void> {
  const ids = [...keyring.keyIds].sort()
  const text = 'insert into "EncryptionKey" ("id", "check") select * from unnest($1::text[], $2::text[]) on conflict do nothing'
  await db.query({ text, values: [ids, ids.map((id) => keyring.checkValue(id))] })
}
