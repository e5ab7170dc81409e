import { keyIdPattern } from './envelope.ts'
import type { EncryptionKey } from './keyring.ts'
import { EncryptionKeysError } from './sealed-error.ts'

/**
 * The keys of `id:base64,id:base64`, in their order. Throws EncryptionKeysError with every problem found; it names an entry by its
 * position, or by an id that is well-formed, and never repeats what might be a key.
 */
export function parseEncryptionKeys(text: string): EncryptionKey[] {
  if (text.trim() === '') throw new EncryptionKeysError(['it is empty'])
  const entries = text.split(',').map((entry) => entry.trim())
  const keys: EncryptionKey[] = []
  const problems: string[] = []
  for (const [index, entry] of entries.entries()) {
    const problem = entryProblem(entry, index + 1, keys)
    if (problem) problems.push(problem)
    else keys.push(splitEntry(entry))
  }
  if (problems.length > 0) throw new EncryptionKeysError(problems)
  return keys
}

function splitEntry(entry: string): EncryptionKey {
  const colon = entry.indexOf(':')
  return { id: entry.slice(0, colon), key: Buffer.from(entry.slice(colon + 1), 'base64') }
}

function entryProblem(entry: string, position: number, before: EncryptionKey[]): string | null {
  if (entry === '') return `entry ${position} is empty`
  if (!entry.includes(':')) return `entry ${position} is not written as id:base64`
  const { id, key } = splitEntry(entry)
  if (!keyIdPattern.test(id)) return `the id of entry ${position} is not 1 to 32 letters, digits, "_" or "-"`
  if (before.some((other) => other.id === id)) return `the key id "${id}" is given twice`
  // Node decodes leniently and would make a shorter key of a mistyped one.
  if (key.toString('base64') !== entry.slice(id.length + 1)) return `the key "${id}" is not base64`
  return key.length === 32 ? null : `the key "${id}" is ${key.length} bytes long, not 32 (make one with: openssl rand -base64 32)`
}
