/** SQLSTATE classes: connection exception, insufficient resources (disk, memory, connections), operator intervention (shutdown, cancelled by a time-out). */
const unavailableClasses = /^(08|53|57)[0-9A-Z]{3}$/
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])
// Cannot reach, timed out, connection closed by the server, too many connections, no free slot of the pool, transaction not started in time.
const prismaCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2037'])
const adapterKinds = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections'])
// What pg and its pool throw without a code.
const messages = [
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'Connection terminated',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'Unable to start a transaction in the given time',
]

/**
 * Whether the database could not be reached or had to give up (network, overload, shutdown, full disk), so that the same call may work
 * later. False for what a repetition would not change: wrong SQL, broken constraints, and every error of another origin.
 */
export function isUnavailable(error: unknown): boolean {
  return causesOf(error).some((cause) => {
    const code = typeof cause.code === 'string' ? cause.code : ''
    const originalCode = typeof cause.originalCode === 'string' ? cause.originalCode : ''
    if (unavailableClasses.test(code) || unavailableClasses.test(originalCode)) return true
    if (isSocketFailure(cause, code) || prismaCodes.has(code)) return true
    if (typeof cause.kind === 'string' && adapterKinds.has(cause.kind)) return true
    return typeof cause.message === 'string' && messages.some((message) => (cause.message as string).includes(message))
  })
}

/** Whether two transactions were in each other's way (serialization failure, deadlock): the whole transaction may be repeated. */
export function isWriteConflict(error: unknown): boolean {
  return causesOf(error).some(
    ({ code, originalCode, kind }) =>
      kind === 'TransactionWriteConflict' ||
      code === 'P2034' ||
      [code, originalCode].some((state) => state === '40001' || state === '40P01'),
  )
}

function isSocketFailure(cause: Record<string, unknown>, code: string): boolean {
  // ENOENT is a Unix socket whose server is gone; of a file it would be something else.
  return socketCodes.has(code) || (code === 'ENOENT' && cause.syscall === 'connect')
}

/** The error and everything it carries: causes, the parts of an aggregate, the driver's error inside Prisma's. */
function causesOf(error: unknown): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = []
  const open: unknown[] = [error]
  while (open.length > 0 && found.length < 20) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null || found.includes(next as Record<string, unknown>)) continue
    const fields = next as Record<string, unknown>
    found.push(fields)
    const meta = fields.meta as Record<string, unknown> | undefined
    open.push(fields.cause, meta?.driverAdapterError, ...(Array.isArray(fields.errors) ? fields.errors : []))
  }
  return found
}
