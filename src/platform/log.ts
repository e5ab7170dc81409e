import { type Logger, pino } from 'pino'

export type Log = Logger

/** Fields whose values never reach the log, wherever they stand. */
const secretPaths = ['authorization', 'secret', 'secretAccessKey', 'token', 'password', 'key'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
])

/** JSON lines on standard output. `level` is one of pino's names; `silent` turns it off. */
export function createLog(level: string): Log {
  return pino({
    level,
    redact: { paths: [...secretPaths, 'req.headers.authorization'], censor: '[redacted]' },
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
  })
}
