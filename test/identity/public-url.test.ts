import { expect, test } from 'vitest'
import { publicUrlProblem } from '../../src/identity/public-url.ts'

test.each([
  'https://gatehouse.example.com',
  'https://gatehouse.example.com/tenants/eu',
  'https://xn--bcher-kva.example.com',
  'https://localhost.example.com',
  'https://10.example.com',
  'https://8.8.8.8',
  'https://[2606:4700::1111]',
])('AWS could fetch keys from %s', (url) => {
  expect(publicUrlProblem(url)).toBeNull()
})

test.each([
  ['gatehouse.example.com', 'is not a URL'],
  ['', 'is not a URL'],
  ['http://gatehouse.example.com', 'is not an https URL'],
  ['http://127.0.0.1:4000', 'is not an https URL'],
  ['https://user@gatehouse.example.com', 'holds a user name or password'],
  ['https://gatehouse.example.com:8443', 'has a port'],
  ['https://gatehouse.example.com:443', 'has a port'],
  ['https://gatehouse.example.com:', 'has a port'],
  ['https://gatehouse.example.com:443/eu', 'has a port'],
  ['https://[2606:4700::1111]:8443', 'has a port'],
  ['https://gatehouse.example.com?a=b', 'has a query'],
  ['https://gatehouse.example.com/eu?', 'has a query'],
  ['https://gatehouse.example.com#a', 'has a fragment'],
  ['https://gatehouse.example.com/#', 'has a fragment'],
  ['https://localhost', 'has a host of one label, which no public DNS knows'],
  ['https://gatehouse', 'has a host of one label, which no public DNS knows'],
  ['https://gatehouse.', 'has a host of one label, which no public DNS knows'],
  ['https://gatehouse.localhost', 'has a host in a domain for private use'],
  ['https://gatehouse.local', 'has a host in a domain for private use'],
  ['https://gatehouse.corp.internal', 'has a host in a domain for private use'],
  ['https://gatehouse.home.arpa.', 'has a host in a domain for private use'],
  ...[
    ...[
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.255.254',
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.0.1',
    ],
    ...['224.0.0.1', '255.255.255.255', '2130706433', '0x7f.1'],
    ...['[::]', '[::1]', '[fc00::1]', '[fd12:3456::1]', '[fe80::1]', '[ff02::1]', '[::ffff:10.0.0.1]', '[64:ff9b::a00:1]'],
  ].map((host) => [`https://${host}`, 'has an address that is not public']),
  ['https://Gatehouse.example.com', 'is not written as AWS will compare it (https://gatehouse.example.com)'],
  ['https://gatehouse.example.com/', 'is not written as AWS will compare it (https://gatehouse.example.com)'],
  ['https://gatehouse.example.com/eu/', 'is not written as AWS will compare it (https://gatehouse.example.com/eu)'],
  ['https://gatehouse.example.com/a/../eu', 'is not written as AWS will compare it (https://gatehouse.example.com/eu)'],
  [' https://gatehouse.example.com', 'is not written as AWS will compare it (https://gatehouse.example.com)'],
  ['https://bücher.example.com', 'is not written as AWS will compare it (https://xn--bcher-kva.example.com)'],
])('AWS could not fetch keys from %j: it %s', (url, problem) => {
  expect(publicUrlProblem(url)).toBe(problem)
})
