import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One call on its way from Gatehouse to AWS. */
export interface TappedCall {
  /** AssumeRoleWithWebIdentity, GetRole …; of a REST service method and path. */
  operation: string
  /** From the signature; null where the call is unsigned. */
  accessKeyId: string | null
  region: string | null
  /** Form parameters of the query protocol. */
  params: URLSearchParams
  headers: Record<string, string | string[] | undefined>
  body: string
}

export interface Wiretap {
  url: string
  calls: TappedCall[]
  /** Answers in AWS's place where it returns something. */
  answer: (call: TappedCall) => { status: number; body: string } | null
  /** Changes what AWS answered with 200. */
  rewrite: (call: TappedCall, body: string) => string
  /** Forgets the calls and the changes. */
  reset(): void
  close(): Promise<void>
}

/** Stands between the SDK and the emulator, notes every call as it was sent and can change what comes back. */
export async function startWiretap(targetUrl: string): Promise<Wiretap> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const call = readCall(request.method ?? '', request.url ?? '', request.headers, Buffer.concat(chunks).toString('utf8'))
    tap.calls.push(call)
    const own = tap.answer(call)
    if (own !== null) {
      response.writeHead(own.status, { 'content-type': 'text/xml' }).end(own.body)
      return
    }
    forward(targetUrl, request, call.body, response).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(status === 200 ? tap.rewrite(call, body) : body),
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const tap: Wiretap = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: [],
    answer: () => null,
    rewrite: (_call, body) => body,
    reset() {
      tap.calls = []
      tap.answer = () => null
      tap.rewrite = (_call, body) => body
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return tap
}

/** What AWS answers, or the failure it answers with; given up with the call it is for. */
async function forward(targetUrl: string, call: IncomingMessage, body: string, response: ServerResponse) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const { 'content-length': _length, connection: _connection, ...headers } = call.headers
    const onward = send(`${targetUrl}${call.url}`, { method: call.method, headers, agent: false }, async (answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk as Buffer)
      const { 'content-length': _answerLength, connection: _answerConnection, ...rest } = answer.headers
      resolve({ status: answer.statusCode ?? 500, headers: rest, body: Buffer.concat(chunks).toString('utf8') })
    })
    onward.on('error', reject)
    response.once('close', () => onward.destroy())
    onward.end(body)
  })
}

/** How the query protocol (STS, IAM) words a refusal. */
export function queryRefusal(code: string, message: string, status = 400): { status: number; body: string } {
  return {
    status,
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>0</RequestId></ErrorResponse>`,
  }
}

function readCall(method: string, path: string, headers: TappedCall['headers'], body: string): TappedCall {
  const params = new URLSearchParams(String(headers['content-type'] ?? '').includes('x-www-form-urlencoded') ? body : '')
  const [, accessKeyId = null, region = null] = /Credential=([^/]+)\/\d{8}\/([^/]+)\//.exec(String(headers.authorization ?? '')) ?? []
  const target = headers['x-amz-target']
  const operation = params.get('Action') ?? (typeof target === 'string' ? target.split('.').at(-1) : null) ?? `${method} ${path}`
  return { operation, accessKeyId, region, params, headers, body }
}
