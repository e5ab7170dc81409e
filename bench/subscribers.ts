import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'

interface Event {
  componentChanged: { id: string; change: string }
}

/** What one subscriber was told: the changes of each component, and when they came (performance.now()). */
export type Told = Map<string, { change: string; atMs: number }[]>

export interface Subscribers {
  told: Told[]
  close(): Promise<void>
}

const changes = `subscription ($organizationId: ID!) {
  componentChanged(organizationId: $organizationId) { change id component { itemId state allowedActions } } }`

/** Subscribers to an organization's components, one connection each, in turn on each of the servers, `arrivalMs` after one another. */
export function subscribe(urls: string[], key: string, organizationId: string, count: number, arrivalMs: number): Subscribers {
  const told = Array.from({ length: count }, (): Told => new Map())
  const clients = told.map((mine, index) => {
    const client = createClient({
      url: `${urls[index % urls.length]?.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${key}` },
      retryAttempts: 0,
    })
    // What cannot begin because the database is busy is retryable, and begun again as any client would do.
    const begin = (waitMs: number) =>
      void setTimeout(() => {
        let hasEnded = false
        const again = () => {
          if (!hasEnded) begin(1_000)
          hasEnded = true
        }
        client.subscribe<Event>(
          { query: changes, variables: { organizationId } },
          {
            next({ data }) {
              if (!data) return again()
              const { id, change } = data.componentChanged
              mine.set(id, [...(mine.get(id) ?? []), { change, atMs: performance.now() }])
            },
            error: again,
            complete: again,
          },
        )
      }, waitMs).unref()
    begin(index * arrivalMs)
    return client
  })
  return {
    told,
    async close() {
      await Promise.all(clients.map((client) => client.dispose()))
    },
  }
}

const large = `subscription ($organizationId: ID!) { componentChanged(organizationId: $organizationId) { id component { setup {
  ${['a', 'b', 'c', 'd'].map((name) => `${name}1: terraform ${name}2: cloudFormation ${name}3: awsCli`).join(' ')} } } } }`

export interface SilentSubscriber {
  /** Reads on, up to the end: the code with which the server closed the connection. */
  readOn(): Promise<number>
}

/** Asks for some 40 kB a change and then reads nothing. */
export async function subscribeInSilence(url: string, key: string, organizationId: string): Promise<SilentSubscriber> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }))
  await new Promise((resolve) => socket.once('message', resolve))
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: large, variables: { organizationId } } }))
  socket.pause()
  return {
    readOn() {
      socket.resume()
      return closed
    },
  }
}
