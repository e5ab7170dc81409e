import { setTimeout as delay } from 'node:timers/promises'
import type { Services } from '../context.ts'

/** Work that is looked for again and again. Any number of processes do so: `run` itself sees to it that one of them does it. */
export interface Schedule {
  name: string
  /** About how long between two looks; each wait differs by up to a tenth, so that processes do not keep step. */
  everyMs(config: Services['config']): number
  /** `isAfterStop`: the first look of this process, or the first after it was held up for long. */
  run(services: Services, options: { isAfterStop: boolean }): Promise<void>
}

/** Longer without a look than this, or three waits, is a stop. */
const stopMs = 60_000

/** Runs each schedule until it is stopped. A look that fails is logged and repeated after the usual wait. */
export function startSchedules(services: Services, schedules: Schedule[]): { stop(): Promise<void> } {
  const ended = new AbortController()
  const running = schedules.map((schedule) => repeat(services, schedule, ended.signal))
  return {
    async stop() {
      ended.abort()
      await Promise.all(running)
    },
  }
}

async function repeat(services: Services, schedule: Schedule, signal: AbortSignal): Promise<void> {
  const everyMs = schedule.everyMs(services.config)
  let lastMs: number | null = null
  while (!signal.aborted) {
    const isAfterStop = lastMs === null || Date.now() - lastMs > Math.max(stopMs, 3 * everyMs)
    try {
      await schedule.run(services, { isAfterStop })
      lastMs = Date.now()
    } catch (error) {
      services.log.warn({ err: error, schedule: schedule.name }, 'a scheduled look failed; it is repeated')
    }
    await delay(everyMs * (0.9 + 0.2 * Math.random()), undefined, { signal, ref: false }).catch(() => undefined)
  }
}
