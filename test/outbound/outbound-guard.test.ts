import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parseRanges } from '../../src/outbound/address.ts'
import { createOutboundGuard, OutboundRefusedError, OutboundTimeoutError, type Resolved } from '../../src/outbound/outbound-guard.ts'
import { ownDatabaseOf } from '../../src/outbound/own-database.ts'

/** What a tenant is after: a server that only this machine should reach. */
let secret: net.Server
let port: number
let reached = 0
const sockets: net.Socket[] = []
beforeAll(async () => {
  secret = net.createServer((socket) => {
    reached += 1
    socket.on('error', () => undefined).end('secret')
  })
  await new Promise<void>((resolve) => secret.listen(0, '::', resolve))
  port = (secret.address() as AddressInfo).port
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})
afterAll(() => secret?.close())

const loopback = parseRanges('127.0.0.0/8')!
const v4 = (...addresses: string[]): Resolved[] => addresses.map((address) => ({ address, family: net.isIP(address) }))
const answering =
  (...answers: Resolved[][]) =>
  async () =>
    (answers.length > 1 ? answers.shift() : answers[0]) ?? []
const connect = async (guard: ReturnType<typeof createOutboundGuard>, host: string, to = port) => {
  const socket = await guard.connect({ host, port: to }, { timeoutMs: 2_000 })
  sockets.push(socket)
  return socket
}
const closed = createOutboundGuard({ allow: [], ownDatabase: null })

describe('without ranges that are opened, nothing of this machine or its network is reached', () => {
  it.each([
    ...[
      '127.0.0.1',
      'localhost',
      '127.1',
      '2130706433',
      '0177.0.0.1',
      '0x7f.0.0.1',
      '0x7f000001',
      '017700000001',
      '0',
      '0.0.0.0',
      '::',
      '::1',
    ],
    ...[
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '[::1]',
      '127.0.0.1.',
      'localhost.',
      '169.254.169.254',
      'fe80::1%lo',
      '10.0.0.1',
      '100.64.0.1',
    ],
    ...['/var/run/postgresql', 'a/b', '127.0.0.1,1.1.1.1', 'user@127.0.0.1', '127.0.0.1:80', 'localhost\0.example.com', '', ' 127.0.0.1'],
    ...['postgres://127.0.0.1/x', 'no-such-name.invalid', '127。0。0。1', '①27.0.0.1', 'ⓛocalhost', '%31%32%37.0.0.1'],
  ])('by %j, and the refusal always reads the same', async (host) => {
    const before = reached
    const error = await connect(closed, host).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(OutboundRefusedError)
    expect((error as Error).message).toBe(new OutboundRefusedError().message)
    expect(reached).toBe(before)
  })

  it.each([
    ['a public address and a private one', v4('93.184.216.34', '10.0.0.1')],
    ['a private address and a public one', v4('127.0.0.1', '93.184.216.34')],
    ['a public address of IPv4 and a local one of IPv6', v4('93.184.216.34', '::1')],
    ['a v4-mapped address', v4('::ffff:93.184.216.34')],
    ['no address', []],
    ['something that is no address', v4('localhost')],
  ])('by a name with %s', async (_what, addresses) => {
    const guard = createOutboundGuard({ allow: [], ownDatabase: null, lookup: answering(addresses) })
    await expect(connect(guard, 'tenant.example')).rejects.toThrow(OutboundRefusedError)
  })
})

