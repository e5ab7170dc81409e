import { expect, test } from 'vitest'
import { emailProblem, foldEmail } from '../../src/member/email.ts'

test.each([
  'a@b.example',
  'ada.lovelace@example.com',
  "o'neill+tag@sub.example.co.uk",
  'x!#$%&*/=?^_`{|}~-@example.com',
  'user@xn--bcher-kva.example',
  'user@example.xn--p1ai',
  `${'a'.repeat(78)}@example.com`,
])('%s is an address', (email) => {
  expect(emailProblem(email)).toBeNull()
})

test.each([
  ['', 'VALUE_INCORRECT_FORMAT'],
  ['a', 'VALUE_INCORRECT_FORMAT'],
  ['a@', 'VALUE_INCORRECT_FORMAT'],
  ['@example.com', 'VALUE_INCORRECT_FORMAT'],
  ['a@localhost', 'VALUE_INCORRECT_FORMAT'],
  ['a b@example.com', 'VALUE_INCORRECT_FORMAT'],
  [' a@example.com', 'VALUE_INCORRECT_FORMAT'],
  ['a@example.com\n', 'VALUE_INCORRECT_FORMAT'],
  ['a@b@example.com', 'VALUE_INCORRECT_FORMAT'],
  ['.a@example.com', 'VALUE_INCORRECT_FORMAT'],
  ['a..b@example.com', 'VALUE_INCORRECT_FORMAT'],
  ['a@-example.com', 'VALUE_INCORRECT_FORMAT'],
  ['a@example..com', 'VALUE_INCORRECT_FORMAT'],
  [`a@${'b'.repeat(64)}.example`, 'VALUE_INCORRECT_FORMAT'],
  ['user@bücher.example', 'VALUE_INCORRECT_FORMAT'],
  ['"a b"@example.com', 'VALUE_INCORRECT_FORMAT'],
  [`${'a'.repeat(79)}@example.com`, 'VALUE_OUT_OF_BOUNDS'],
])('%j is refused: %s', (email, code) => {
  expect(emailProblem(email)?.code).toBe(code)
})

test('an address is folded whole, so that one mailbox is one member', () => {
  expect(foldEmail('Ada.Lovelace@EXAMPLE.com')).toBe('ada.lovelace@example.com')
})

test('a hostile address is refused in no time', () => {
  const started = performance.now()
  expect(emailProblem(`a@${'a.'.repeat(44)}!`)?.code).toBeDefined()
  expect(emailProblem(`${'a.'.repeat(44)}@`)?.code).toBeDefined()
  expect(performance.now() - started).toBeLessThan(100)
})
