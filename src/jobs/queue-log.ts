import { Logger } from 'graphile-worker'
import type { Log } from '../platform/log.ts'

/** The queue's messages at our levels; its chatter about every job is debugging. */
export function queueLog(log: Log): Logger {
  const levels = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const
  return new Logger(() => (level, message) => log[levels[level as keyof typeof levels]](message))
}
