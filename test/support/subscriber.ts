import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { Data } from './app.ts'

export interface Subscriber {
  /** What came so far, each an execution result. */
  events: Data[]
  /** How it ended: the code a WebSocket was closed with, `complete`, or the errors. */
  ended: Promise<Data>
  stop(): void
}

export type Transport = 'WebSocket' | 'event stream'
export const transports: Transport[] = ['WebSocket', 'event stream']

export function subscribe(transport: Transport, url: string, key: string | null, query: string, variables: object = {}): Subscriber {
  return transport === 'WebSocket' ? overWebSocket(url, key, query, variables) : overEventStream(url, key, query, variables)
}

function overWebSocket(url: string, key: string | null, query: string, variables: object): Subscriber {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: key ? { authorization: `Bearer ${key}` } : {},
    retryAttempts: 0,
  })
  const events: Data[] = []
  let stop: () => void = () => undefined
  const ended = new Promise<Data>((resolve) => {
    stop = client.subscribe(
      { query, variables: variables as Record<string, unknown> },
      {
        next: (result) => {
          if (!result.data && result.errors) resolve(result.errors)
          else events.push(result)
        },
        complete: () => resolve('complete'),
        error: (error) => resolve(Array.isArray(error) ? error : { code: (error as { code?: number }).code }),
      },
    )
  })
  return {
    events,
    ended: ended.finally(() => client.dispose()),
    stop: () => {
      stop()
      void client.dispose()
    },
  }
}

function overEventStream(url: string, key: string | null, query: string, variables: object): Subscriber {
  const events: Data[] = []
  const abort = new AbortController()
  const read = async (): Promise<Data> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...(key ? { authorization: `Bearer ${key}` } : {}) },
      body: JSON.stringify({ query, variables }),
      signal: abort.signal,
    })
    if (response.status !== 200) return { code: response.status, ...((await response.json()) as object) }
    let text = ''
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString('utf8')
      const parts = text.split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts) {
        const [, name] = /^event: (\w+)$/m.exec(part) ?? []
        const [, data] = /^data: (.+)$/m.exec(part) ?? []
        if (name === 'next' && data) {
          const result = JSON.parse(data)
          if (!result.data && result.errors) return result.errors
          events.push(result)
        }
        if (name === 'complete') return 'complete'
      }
    }
    return 'cut off'
  }
  return { events, ended: read().catch((error: Error) => (abort.signal.aborted ? 'stopped' : error.message)), stop: () => abort.abort() }
}
