import { type DestinationStream, destination, type Logger, pino } from 'pino'

export type Log = Logger

/** Fields whose values never reach the log, wherever they stand. */
const secretPaths = ['authorization', 'secret', 'secretAccessKey', 'token', 'password', 'key'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
])

/** Lines that wait while nobody reads standard output; beyond them lines are dropped, so that a reader that hangs stops nobody. */
const maxWaitingBytes = 16 * 1024 * 1024

/** Lines are written together: a write of its own for each costs more than all else of it. */
const batch = { minLength: 4096, periodicFlush: 100 }

const standardOutput = () => destination({ dest: 1, sync: false, maxLength: maxWaitingBytes, ...batch })

/**
 * JSON lines, to standard output unless told otherwise: written in the background within 0.1 s, and when the process exits. `level` is one
 * of pino's names; `silent` turns it off.
 */
export function createLog(level: string, to: DestinationStream = standardOutput()): Log {
  return pino(
    {
      level,
      redact: { paths: [...secretPaths, 'req.headers.authorization'], censor: '[redacted]' },
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    to,
  )
}
