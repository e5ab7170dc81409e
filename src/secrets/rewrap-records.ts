import { type Queryable, rows } from '../platform/statement.ts'
import { keyIdSql } from './envelope.ts'
import type { Keyring } from './keyring.ts'
import { type SealedColumn, sealContext, sealedColumns } from './sealed-columns.ts'

export interface RewrapResult {
  rewrapped: number
  /** Records that did not open and stay as they are: the field, the record's id and why. */
  failed: { field: string; recordId: string; reason: string }[]
}

interface SealedRow {
  id: string
  organizationId: string | null
  sealed: string
}

const pageSize = 200

/**
 * Brings every sealed record under the keyring's first key, so that an older key can leave the settings. It may be stopped and run
 * again at any time, beside running servers: each record is one guarded update, and those already done are not read again. Servers
 * must have the first key in their settings before it runs.
 */
export async function rewrapRecords(
  db: Queryable,
  keyring: Keyring,
  columns: readonly SealedColumn[] = Object.values(sealedColumns),
): Promise<RewrapResult> {
  const result: RewrapResult = { rewrapped: 0, failed: [] }
  for (const column of columns) {
    for (let page = await nextPage(db, keyring, column, ''); page.length > 0; page = await nextPage(db, keyring, column, page.at(-1)!.id)) {
      for (const row of page) await rewrapRow(db, keyring, column, row, result)
    }
  }
  return result
}

function nextPage(db: Queryable, keyring: Keyring, { table, column, idColumn, organizationColumn }: SealedColumn, afterId: string) {
  const organization = organizationColumn === null ? 'null::text' : `"${organizationColumn}"`
  const text = `select "${idColumn}" as "id", ${organization} as "organizationId", "${column}" as "sealed" from "${table}"
    where "${idColumn}" > $1 and "${column}" is not null and ${keyIdSql(column)} is distinct from $2 order by "${idColumn}" limit ${pageSize}`
  return rows<SealedRow>(db, { text }, [afterId, keyring.keyIds[0]])
}

async function rewrapRow(db: Queryable, keyring: Keyring, column: SealedColumn, row: SealedRow, result: RewrapResult): Promise<void> {
  const context = sealContext(column, row.id, row.organizationId)
  let sealed: string
  try {
    sealed = keyring.rewrap(row.sealed, context)
  } catch (error) {
    result.failed.push({ field: context.field, recordId: row.id, reason: error instanceof Error ? error.message : String(error) })
    return
  }
  // A record written anew in the meantime keeps what was written.
  const text = `update "${column.table}" set "${column.column}" = $3 where "${column.idColumn}" = $1 and "${column.column}" = $2`
  const { rowCount } = await db.query({ text, values: [row.id, row.sealed, sealed] })
  result.rewrapped += rowCount ?? 0
}
