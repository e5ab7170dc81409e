import { readFile } from 'node:fs/promises'

/** The file cannot be used; the message has a line for everything that is wrong with it, with its line number. */
export class FileError extends Error {}

/** More than these are counted, not listed. */
const maxListed = 20

export async function readText(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new FileError(`${file} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`)
  })
  return text
}

/** Throws a FileError that lists the problems, if there are any. `name` is the file's. */
export function refuse(name: string, problems: string[]): void {
  if (problems.length === 0) return
  const more = problems.length > maxListed ? [`… and ${problems.length - maxListed} more`] : []
  throw new FileError([`${name} cannot be used:`, ...problems.slice(0, maxListed), ...more].join('\n  '))
}

/** What a file lists. In CSV the columns have no names but an order. */
export type Listed = { place: string } & ({ cells: string[] } | { entry: unknown })

/**
 * The rows of CSV (a first line that `header` matches is none, nor are empty ones and those that begin with `#`) or the entries of JSON:
 * a list, or an object with the list `listName`. `isSecret`: nothing of its text may stand in an error.
 */
export function readList(text: string, name: string, form: { header: RegExp; listName: string; isSecret?: boolean }): Listed[] {
  const content = text.replace(/^\uFEFF/, '')
  return /^\s*[[{]/.test(content) ? readJson(content, name, form) : readCsv(content, form.header)
}

/** The first of these fields that the entry has, as text; '' for none. */
export function fieldOf(entry: unknown, ...names: string[]): string {
  if (typeof entry !== 'object' || entry === null) return ''
  const found = names.map((name) => (entry as Record<string, unknown>)[name]).find((value) => value !== undefined && value !== null)
  return found === undefined ? '' : String(found)
}

function readCsv(text: string, header: RegExp): Listed[] {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line: line.trim(), place: `line ${index + 1}` }))
  const rows = lines.filter(({ line }) => line !== '' && !line.startsWith('#'))
  const isHeader = header.test(rows[0]?.line ?? '')
  return rows.slice(isHeader ? 1 : 0).map(({ line, place }) => ({ cells: cellsOf(line), place }))
}

/** Cells in double quotes may hold commas, and double quotes as two of them. */
function cellsOf(line: string): string[] {
  const cells = line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g)
  return [...cells].map(([, quoted, plain = '']) => (quoted?.replaceAll('""', '"') ?? plain).trim())
}

function readJson(text: string, name: string, { listName, isSecret }: { listName: string; isSecret?: boolean }): Listed[] {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    const message = (error as Error).message.replaceAll(/\s+/g, ' ')
    const position = /position (\d+)/.exec(message)?.[1]
    const line = position ? `line ${text.slice(0, Number(position)).split('\n').length}: ` : ''
    // The message repeats a piece of the text.
    refuse(name, [`${line}it is no JSON${isSecret ? '' : `: ${message}`}`])
  }
  const list = Array.isArray(content) ? content : (content as Record<string, unknown>)[listName]
  if (!Array.isArray(list)) throw new FileError(`${name} cannot be used:\n  it is JSON, but neither a list nor has it a list "${listName}"`)
  return list.map((entry: unknown, index) => ({ entry, place: `entry ${index + 1}` }))
}
