import { describe, expect, test } from 'vitest'
import { normalizeDomain, parseEmailDomain } from '../../src/sso-connector/email-domain.ts'

describe('a domain is stored in lower case and ASCII form', () => {
  const table: [string, string][] = [
    ['example.com', 'example.com'],
    ['EXAMPLE.Com', 'example.com'],
    ['sub.domain.example.co.uk', 'sub.domain.example.co.uk'],
    ['münchen.example', 'xn--mnchen-3ya.example'],
    ['MÜNCHEN.example', 'xn--mnchen-3ya.example'],
    ['mu\u0308nchen.example', 'xn--mnchen-3ya.example'],
    ['XN--mnchen-3ya.EXAMPLE', 'xn--mnchen-3ya.example'],
    ['日本語.jp', 'xn--wgv71a119e.jp'],
    ['日本語。jp', 'xn--wgv71a119e.jp'],
    ['paral·lel.cat', 'xn--parallel-koa.cat'],
    ['4you.example', '4you.example'],
    ['user.github.io', 'user.github.io'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ]
  test.each(table)('%s', (text, domain) => {
    expect(parseEmailDomain(text)).toEqual({ domain })
    expect(normalizeDomain(domain)).toBe(domain)
  })
})

describe('what is no domain name is refused for its form', () => {
  const table = [
    '',
    ' ',
    '.',
    'example..com',
    '.example.com',
    'example.com.',
    ' example.com',
    'example.com\n',
    'exa mple.com',
    'exa\u00admple.com',
    'exa\u200dmple.com',
    'ex%61mple.com',
    'example.com/path',
    'example.com\\path',
    'example.com?query',
    'example.com#part',
    'example.com:443',
    'user@example.com',
    'https://example.com',
    '_dmarc.example.com',
    '-example.com',
    'example-.com',
    '*.example.com',
    'xn--zzzz.example',
    '127.0.0.1',
    '0x7f.1',
    '2130706433',
    '[::1]',
    'example.123',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(126)}example`,
  ]
  test.each(table)('%j', (text) => {
    expect(parseEmailDomain(text)).toMatchObject({ problem: { code: 'VALUE_INCORRECT_FORMAT' } })
    expect(normalizeDomain(text)).toBeNull()
  })
})

describe('what cannot belong to one organization is refused', () => {
  const table: [why: RegExp, domains: string[]][] = [
    [/public suffix/, ['com', 'co.uk', 'COM', 'рф', 'xn--p1ai', 'kobe.jp', 'localhost', 'internal']],
    [/public suffix/, ['github.io', 'GitHub.IO', 's3.amazonaws.com', 'blogspot.com', 'herokuapp.com', 'foo.compute.amazonaws.com']],
    [
      /mail provider/,
      ['gmail.com', 'GMail.com', 'ｇｍａｉｌ.com', 'googlemail.com', 'outlook.com', 'hotmail.com', 'live.com', 'yahoo.com'],
    ],
    [
      /mail provider/,
      ['icloud.com', 'aol.com', 'proton.me', 'protonmail.com', 'gmx.de', 'gmx.ch', 'web.de', 'mail.ru', 'yandex.ru', 'qq.com'],
    ],
    [/mail provider/, ['fastmail.com', 'tutanota.com', 'zoho.com', 'hey.com', 'mailinator.com', 'xn--mllmail-n2a.com']],
  ]
  test.each(table.flatMap(([why, domains]) => domains.map((domain): [string, RegExp] => [domain, why])))('%s: %s', (domain, why) => {
    expect(parseEmailDomain(domain)).toMatchObject({ problem: { code: 'INVALID_VALUE', message: expect.stringMatching(why) } })
  })
})
