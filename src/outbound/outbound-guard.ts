import { lookup as systemLookup } from 'node:dns/promises'
import net from 'node:net'
import { type AddressRange, isPublicAddress, isWithin } from './address.ts'
import { isOwnDatabase, type OwnDatabase } from './own-database.ts'

export interface Target {
  /** A name or an address, as a tenant gave it. */
  host: string
  port: number
}

export interface ConnectOptions {
  timeoutMs: number
  signal?: AbortSignal
}

/** The one door through which this server connects to what a tenant named. */
export interface OutboundGuard {
  /**
   * A connected socket. The name is looked up once; unless every address of it is allowed nothing is connected to, and only to those
   * addresses otherwise. Whoever speaks TLS over it gives the original name. Throws OutboundRefusedError, or what connecting came to.
   */
  connect(target: Target, options: ConnectOptions): Promise<net.Socket>
}

export interface Resolved {
  address: string
  family: number
}

export interface OutboundGuardOptions {
  /** What tenants may connect to besides public addresses. */
  allow: readonly AddressRange[]
  /** This server's own, which no tenant reaches however wide `allow` is; null where it has no port. */
  ownDatabase: OwnDatabase | null
  lookup?: (name: string) => Promise<Resolved[]>
}

/** Always in the same words: what a name leads to inside of this network is nobody's business. */
export class OutboundRefusedError extends Error {
  constructor() {
    super('Gatehouse connects to names that the DNS knows and all of whose addresses are public, and to this one it does not.')
  }
}

/** Connecting took longer than it may. */
export class OutboundTimeoutError extends Error {}

const everyAddress = (name: string) => systemLookup(name, { all: true, verbatim: true })
const nameForm = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$/i
/** No name can be this one, and none is looked up where the addresses are given. */
const placeholder = 'checked.invalid'

export function createOutboundGuard({ allow, ownDatabase, lookup = everyAddress }: OutboundGuardOptions): OutboundGuard {
  const check = async ({ host, port }: Target): Promise<Resolved[]> => {
    const addresses = await resolve(host, lookup)
    const isAllowed = addresses.every(({ address }) => isPublicAddress(address) || isWithin(address, allow))
    if (addresses.length === 0 || !isAllowed || (await isOwnDatabase(addresses, port, ownDatabase, lookup)))
      throw new OutboundRefusedError()
    return addresses
  }
  return {
    async connect(target, { timeoutMs, signal }) {
      const deadline = AbortSignal.timeout(timeoutMs)
      const ends = signal ? AbortSignal.any([signal, deadline]) : deadline
      const addresses = await unless(ends, check(target))
      return await open(addresses, target.port, ends)
    },
  }
}

async function resolve(host: string, lookup: (name: string) => Promise<Resolved[]>): Promise<Resolved[]> {
  const family = net.isIP(host)
  if (family > 0) return host.includes('%') ? [] : [{ address: host, family }]
  if (!nameForm.test(host)) return []
  return lookup(host).catch(() => [])
}

/** A look-up cannot be called off, only left behind. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(reasonOf(signal))
    if (signal.aborted) return end()
    signal.addEventListener('abort', end, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end))
  })
}

function open(addresses: Resolved[], port: number, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    // The addresses that were checked are all that can be connected to: the name is not looked up again.
    const socket = net.connect({
      host: placeholder,
      port,
      autoSelectFamily: true,
      lookup: (_name, _options, callback) => (callback as (error: null, found: Resolved[]) => void)(null, addresses),
    })
    const end = () => socket.destroy(reasonOf(signal))
    const settle = () => signal.removeEventListener('abort', end)
    signal.addEventListener('abort', end, { once: true })
    socket.once('connect', () => {
      settle()
      socket.off('error', fail)
      resolve(socket)
    })
    const fail = (error: Error) => {
      settle()
      reject(error)
    }
    socket.once('error', fail)
  })
}

const reasonOf = ({ reason }: AbortSignal): Error =>
  reason instanceof Error && reason.name === 'TimeoutError' ? new OutboundTimeoutError('there was no answer in time') : (reason as Error)
