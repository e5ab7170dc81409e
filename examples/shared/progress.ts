import { Presets, SingleBar } from 'cli-progress'

export interface Output {
  write(text: string): unknown
  isTTY?: boolean
}

export interface Progress {
  /** How many are done by now. */
  update(done: number): void
  /** Says something in between, on a line of its own. */
  note(text: string): void
  /** How many it came to; the others were refused. */
  end(done: number): void
}

/** How often a line tells of progress where there is no terminal. */
const lineEveryMs = 3_000

/** A bar on a terminal; elsewhere a line every few seconds. */
export function startProgress(output: Output, title: string, total: number): Progress {
  const startedAtMs = performance.now()
  const bar = output.isTTY ? startBar(output as NodeJS.WritableStream, title, total) : null
  let saidAtMs = startedAtMs
  return {
    update(done) {
      bar?.update(done)
      if (bar || done === total || performance.now() - saidAtMs < lineEveryMs) return
      saidAtMs = performance.now()
      output.write(`${title}: ${done} of ${total}\n`)
    },
    note(text) {
      // In the bar's place; the bar is drawn again below.
      output.write(`${bar ? '\r\u001b[K' : ''}${text}\n`)
    },
    end(done) {
      bar?.stop()
      output.write(`${title}: ${done} of ${total} in ${seconds(performance.now() - startedAtMs)}\n`)
    },
  }
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

function startBar(stream: NodeJS.WritableStream, title: string, total: number): SingleBar {
  const format = `${title.padEnd(12)} {bar} {value}/{total}  {duration_formatted}`
  const bar = new SingleBar({ stream, format, clearOnComplete: true, hideCursor: true, fps: 5, forceRedraw: true }, Presets.shades_classic)
  bar.start(total, 0)
  return bar
}
