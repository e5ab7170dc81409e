import type { AwsPartition } from '../generated/operations.ts'
import { fieldOf, type Listed, readList, readText, refuse } from '../shared/file.ts'

export interface Account {
  /** 12 digits, leading zeros kept. */
  id: string
  /** null: what Gatehouse knows of the account, else AWS. */
  partition: AwsPartition | null
  /** For people; may be empty. */
  label: string
}

export async function readAccounts(file: string): Promise<Account[]> {
  return parseAccounts(await readText(file), file)
}

/**
 * Accounts out of CSV (account id, partition, label; header, partition and label optional; `#` begins a comment line), one id a line, a JSON
 * list of ids or of { accountId, partition, label }, or what `aws organizations list-accounts` prints. `name` stands in the errors.
 * @throws FileError
 */
export function parseAccounts(text: string, name: string): Account[] {
  const rows = readList(text, name, { header: /^"?(aws[ _-]?)?account/i, listName: 'Accounts' }).map(rowOf)
  const problems: string[] = []
  const placeOf = new Map<string, string>()
  const accounts = rows.flatMap((row): Account[] => {
    const problem = problemOf(row) ?? (placeOf.has(row.id) ? `${row.id} stands on ${placeOf.get(row.id)} already` : null)
    if (problem !== null) {
      problems.push(`${row.place}: ${problem}`)
      return []
    }
    placeOf.set(row.id, row.place)
    return [{ id: row.id, partition: partitions.get(row.partition) ?? null, label: row.label }]
  })
  if (problems.length === 0 && accounts.length === 0) problems.push('it names no account')
  refuse(name, problems)
  return accounts
}

interface Row {
  id: string
  partition: string
  label: string
  /** "line 3" or "entry 3". */
  place: string
}

const partitions = new Map<string, AwsPartition>([
  ['aws', 'AWS'],
  ['AWS', 'AWS'],
  ['aws-us-gov', 'AWS_US_GOV'],
  ['AWS_US_GOV', 'AWS_US_GOV'],
])

function problemOf({ id, partition }: Row): string | null {
  if (id === '') return 'it has no account id'
  if (/^\d{9,11}$/.test(id)) return `${id} has ${id.length} digits and an account id 12: spreadsheets drop leading zeros`
  if (!/^\d{12}$/.test(id)) return `"${id}" is no account id: 12 digits, without hyphens`
  return partition === '' || partitions.has(partition) ? null : `"${partition}" is no partition: aws, aws-us-gov or nothing`
}

function rowOf(listed: Listed): Row {
  const { place } = listed
  if ('cells' in listed) {
    const [id = '', partition = '', label = ''] = listed.cells
    return { id, partition, label, place }
  }
  const { entry } = listed
  if (typeof entry !== 'object' || entry === null) return { id: String(entry ?? ''), partition: '', label: '', place }
  const partition = fieldOf(entry, 'partition') || (fieldOf(entry, 'Arn').split(':')[1] ?? '')
  return { id: fieldOf(entry, 'accountId', 'id', 'Id'), partition, label: fieldOf(entry, 'label', 'name', 'Name'), place }
}
