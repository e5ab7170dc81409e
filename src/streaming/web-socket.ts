import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { GraphQLError } from 'graphql'
import { CloseCode, handleProtocols, makeServer, type Server } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { isUnavailable } from '../platform/database/unavailable.ts'
import { isFromThisMachine } from '../platform/loopback.ts'
import { type Credential, type Credentials, isUnauthenticated, type Session } from './session.ts'
import type { Subscriptions } from './subscriptions.ts'

/** Of one message. */
const maxMessageBytes = 256 * 1024
const maxConnections = 5_000
const maxSubscriptionsAConnection = 100
/** A ping each time; without a pong until the next one the connection is cut. */
const pingMs = 15_000
/** How long a closing handshake may take. */
const closeMs = 2_000

/** Who is dropped for not reading, or comes while the database does not answer, reads this code; 4401 is for a credential that has ended, 1001 for a server that stops. */
const tryAgainLater = 1013
const goingAway = 1001

interface Extra {
  socket: WebSocket
  session: Session
  credential: Credential
  stop: () => void
}

export interface TransportOptions {
  subscriptions: Subscriptions
  credentials: Credentials
  path: string
  newRequestId(): string
  recheckMs?: number
}

/** Subscriptions over WebSockets (graphql-transport-ws), with the credential in `connectionParams.authorization` or the header. */
export function acceptWebSockets(app: FastifyInstance, options: TransportOptions): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, handleProtocols })
  const server = protocol(options)
  let isStopping = false
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const path = request.url?.split('?', 1)[0]?.replace(/\/$/, '')
    if (path !== options.path) return refuse(socket, '404 Not Found')
    if (isStopping || sockets.clients.size >= maxConnections) return refuse(socket, '503 Service Unavailable')
    sockets.handleUpgrade(request, socket, head, (accepted) => open(accepted, request, server, options, app))
  })
  app.addHook('preClose', async () => {
    isStopping = true
    await Promise.all([...sockets.clients].map((socket) => close(socket, goingAway, 'The server stops.')))
  })
}

function open(socket: WebSocket, request: IncomingMessage, server: Server<Extra>, options: TransportOptions, app: FastifyInstance): void {
  const credential: Credential = { authorization: request.headers.authorization, isLocal: isFromThisMachine(request) }
  const session: Session = {
    requestId: options.newRequestId(),
    viewer: (sinceMs) => options.credentials.viewer(credential, sinceMs),
    end: (error) => void close(socket, CloseCode.Unauthorized, error.message),
  }
  const extra: Extra = { socket, session, credential, stop: () => undefined }
  const stopPings = keepAlive(socket)
  socket.on('error', (error) => app.log.debug({ err: error, requestId: session.requestId }, 'a WebSocket failed'))
  const closed = server.opened(
    {
      protocol: socket.protocol,
      // Resolves once the system has taken it: whoever does not read holds back the next event, which then waits in the bounded queue.
      send: (text) =>
        new Promise((resolve) => {
          if (socket.readyState !== socket.OPEN) resolve()
          else socket.send(text, () => resolve())
        }),
      close: (code, reason) => close(socket, code ?? goingAway, reason ?? ''),
      onMessage: (handle) =>
        socket.on('message', (data) => {
          handle(String(data)).catch((error: unknown) => {
            app.log.warn({ err: error, requestId: session.requestId }, 'a message of a WebSocket could not be handled')
            // Clients take InternalServerError for the end and the other for a pause.
            if (isUnavailable(error)) void close(socket, tryAgainLater, 'A part of the service did not answer in time.')
            else void close(socket, CloseCode.InternalServerError, 'Something went wrong on our side.')
          })
        }),
    },
    extra,
  )
  socket.once('close', (code, reason) => {
    stopPings()
    extra.stop()
    void closed(code, String(reason))
  })
}

function protocol({ subscriptions, credentials, recheckMs }: TransportOptions): Server<Extra> {
  return makeServer<Record<string, unknown>, Extra>({
    async onConnect({ connectionParams, extra }) {
      const given = connectionParams?.authorization ?? connectionParams?.Authorization
      if (typeof given === 'string') extra.credential.authorization = given
      try {
        await extra.session.viewer(performance.now())
      } catch (error) {
        if (!isUnauthenticated(error)) throw error
        extra.session.end(error)
        return false
      }
      extra.stop = credentials.watch(extra.session, recheckMs)
      return true
    },
    onSubscribe({ subscriptions: open, extra }, _id, payload) {
      if (Object.keys(open).length > maxSubscriptionsAConnection) return [tooMany()]
      return subscriptions.prepare(extra.session, payload)
    },
    subscribe: (args) =>
      subscriptions
        .begin(args)
        .catch((error: unknown) => ({ errors: [subscriptions.format(error, args.contextValue as Session)] })) as never,
    // Formatted already.
    onNext: (_context, _id, _payload, _args, result) => result as never,
    onError({ extra }, _id, _payload, errors) {
      if (errors.some(({ extensions }) => extensions.code === 'SLOW_CONSUMER')) {
        void close(extra.socket, tryAgainLater, 'Changes came faster than they were read.')
      }
    },
  })
}

const tooMany = () =>
  new GraphQLError(`At most ${maxSubscriptionsAConnection} subscriptions a connection. Open another one.`, {
    extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 0 },
  })

/** Closes with a code; whoever does not answer in time is cut off. Resolves when it is closed. */
async function close(socket: WebSocket, code: number, reason: string): Promise<void> {
  if (socket.readyState === socket.CLOSED) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => socket.terminate(), closeMs)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    // A close frame holds 123 bytes of reason.
    socket.close(code, reason.slice(0, 120))
  })
}

function keepAlive(socket: WebSocket): () => void {
  let isAlive = true
  socket.on('pong', () => {
    isAlive = true
  })
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, pingMs)
  timer.unref()
  return () => clearInterval(timer)
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
