import pg from 'pg'

const timestamptz = pg.types.builtins.TIMESTAMPTZ
const parseAny = pg.types.getTypeParser(timestamptz) as (text: string) => Date

/** Type parsers for a pool whose sessions are in UTC: pg's own, but for timestamps, which it reads by a regular expression. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === timestamptz && format !== 'binary') return parseTimestamp
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

const form = 'YYYY-MM-DD hh:mm:ss.mmm+00'.length

/** `2026-11-22 02:41:00.123+00`, the fraction of one to three digits or none. Years of five digits, infinity and the like go the long way. */
function parseTimestamp(text: string): Date {
  const { length } = text
  if (length > form || length < form - 4 || text.charCodeAt(4) !== 45 || !text.endsWith('+00')) return parseAny(text)
  // The engine's own parser of ISO 8601 is the fastest there is.
  const date = new Date(`${text.slice(0, 10)}T${text.slice(11, length - 3)}Z`)
  return Number.isNaN(date.getTime()) ? parseAny(text) : date
}
