import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** A range of addresses, as in 10.0.0.0/8. */
export type AddressRange = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** Global unicast; everything else of IPv6 is reserved, local, or translated to something else. */
const globalIpv6 = ipaddr.IPv6.parseCIDR('2000::/3')
/** Looks public and is the host of an Azure machine. */
const azureHost = '168.63.129.16'

/**
 * Whether the internet routes to the address: not loopback, private, shared, link-local, unique-local, multicast, unspecified, reserved,
 * v4-mapped, nor one that stands for another address (NAT64, 6to4, Teredo). False for what is no address.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || address === azureHost) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || (parsed as ipaddr.IPv6).match(globalIpv6)
}

/** Whether the address lies in one of the ranges; one of IPv4 never holds an address of IPv6 that stands for it. */
export function isWithin(address: string, ranges: readonly AddressRange[]): boolean {
  if (isIP(address) === 0) return false
  const parsed = ipaddr.parse(address)
  return ranges.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match(base as never, bits))
}

/** Whether both are the same address, however they are written. */
export const isSameAddress = (a: string, b: string): boolean =>
  isIP(a) !== 0 && isIP(b) !== 0 && ipaddr.parse(a).toNormalizedString() === ipaddr.parse(b).toNormalizedString()

export const isLoopbackAddress = (address: string): boolean => isIP(address) !== 0 && ipaddr.process(address).range() === 'loopback'

/** Reads `10.0.0.0/8,fd00::/8`. null where that is not what it is. */
export function parseRanges(text: string): AddressRange[] | null {
  const ranges = text.split(',').map((part) => {
    const [address = '', bits = '', ...rest] = part.trim().split('/')
    const isRange = rest.length === 0 && isIP(address) > 0 && !address.includes('%') && /^\d{1,3}$/.test(bits)
    if (!isRange || Number(bits) > (isIP(address) === 4 ? 32 : 128)) return null
    return ipaddr.parseCIDR(`${address}/${bits}`)
  })
  return ranges.every((range) => range !== null) ? ranges : null
}
