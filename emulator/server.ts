import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { HttpAnswer, HttpRequest } from './service.ts'

/** A Lambda archive in a call, base64 included, is the largest thing that comes in. */
const maxBodyBytes = 75_000_000

/** Gives each request to `answer`; `silent` keeps the connection open without a word, `reset` destroys it. */
export function createHttpServer(
  answer: (request: HttpRequest, remoteAddress: string | undefined) => Promise<HttpAnswer | 'silent' | 'reset'>,
): Server {
  return createServer((incoming, outgoing) => {
    respond(incoming, outgoing, answer).catch(() => incoming.socket.destroy())
  })
}

async function respond(incoming: IncomingMessage, outgoing: ServerResponse, answer: Parameters<typeof createHttpServer>[0]): Promise<void> {
  const body = await readBody(incoming)
  const url = new URL(incoming.url ?? '/', 'http://localhost')
  const { pathname: path, searchParams: query } = url
  const request = { method: incoming.method ?? 'GET', path, query, headers: incoming.headers, body }
  const answered = await answer(request, incoming.socket.remoteAddress)
  if (answered === 'silent') return
  if (answered === 'reset') {
    incoming.socket.resetAndDestroy()
    return
  }
  outgoing.writeHead(answered.status, { ...answered.headers, ...lengthOf(answered) })
  outgoing.end(answered.body)
}

// A 204 has no length; everything else says its own, so that no answer is sent in chunks.
function lengthOf({ status, body }: HttpAnswer): Record<string, string> {
  return status === 204 ? {} : { 'content-length': String(Buffer.byteLength(body)) }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new Error('The request body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
