import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { DnsServer } from './dns-server.ts'

/** What DNS says of the TXT records at a name itself. */
export type TxtAnswer =
  /** The records, each with its chunks joined. */
  | { kind: 'RECORDS'; values: string[] }
  /** Clearly none: no such name, no TXT record, or an alias, whose target belongs to somebody else. */
  | { kind: 'ABSENT'; reason: 'NXDOMAIN' | 'NODATA' | 'CNAME' }
  /** Nobody knows. */
  | { kind: 'UNCLEAR'; reason: 'SERVFAIL' | 'REFUSED' | 'TIMEOUT' | 'UNREACHABLE' | 'UNUSABLE' }

export interface TxtLookup {
  /** Asks for the TXT records at a name in ASCII form. Never throws for what DNS or the network does. */
  txt(name: string, signal?: AbortSignal): Promise<TxtAnswer>
}

export interface TxtLookupOptions {
  /** null: the system's. */
  servers: DnsServer[] | null
  /** Of the first try with one server; later ones wait longer. */
  timeoutMs: number
  /** With each server. */
  tries: number
  /** After this long the answer is unclear, whatever the tries. */
  deadlineMs: number
}

/** Looks TXT records up with DNS queries of its own: neither the hosts file nor search domains play a part, and nothing is cached. */
export function createTxtLookup({ servers, timeoutMs, tries, deadlineMs }: TxtLookupOptions): TxtLookup {
  return {
    async txt(name, signal) {
      // A resolver for each look-up: cancelling ends every query of its resolver, and a new one reads the system's servers afresh.
      const resolver = new Resolver({ timeout: timeoutMs, tries })
      let isOver = signal?.aborted ?? false
      const end = () => {
        isOver = true
        resolver.cancel()
      }
      const timer = setTimeout(end, deadlineMs)
      signal?.addEventListener('abort', end)
      try {
        if (servers) resolver.setServers(await Promise.all(servers.map(addressOf)))
        if (isOver) return { kind: 'UNCLEAR', reason: 'TIMEOUT' }
        // Resolvers follow aliases in silence, so the answer for TXT alone does not tell whose records these are.
        const [aliases, texts] = await Promise.all([reply(resolver.resolveCname(name)), reply(resolver.resolveTxt(name))])
        return answerOf(aliases, texts)
      } catch {
        // The name of a server itself could not be resolved.
        return { kind: 'UNCLEAR', reason: 'UNREACHABLE' }
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', end)
      }
    },
  }
}

type Reply<Record> = { records: Record[] } | { failure: Exclude<TxtAnswer, { kind: 'RECORDS' }> }

function answerOf(aliases: Reply<string>, texts: Reply<string[]>): TxtAnswer {
  if ('records' in aliases) return { kind: 'ABSENT', reason: 'CNAME' }
  if ('failure' in texts) return texts.failure
  // Only a clear "no alias here" makes the records the name's own. A name that exists for TXT and not for CNAME is a server's mistake.
  const { failure } = aliases
  if (failure.kind === 'ABSENT' && failure.reason === 'NODATA') {
    return { kind: 'RECORDS', values: texts.records.map((chunks) => chunks.join('')) }
  }
  return failure.kind === 'UNCLEAR' ? failure : { kind: 'UNCLEAR', reason: 'UNUSABLE' }
}

async function reply<Record>(query: Promise<Record[]>): Promise<Reply<Record>> {
  try {
    return { records: await query }
  } catch (error) {
    return { failure: failures[(error as NodeJS.ErrnoException).code ?? ''] ?? { kind: 'UNCLEAR', reason: 'UNUSABLE' } }
  }
}

/** By the codes of node:dns. */
const failures: { [code: string]: Exclude<TxtAnswer, { kind: 'RECORDS' }> | undefined } = {
  ENOTFOUND: { kind: 'ABSENT', reason: 'NXDOMAIN' },
  ENODATA: { kind: 'ABSENT', reason: 'NODATA' },
  ESERVFAIL: { kind: 'UNCLEAR', reason: 'SERVFAIL' },
  EREFUSED: { kind: 'UNCLEAR', reason: 'REFUSED' },
  ETIMEOUT: { kind: 'UNCLEAR', reason: 'TIMEOUT' },
  ECANCELLED: { kind: 'UNCLEAR', reason: 'TIMEOUT' },
  ECONNREFUSED: { kind: 'UNCLEAR', reason: 'UNREACHABLE' },
}

async function addressOf({ host, port }: DnsServer): Promise<string> {
  const address = isIP(host) ? host : (await lookup(host)).address
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`
}
