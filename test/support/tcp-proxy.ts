import net from 'node:net'
import path from 'node:path'

export interface TcpProxy {
  port: number
  /** Connections go through; stalled ones go on. */
  pass(): Promise<void>
  /** Connections are accepted and kept, and nothing is passed on in either direction. */
  stall(): Promise<void>
  /** Nobody listens: connections under way end, new ones are refused. */
  refuse(): Promise<void>
  /** Connections under way and new ones are reset. */
  reset(): Promise<void>
  close(): Promise<void>
}

type Mode = 'pass' | 'stall' | 'refuse' | 'reset'

/** A proxy on 127.0.0.1 in front of `target`, to try what a network does to its users. */
export async function startTcpProxy(target: net.NetConnectOpts): Promise<TcpProxy> {
  let mode: Mode = 'pass'
  const pairs = new Set<[net.Socket, net.Socket]>()
  const server = net.createServer((inbound) => {
    if (mode === 'reset') return void inbound.resetAndDestroy()
    const pair: [net.Socket, net.Socket] = [inbound, net.connect(target)]
    pairs.add(pair)
    for (const socket of pair) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        pairs.delete(pair)
        for (const other of pair) other.destroy()
      })
    }
    if (mode === 'pass') join(pair)
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as net.AddressInfo
  const change = async (next: Mode) => {
    if (next === mode) return
    mode = next
    for (const pair of pairs) {
      if (next === 'pass') join(pair)
      else if (next === 'stall') part(pair)
      else if (next === 'reset') pair[0].resetAndDestroy()
      else pair[0].destroy()
    }
    if (next === 'refuse' && server.listening) await new Promise((resolve) => server.close(resolve))
    else if (next !== 'refuse' && !server.listening) await listen(port)
  }
  return {
    port,
    pass: () => change('pass'),
    stall: () => change('stall'),
    refuse: () => change('refuse'),
    reset: () => change('reset'),
    close: () => change('refuse'),
  }
}

/** The same in front of a database, with the URL that leads through it. */
export async function startDatabaseProxy(databaseUrl: string): Promise<TcpProxy & { url: string }> {
  const url = new URL(databaseUrl)
  const socketDirectory = url.searchParams.get('host')
  const proxy = await startTcpProxy(
    socketDirectory ? { path: path.join(socketDirectory, '.s.PGSQL.5432') } : { host: url.hostname, port: Number(url.port || 5432) },
  )
  url.searchParams.delete('host')
  url.hostname = '127.0.0.1'
  url.port = String(proxy.port)
  return { ...proxy, url: url.toString() }
}

function join([inbound, outbound]: [net.Socket, net.Socket]): void {
  inbound.pipe(outbound)
  outbound.pipe(inbound)
}

function part(pair: [net.Socket, net.Socket]): void {
  for (const socket of pair) {
    socket.unpipe()
    socket.pause()
  }
}
