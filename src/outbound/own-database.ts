import { networkInterfaces } from 'node:os'
import { isLoopbackAddress, isSameAddress } from './address.ts'

/** Where this server's own database listens. */
export interface OwnDatabase {
  /** Names and addresses. */
  hosts: string[]
  port: number
}

interface Resolved {
  address: string
}

/** Where the database of a URL listens. null for one without a port of its own: the embedded one. */
export function ownDatabaseOf(databaseUrl: string | null): OwnDatabase | null {
  // A user without a host, as the driver takes it for a socket.
  const url = databaseUrl?.replace('@/', '@localhost/')
  if (!url || !URL.canParse(url)) return null
  const { hostname, port, searchParams } = new URL(url)
  const host = searchParams.get('host') ?? hostname.replace(/^\[|\]$/g, '')
  // Behind a socket it may listen on this machine's addresses too.
  return { hosts: host === '' || host.startsWith('/') ? ['127.0.0.1'] : [host], port: Number(searchParams.get('port') || port || 5432) }
}

/** Whether one of the addresses is this server's own database, by whatever address of this machine. */
export async function isOwnDatabase(
  addresses: readonly Resolved[],
  port: number,
  own: OwnDatabase | null,
  lookup: (name: string) => Promise<Resolved[]>,
): Promise<boolean> {
  if (!own || port !== own.port) return false
  const looked = await Promise.all(own.hosts.map((host) => lookup(host).catch(() => [])))
  // Not to know where it is, is no reason to let anybody in.
  if (looked.some((found) => found.length === 0)) return true
  const ownAddresses = looked.flat().map(({ address }) => address)
  const isHere = ownAddresses.some(isOfThisMachine)
  return addresses.some(
    ({ address }) => ownAddresses.some((other) => isSameAddress(address, other)) || (isHere && isOfThisMachine(address)),
  )
}

function isOfThisMachine(address: string): boolean {
  const interfaces = Object.values(networkInterfaces()).flatMap((found) => found ?? [])
  return isLoopbackAddress(address) || interfaces.some((found) => isSameAddress(found.address, address))
}
