import { readFile } from 'node:fs/promises'
import type { AwsPartition } from '../generated/operations.ts'

export interface Account {
  /** 12 digits, leading zeros kept. */
  id: string
  /** null: what Gatehouse knows of the account, else AWS. */
  partition: AwsPartition | null
  /** For people; may be empty. */
  label: string
}

/** The file cannot be used; the message has a line for everything that is wrong with it, with its line number. */
export class AccountsError extends Error {}

/** More than these are counted, not listed. */
const maxListed = 20

export async function readAccounts(file: string): Promise<Account[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AccountsError(`${file} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`)
  })
  return parseAccounts(text, file)
}

/**
 * Accounts out of CSV (account id, partition, label; header, partition and label optional; `#` begins a comment line), one id a line, a JSON
 * list of ids or of { accountId, partition, label }, or what `aws organizations list-accounts` prints. `name` stands in the errors.
 * @throws AccountsError
 */
export function parseAccounts(text: string, name: string): Account[] {
  const content = text.replace(/^\uFEFF/, '')
  const rows = /^\s*[[{]/.test(content) ? readJson(content, name) : readCsv(content)
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
  if (problems.length > 0) {
    const more = problems.length > maxListed ? [`… and ${problems.length - maxListed} more`] : []
    throw new AccountsError([`${name} cannot be used:`, ...problems.slice(0, maxListed), ...more].join('\n  '))
  }
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

function readCsv(text: string): Row[] {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line: line.trim(), place: `line ${index + 1}` }))
  const rows = lines.filter(({ line }) => line !== '' && !line.startsWith('#'))
  const isHeader = /^"?(aws[ _-]?)?account/i.test(rows[0]?.line ?? '')
  return rows.slice(isHeader ? 1 : 0).map(({ line, place }) => {
    const [id = '', partition = '', label = ''] = cellsOf(line)
    return { id, partition, label, place }
  })
}

/** Cells in double quotes may hold commas, and double quotes as two of them. */
function cellsOf(line: string): string[] {
  const cells = line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g)
  return [...cells].map(([, quoted, plain = '']) => (quoted?.replaceAll('""', '"') ?? plain).trim())
}

function readJson(text: string, name: string): Row[] {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    const message = (error as Error).message.replaceAll(/\s+/g, ' ')
    const position = /position (\d+)/.exec(message)?.[1]
    const line = position ? `line ${text.slice(0, Number(position)).split('\n').length}: ` : ''
    throw new AccountsError(`${name} cannot be used:\n  ${line}it is no JSON: ${message}`)
  }
  const list = Array.isArray(content) ? content : (content as { Accounts?: unknown }).Accounts
  if (!Array.isArray(list))
    throw new AccountsError(`${name} cannot be used:\n  it is JSON, but neither a list nor has it a list "Accounts"`)
  return list.map((entry: unknown, index) => {
    const place = `entry ${index + 1}`
    if (typeof entry !== 'object' || entry === null) return { id: String(entry ?? ''), partition: '', label: '', place }
    const field = (...names: string[]) => {
      const found = names.map((key) => (entry as Record<string, unknown>)[key]).find((value) => value !== undefined && value !== null)
      return found === undefined ? '' : String(found)
    }
    const partition = field('partition') || (field('Arn').split(':')[1] ?? '')
    return { id: field('accountId', 'id', 'Id'), partition, label: field('label', 'name', 'Name'), place }
  })
}
