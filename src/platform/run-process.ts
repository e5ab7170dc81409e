import { DatabaseStartError } from './database/start-error.ts'

/** After this long a stop is forced: a supervisor kills after ten seconds. */
const stopDeadlineMs = 9_000
/** A signal again within this time is the same one: a terminal and npm both pass it on. */
const sameSignalMs = 1_000

/**
 * Runs a process: `start` opens things and says how each is closed. SIGTERM and SIGINT close them, the last opened first, and end with 0;
 * a second signal ends at once. What `start` throws ends the process with 1 and one message.
 */
export async function runProcess(start: (onStop: (step: () => unknown) => void) => Promise<void>): Promise<void> {
  const steps: (() => unknown)[] = []
  let stopping: number | null = null

  const stop = async (code: number) => {
    setTimeout(() => process.exit(code === 0 ? 1 : code), stopDeadlineMs).unref()
    for (const step of steps.splice(0).reverse()) {
      try {
        await step()
      } catch (error) {
        console.error(`While stopping: ${error instanceof Error ? error.message : error}`)
      }
    }
    process.exit(code)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping === null) {
        stopping = Date.now()
        void stop(0)
      } else if (Date.now() - stopping > sameSignalMs) process.exit(1)
    })
  }
  try {
    await start((step) => steps.push(step))
  } catch (error) {
    console.error(`\n${explained(error)}\n`)
    await stop(1)
  }
}

/** What an operator can act on is one message; anything else is a fault of ours and keeps its stack. */
function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isExpected = error instanceof DatabaseStartError || error.constructor !== Error || !error.stack
  return isExpected || /^(Port|The) /.test(error.message) ? error.message : (error.stack ?? error.message)
}
