import { BlockList, isIP } from 'node:net'

/** Why AWS could not fetch the keys of an issuer with this URL, judged by its form alone; null where it could. */
export function publicUrlProblem(publicUrl: string): string | null {
  const url = parsed(publicUrl)
  if (!url) return 'is not a URL'
  if (url.protocol !== 'https:') return 'is not an https URL'
  if (url.username !== '' || url.password !== '') return 'holds a user name or password'
  // URL drops :443, an empty query and an empty fragment, which AWS would see.
  if (/^https:\/\/[^/]*:\d*(\/|$)/.test(publicUrl.replace(/\[[^\]]*\]/, ''))) return 'has a port'
  if (publicUrl.includes('?')) return 'has a query'
  if (publicUrl.includes('#')) return 'has a fragment'
  const hostProblem = publicHostProblem(url.hostname)
  if (hostProblem) return hostProblem
  const canonical = url.origin + (url.pathname === '/' ? '' : url.pathname)
  return canonical === publicUrl && !publicUrl.endsWith('/')
    ? null
    : `is not written as AWS will compare it (${canonical.replace(/\/+$/, '')})`
}

/** Not by URL.canParse, which on Node.js 20 refuses letters like ü once it has been called some thousand times. */
function parsed(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

function publicHostProblem(hostname: string): string | null {
  const address = hostname.replace(/^\[|\]$/g, '')
  const family = isIP(address)
  if (family !== 0) return nonPublic.check(address, family === 4 ? 'ipv4' : 'ipv6') ? 'has an address that is not public' : null
  const name = hostname.replace(/\.$/, '')
  if (!name.includes('.')) return 'has a host of one label, which no public DNS knows'
  return privateSuffixes.some((suffix) => name.endsWith(suffix)) ? 'has a host in a domain for private use' : null
}

const privateSuffixes = ['.localhost', '.local', '.internal', '.home.arpa']

const nonPublic = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  nonPublic.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  nonPublic.addSubnet(network, prefix, 'ipv6')
}