describe('with a range that is opened', () => {
  it('what lies in it is reached', async () => {
    const guard = createOutboundGuard({ allow: loopback, ownDatabase: null })
    const socket = await connect(guard, '127.0.0.1')
    expect(socket.remoteAddress).toBe('127.0.0.1')
  })

  it('a name with one more address outside of it is not', async () => {
    const guard = createOutboundGuard({ allow: loopback, ownDatabase: null, lookup: answering(v4('127.0.0.1', '10.0.0.1')) })
    await expect(connect(guard, 'tenant.example')).rejects.toThrow(OutboundRefusedError)
  })

  it('the same address in the clothes of IPv6 is not', async () => {
    const guard = createOutboundGuard({ allow: loopback, ownDatabase: null })
    await expect(connect(guard, '::ffff:127.0.0.1')).rejects.toThrow(OutboundRefusedError)
  })

  it('a name is looked up once: one that says something else the second time is connected to as it was checked', async () => {
    const asked: string[] = []
    const answers = [v4('127.0.0.2'), v4('127.0.0.1'), v4('127.0.0.1')]
    const lookup = async (name: string) => {
      asked.push(name)
      return answers.shift() ?? []
    }
    const guard = createOutboundGuard({ allow: parseRanges('127.0.0.2/32')!, ownDatabase: null, lookup })
    const socket = await connect(guard, 'rebinding.example')
    expect(socket.remoteAddress?.replace('::ffff:', '')).toBe('127.0.0.2')
    expect(asked).toEqual(['rebinding.example'])
  })

  it('a server that redirects is answered by nobody: the client sees the redirect and nothing behind it', async () => {
    const before = reached
    const redirecting = http.createServer((_request, response) => response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end())
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.2', resolve))
    const guard = createOutboundGuard({ allow: parseRanges('127.0.0.2/32')!, ownDatabase: null })
    const socket = await connect(guard, '127.0.0.2', (redirecting.address() as AddressInfo).port)
    const status = await new Promise((resolve, reject) => {
      http
        .request({ createConnection: () => socket, host: 'tenant.example' }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })
    redirecting.close()
    expect(status).toBe(302)
    expect(reached).toBe(before)
  })

  it('a server that is not there is told as such', async () => {
    const guard = createOutboundGuard({ allow: loopback, ownDatabase: null })
    const unused = net.createServer()
    await new Promise<void>((resolve) => unused.listen(0, '127.0.0.1', resolve))
    const { port: nobody } = unused.address() as AddressInfo
    await new Promise((resolve) => unused.close(resolve))
    await expect(connect(guard, '127.0.0.1', nobody)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('a name that nobody answers for ends with the time there is, and a worker that stops ends it at once', async () => {
    const guard = createOutboundGuard({ allow: [], ownDatabase: null, lookup: () => new Promise(() => undefined) })
    await expect(guard.connect({ host: 'slow.example', port }, { timeoutMs: 20 })).rejects.toThrow(OutboundTimeoutError)
    const stop = new AbortController()
    const connecting = guard.connect({ host: 'slow.example', port }, { timeoutMs: 60_000, signal: stop.signal })
    stop.abort(new Error('stopped'))
    await expect(connecting).rejects.toThrow('stopped')
  })
})

describe("this server's own database is never reached, however wide the door is open", () => {
  const everything = parseRanges('0.0.0.0/0,::/0')!
  const own = (url: string, lookup?: () => Promise<Resolved[]>) =>
    createOutboundGuard({ allow: everything, ownDatabase: ownDatabaseOf(url), ...(lookup ? { lookup } : {}) })
  const outside = Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address

  it.each(['127.0.0.1', 'localhost', '127.0.0.2', '::1', '2130706433', ...(outside ? [outside] : [])])('by %s', async (host) => {
    for (const url of [
      `postgresql://u@127.0.0.1:${port}/x`,
      `postgresql://u@localhost:${port}/x`,
      `postgresql://u@/x?host=/run&port=${port}`,
    ]) {
      await expect(connect(own(url), host)).rejects.toThrow(OutboundRefusedError)
    }
  })

  it('elsewhere by its address, and not at all while nobody knows where it is', async () => {
    const url = `postgresql://u@db.internal:${port}/x`
    await expect(connect(own(url, answering(v4('127.0.0.3'))), '127.0.0.3')).rejects.toThrow(OutboundRefusedError)
    const silent = async () => {
      throw new Error('no answer')
    }
    await expect(connect(own(url, silent), '127.0.0.1')).rejects.toThrow(OutboundRefusedError)
  })

  it('another port of the same machine is another matter', async () => {
    await expect(connect(own('postgresql://u@127.0.0.1:1/x'), '127.0.0.1')).resolves.toBeInstanceOf(net.Socket)
  })
})
