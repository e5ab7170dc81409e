import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesWildcard } from '../../src/platform/names.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })

test('a pattern made from a text by putting * for parts of it stands for that text', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.boolean()), { minLength: 1, maxLength: 5 }), (parts) => {
      const pattern = parts.map(([part, isHidden]) => (isHidden ? '*' : part)).join('')
      expect(matchesWildcard(pattern, parts.map(([part]) => part).join(''))).toBe(true)
    }),
  )
})

test('a pattern stands for what the expression made of it matches, and for nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 5 }), text, (pattern, candidate) => {
      expect(matchesWildcard(pattern, candidate)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(candidate))
    }),
    { numRuns: 2_000 },
  )
})

test('a pattern of many * is decided at once', () => {
  expect(matchesWildcard('*a'.repeat(50_000), `${'a'.repeat(60_000)}b`)).toBe(false)
})
