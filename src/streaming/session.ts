import { GraphQLError } from 'graphql'
import { LRUCache } from 'lru-cache'
import PQueue from 'p-queue'
import type { Authenticator } from '../auth/authenticate.ts'
import type { Viewer } from '../auth/viewer.ts'
import { topLevelError } from '../platform/errors.ts'

/** How often a connection's credential is looked at while nothing happens. */
const recheckMs = 20_000
const keptCredentials = 10_000
/** When a router comes back, its connections come all at once; requests are looked up beside them. */
const looksAtOnce = 4

export interface Credential {
  authorization: string | undefined
  isLocal: boolean
}

/** One connection and who stands behind it. */
export interface Session {
  requestId: string
  /** Who asks, by a look at the credential that began at or after `sinceMs` (performance.now()). Throws UNAUTHENTICATED. */
  viewer(sinceMs: number): Promise<Viewer>
  /** Ends the connection, because the credential has ended. Given by the transport. */
  end(error: GraphQLError): void
}

/** Looks at credentials for connections that outlive a request. */
export class Credentials {
  readonly #authenticator: Authenticator
  readonly #turns = new PQueue({ concurrency: looksAtOnce })
  /** What came of a look, for all connections that carry the credential: an event for many of them takes one. */
  readonly #looks = new LRUCache<string, { atMs: number; viewer: Promise<Viewer> }>({
    max: keptCredentials,
    ttl: 2_000,
    ttlAutopurge: false,
  })

  constructor(authenticator: Authenticator) {
    this.#authenticator = authenticator
  }

  /** Throws UNAUTHENTICATED for a credential that is none, and for none at all. */
  async viewer({ authorization, isLocal }: Credential, sinceMs: number): Promise<Viewer> {
    if (authorization === undefined) throw topLevelError.unauthenticated()
    const key = `${isLocal} ${authorization}`
    const known = this.#looks.get(key)
    if (known && known.atMs >= sinceMs) return known.viewer
    // One that waits for its turn serves whoever comes until it begins. The queue begins at once where a turn is free.
    const begun = { atMs: Number.POSITIVE_INFINITY }
    const viewer = this.#turns.add(async () => {
      begun.atMs = performance.now()
      // A viewer of its own for each look, also where the caller is always the same.
      return { ...(await this.#authenticator.authenticate(authorization, () => isLocal)).viewer }
    })
    const look = Object.assign(begun, { viewer })
    this.#looks.set(key, look)
    viewer.catch(() => {
      if (this.#looks.get(key) === look) this.#looks.delete(key)
    })
    return viewer
  }

  /** Looks regularly, and ends the session when the credential has ended. Returns what stops it. */
  watch(session: Session, everyMs = recheckMs): () => void {
    const timer = setInterval(
      () => {
        session.viewer(performance.now()).catch((error: unknown) => {
          // A database that does not answer says nothing about the credential.
          if (isUnauthenticated(error)) session.end(error)
        })
      },
      everyMs * (0.9 + 0.2 * Math.random()),
    )
    timer.unref()
    return () => clearInterval(timer)
  }
}

export function isUnauthenticated(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && error.extensions.code === 'UNAUTHENTICATED'
}
