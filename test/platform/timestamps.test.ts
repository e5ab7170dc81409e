import pg from 'pg'
import { expect, it } from 'vitest'
import { typeParsers } from '../../src/platform/database/timestamps.ts'

const oid = pg.types.builtins.TIMESTAMPTZ

it.each([
  '2026-11-22 02:41:00.123+00',
  '2026-11-22 02:41:00.1+00',
  '2026-11-22 02:41:00.12+00',
  '2026-11-22 02:41:00+00',
  '2026-11-22 02:41:00.123456+00',
  '2026-11-22 02:41:00.123+05:30',
  '2026-11-22 02:41:00.1-03',
  '0099-01-01 00:00:00+00',
  '12026-11-22 02:41:00.12+00',
  '0044-03-15 12:00:00+00 BC',
  'infinity',
  '-infinity',
])('%s is read as pg reads it', (text) => {
  const read = typeParsers.getTypeParser(oid, 'text') as (text: string) => unknown
  const expected = (pg.types.getTypeParser(oid) as (text: string) => unknown)(text)
  expect(read(text)).toEqual(expected)
})
