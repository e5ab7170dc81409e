import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { TypedDocumentString } from '../generated/operations.ts'

export interface Listener<Data> {
  next(data: Data): void
  /** Connected, for the first time or again. What happened until now only a query tells. */
  connected(): void
  /** Not, or no longer, connected. It is tried again unless `isFinal`. */
  lost(reason: string, isFinal: boolean): void
}

/** Times without which a network that says nothing would be waited for. `closeTimeout`: for the other side's part of a closing handshake. */
const limits = { handshakeTimeout: 10_000, closeTimeout: 2_000 }
const ackLimitMs = 10_000

class LimitedWebSocket extends WebSocket {
  constructor(address: string | URL, protocols?: string | string[]) {
    super(address, protocols, limits)
  }
}

/** Subscribes over a WebSocket, anew whenever the connection breaks, until the returned function ends it. */
export function subscribe<Data, Variables extends Record<string, unknown>>(
  { url, key }: { url: string; key: string },
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  listener: Listener<Data>,
): () => void {
  let isOver = false
  const lost = (reason: string, isFinal: boolean) => {
    if (isOver) return
    isOver = isFinal
    listener.lost(reason, isFinal)
  }
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: LimitedWebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
    connectionAckWaitTimeout: ackLimitMs,
    retryAttempts: Number.POSITIVE_INFINITY,
    // What another attempt would not mend, such as a key that has ended, the client itself leaves at that.
    shouldRetry: () => !isOver,
    retryWait: (retries) => delay(Math.min(2_000, 250 * 2 ** retries) * (0.5 + Math.random() / 2)),
    on: { connected: () => listener.connected(), closed: (event) => lost(reasonOf(event), false) },
  })
  client.subscribe<Data>(
    { query: document.toString(), variables },
    {
      next: ({ data, errors }) => {
        if (data) listener.next(data)
        else lost(reasonOf(errors), true)
      },
      error: (error) => lost(reasonOf(error), true),
      complete: () => lost('the server ended the subscription', true),
    },
  )
  return () => {
    isOver = true
    // Rejects where it just failed to connect.
    Promise.resolve(client.dispose()).catch(() => undefined)
  }
}

/** Of a CloseEvent, an Error or a list of GraphQL errors. */
function reasonOf(error: unknown): string {
  if (Array.isArray(error)) return error.map(({ message }: Error) => message).join(' ')
  const { code, reason, message } = (error ?? {}) as { code?: number | string; reason?: string; message?: string }
  return reason || message || `code ${code ?? 'unknown'}`
}
