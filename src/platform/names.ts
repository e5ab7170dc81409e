import type { Where } from './pagination/page-source.ts'

/** Text as a part of a LIKE pattern that stands for itself. */
export const escapeLike = (text: string) => text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)

/** A pattern in which `*` stands for any text, as LIKE's. */
export const wildcard = (pattern: string) => escapeLike(pattern).replaceAll('*', '%')

/** Whether a pattern in which `*` stands for any text stands for the whole of this one. */
export function matchesWildcard(pattern: string, text: string): boolean {
  const [start = '', ...rest] = pattern.split('*')
  const end = rest.pop()
  if (end === undefined) return text === start
  if (!text.startsWith(start)) return false
  let at = start.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - end.length >= at && text.endsWith(end)
}

/**
 * The usual three filters on a name. Case does not count; the database's own collation folds it, since columns compare by code point. The
 * trigram indexes are on the same expression.
 */
export function whereName(
  where: Where,
  column: string,
  filter: { name?: string | null; nameContains?: string | null; namePattern?: string | null } | null | undefined,
): Where {
  const folded = `${column} collate "default"`
  const { name, nameContains, namePattern } = filter ?? {}
  return where
    .addSelective(`${folded} ilike ?`, name == null ? null : escapeLike(name))
    .addSelective(`${folded} ilike ?`, nameContains == null ? null : `%${escapeLike(nameContains)}%`, hasTrigram(nameContains))
    .addSelective(`${folded} ilike ?`, namePattern == null ? null : wildcard(namePattern), hasTrigram(namePattern))
}

/** Whether there are three letters or digits in a row: a part of a text that has not is in no index. */
export const hasTrigram = (part: string | null | undefined) => /[\p{L}\p{N}]{3}/u.test(part ?? '')
