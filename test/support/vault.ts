import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TestVault {
  url: string
  token: string
  /** Values by `<mount>/<path>`, as the newest version has them; null: it is deleted. */
  secrets: Map<string, object | null>
  /** What stands in for the answer, or does as it likes with the connection. */
  answer: ((response: ServerResponse) => void) | null
  /** Paths that were asked for, as they came over the wire. */
  asked: string[]
  close(): Promise<void>
}

/** Vault's KV engine of version 2 at the wire: the mounts are those that a secret lies in. Everything else of Vault's API answers, too. */
export async function startTestVault(): Promise<TestVault> {
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    vault.asked.push(url)
    if (vault.answer) return vault.answer(response)
    if (request.headers['x-vault-token'] !== vault.token) return json(response, 403, { errors: ['permission denied: said by Vault'] })
    const [, mount = '', path = ''] = /^\/v1\/([^/]+)\/data\/(.+)$/.exec(url) ?? []
    const found = vault.secrets.get(`${mount}/${path}`)
    const metadata = {
      created_time: '2026-11-22T08:00:00Z',
      version: 2,
      destroyed: false,
      deletion_time: found === null ? '2026-11-22T08:00:01Z' : '',
    }
    if (found === undefined) return json(response, 404, { errors: [] })
    json(response, found === null ? 404 : 200, { request_id: 'r', lease_id: '', renewable: false, data: { data: found, metadata } })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const vault: TestVault = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: 'hvs.a-token-that-nobody-may-see',
    secrets: new Map(),
    answer: null,
    asked: [],
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return vault
}

export function json(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
