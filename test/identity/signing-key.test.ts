import { expect, test } from 'vitest'
import { isRotationDue, type KeyTimes, publishedKeys, signingKey, waitingKey } from '../../src/identity/signing-key.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const start = Date.UTC(2026, 10, 1)
const at = (ms: number) => new Date(start + ms)

/** A key by the times of its life, counted from `start`. */
function key(kid: string, signsFrom: number, retired: number | null = null, publishedUntil: number | null = null): KeyTimes {
  return {
    kid,
    createdAt: at(Math.min(signsFrom, 0)),
    signsFrom: at(signsFrom),
    retiredAt: retired === null ? null : at(retired),
    publishedUntil: publishedUntil === null ? null : at(publishedUntil),
  }
}

const rotated = [key('old', -90 * dayMs, dayMs, 2 * dayMs), key('new', dayMs)]

test.each([
  ['at the rotation', 0, 'old', 'new', ['old', 'new']],
  ['a moment before the new key signs', dayMs - 1, 'old', 'new', ['old', 'new']],
  ['when the new key signs', dayMs, 'new', undefined, ['old', 'new']],
  ['a moment before the old key leaves', 2 * dayMs - 1, 'new', undefined, ['old', 'new']],
  ['when the old key leaves', 2 * dayMs, 'new', undefined, ['new']],
])('%s the right key signs, waits and is published', (_when, ms, signing, waiting, published) => {
  expect(signingKey(rotated, at(ms))?.kid).toBe(signing)
  expect(waitingKey(rotated, at(ms))?.kid).toBe(waiting)
  expect(publishedKeys(rotated, at(ms)).map(({ kid }) => kid)).toEqual(published)
})

test('whatever signs is published, at every hour around a rotation and a leak', () => {
  const leaked = [
    ...rotated.map((each) => ({ ...each, retiredAt: at(5 * hourMs), publishedUntil: at(5 * hourMs) })),
    key('fresh', 5 * hourMs),
  ]
  for (const keys of [rotated, leaked]) {
    for (let ms = 0; ms < 4 * dayMs; ms += hourMs) {
      const signing = signingKey(keys, at(ms))
      expect(publishedKeys(keys, at(ms)).map(({ kid }) => kid)).toContain(signing?.kid)
    }
  }
})

test('after a leak no withdrawn key signs, waits or is published', () => {
  const leaked = [key('old', -dayMs, 0, 0), key('waiting', dayMs, 0, 0), key('fresh', 0)]
  expect(signingKey(leaked, at(0))?.kid).toBe('fresh')
  expect(signingKey(leaked, at(2 * dayMs))?.kid).toBe('fresh')
  expect(waitingKey(leaked, at(0))).toBeUndefined()
  expect(publishedKeys(leaked, at(0)).map(({ kid }) => kid)).toEqual(['fresh'])
})

test('the first key signs also where the clock is behind the one that made it', () => {
  expect(signingKey([key('first', 0)], at(-hourMs))?.kid).toBe('first')
})

test.each<[string, KeyTimes[], number, boolean]>([
  ['a key a moment short of 90 days', [key('a', 0)], 90 * dayMs - 1, false],
  ['a key of 90 days', [key('a', 0)], 90 * dayMs, true],
  ['a key of 90 days whose successor waits', [key('a', 0, 91 * dayMs, 92 * dayMs), key('b', 91 * dayMs)], 90 * dayMs, false],
  ['a successor that signs', [key('a', 0, 91 * dayMs, 92 * dayMs), key('b', 91 * dayMs)], 91 * dayMs, false],
  ['no key', [], 0, false],
])('whether rotation is due with %s', (_what, keys, ms, due) => {
  expect(isRotationDue(keys, at(ms))).toBe(due)
})
