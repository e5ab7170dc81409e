import { expect, test } from 'vitest'
import { parseDnsServers } from '../../src/dns/dns-server.ts'

const table: [string, ReturnType<typeof parseDnsServers>][] = [
  ['192.0.2.53:5353', [{ host: '192.0.2.53', port: 5353 }]],
  ['192.0.2.53', [{ host: '192.0.2.53', port: 53 }]],
  ['[2001:db8::53]:5353', [{ host: '2001:db8::53', port: 5353 }]],
  ['[2001:db8::53]', [{ host: '2001:db8::53', port: 53 }]],
  [
    'dns.internal:53, 192.0.2.53',
    [
      { host: 'dns.internal', port: 53 },
      { host: '192.0.2.53', port: 53 },
    ],
  ],
  ['', null],
  ['192.0.2.53:', null],
  ['192.0.2.53:0', null],
  ['192.0.2.53:65536', null],
  ['2001:db8::53', null],
  ['[192.0.2.53]:53', null],
  ['192.0.2.53,', null],
  ['https://dns.example', null],
]
test.each(table)('GATEHOUSE_DNS_SERVERS %j', (text, expected) => {
  expect(parseDnsServers(text)).toEqual(expected)
})
