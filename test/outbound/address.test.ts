import { describe, expect, it } from 'vitest'
import { isPublicAddress, isWithin, parseRanges } from '../../src/outbound/address.ts'

describe('public is', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '2606:4700::1111',
    '2a00:1450::1',
  ])('%s', (address) => expect(isPublicAddress(address)).toBe(true))
})

describe('not public is', () => {
  it.each([
    ...['127.0.0.1', '127.255.255.254', '0.0.0.0', '0.1.2.3', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'],
    ...['100.127.255.255', '100.100.100.200', '169.254.169.254', '168.63.129.16', '192.0.0.192', '198.18.0.1', '203.0.113.1', '224.0.0.1'],
    ...['239.1.1.1', '240.0.0.1', '255.255.255.255', '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1'],
    ...['::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1', '2002:7f00:1::', '2001:0:1::', '2001:db8::1', '3fff::1', 'fe80::1'],
    ...['fe80::1%eth0', 'fec0::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '100::1', '5f00::1', '4000::1'],
    ...['', 'example.com', '2130706433', '0177.0.0.1', '0x7f.1', '127.1', '1.1.1.1/32', ' 1.1.1.1'],
  ])('%s', (address) => expect(isPublicAddress(address)).toBe(false))
})

describe('ranges', () => {
  it.each(['10.0.0.0/8', '10.0.0.0/8,fd00::/8', ' 10.1.2.3/32 , ::1/128 '])('are read from %j', (text) => {
    expect(parseRanges(text)).toHaveLength(text.split(',').length)
  })
  it.each([
    '',
    ',',
    '10.0.0.0',
    '10.0.0.0/33',
    '10/8',
    '10.0.0.0/-1',
    'fd00::/129',
    'example.com/8',
    '10.0.0.0/8/8',
    '0x7f.1/8',
    'fe80::%a/10',
  ])('are not read from %j', (text) => expect(parseRanges(text)).toBeNull())
  it.each([
    ['10.1.2.3', true],
    ['11.0.0.0', false],
    ['fd12::1', true],
    ['::ffff:10.1.2.3', false],
    ['nonsense', false],
  ])('hold %s: %s', (address, isHeld) => {
    expect(isWithin(address, parseRanges('10.0.0.0/8,fd00::/8')!)).toBe(isHeld)
  })
})
