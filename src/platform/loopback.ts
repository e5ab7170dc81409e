import type { IncomingMessage } from 'node:http'

/** Whether a host name or address means this machine and nothing else. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/i, '')
  return bare === 'localhost' || bare === '::1' || /^127(\.\d{1,3}){3}$/.test(bare)
}

/** From this machine, by its own name, and not passed on by a proxy or a tunnel: a page of another origin that rebinds its name fails too. */
export function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  const isForwarded = Object.keys(headers).some((name) => name === 'forwarded' || name === 'via' || name.startsWith('x-forwarded'))
  const address = `http://${headers.host}`
  return !isForwarded && isLoopback(socket.remoteAddress ?? '') && URL.canParse(address) && isLoopback(new URL(address).hostname)
}
