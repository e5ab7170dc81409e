import { isIP } from 'node:net'

/** A DNS server by address or name. */
export interface DnsServer {
  host: string
  port: number
}

const defaultPort = 53
const form = /^(?:\[([0-9a-f:.]+)\]|([0-9a-z._-]+))(?::(\d{1,5}))?$/i

/** Reads `host:port,host:port,…`, IPv6 addresses in brackets, 53 where the port is left out. null where that is not what it is. */
export function parseDnsServers(text: string): DnsServer[] | null {
  const servers = text.split(',').map((part) => parseServer(part.trim()))
  return servers.every((server) => server !== null) ? servers : null
}

function parseServer(text: string): DnsServer | null {
  const [, bracketed, plain, digits] = form.exec(text) ?? []
  const host = bracketed ?? plain
  const port = digits === undefined ? defaultPort : Number(digits)
  if (!host || port < 1 || port > 65_535 || (bracketed && isIP(bracketed) !== 6)) return null
  return { host, port }
}
