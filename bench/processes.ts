import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

export interface BenchProcess {
  pid: number
  /** What the first group of the expression found in its output. */
  said: string
  stop(): Promise<void>
}

/**
 * Starts Node.js with these arguments and waits for the line that says it is ready. `node` is another Node.js than this one, `pin` a command
 * in front that binds it to a core. With `discardLog` what it says after that line is thrown away unread: reading it line by line would
 * cost more than writing it does.
 */
export async function startProcess(
  args: string[],
  env: Record<string, string>,
  ready: RegExp,
  { node = process.execPath, pin = [], discardLog = false }: { node?: string; pin?: string[]; discardLog?: boolean } = {},
): Promise<BenchProcess> {
  const { PATH = '' } = process.env
  const [command = node, ...rest] = [...pin, node, ...args]
  const child = spawn(command, rest, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}`)))
    const lines = createInterface({ input: child.stdout })
    lines.on('line', (line) => {
      const found = ready.exec(line)?.[1]
      if (found) resolve(found)
      else if (/"level":[456]0/.test(line)) console.error(line)
      if (!found || !discardLog) return
      lines.close()
      child.stdout.resume()
    })
  })
  return {
    pid: child.pid ?? 0,
    said,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** CPU seconds used so far by each part; PostgreSQL is what runs below the server. Empty where there is no /proc. */
export function cpuSeconds(serverPid: number, standInPid: number): Record<string, number> {
  const { user, system } = process.cpuUsage()
  return {
    example: (user + system) / 1e6,
    server: cpuSecondsOf(serverPid),
    PostgreSQL: cpuSecondsBelow(serverPid),
    'AWS stand-in': cpuSecondsOf(standInPid),
  }
}

/** CPU seconds a process has used so far; 0 where there is no /proc. */
export function cpuSecondsOf(pid: number): number {
  return readProcesses().find((found) => found.pid === pid)?.seconds ?? 0
}

/** CPU seconds of a process and all below it, those that ended included. */
export function cpuSecondsWithin(pid: number): number {
  const found = readProcesses().find((candidate) => candidate.pid === pid)
  return found ? found.seconds + found.endedSeconds + cpuSecondsBelow(pid) : 0
}

/** CPU seconds of all that runs below a process. What has ended is not in it. */
export function cpuSecondsBelow(pid: number): number {
  const processes = readProcesses()
  const below = (parent: number): number =>
    processes.filter((found) => found.parent === parent).reduce((sum, child) => sum + child.seconds + below(child.pid), 0)
  return below(pid)
}

/** The memory a process holds, in MB; null where there is no /proc. */
export function residentMb(pid: number): number | null {
  if (process.platform !== 'linux') return null
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}

/** Looks at the memory of this process until it is stopped, which gives the most that it held, in MB. */
export function watchOwnMemory(): { stop(): number } {
  let peakBytes = 0
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
  }, 50)
  return {
    stop() {
      clearInterval(timer)
      return Math.round(peakBytes / 1024 / 1024)
    },
  }
}

const ticksPerSecond = 100

interface ProcessUsage {
  pid: number
  parent: number
  seconds: number
  /** Of its children that ended. */
  endedSeconds: number
}

/** Of /proc/<pid>/stat, after the name in parentheses: 1 is the parent, 11 and 12 the ticks in user and kernel mode, 13 and 14 those of ended children. */
function readProcesses(): ProcessUsage[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((name) => {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
        .map(Number)
      const [, parent = 0] = fields
      if (!/^\d+$/.test(name)) return []
      const seconds = (first: number) => ((fields[first] ?? 0) + (fields[first + 1] ?? 0)) / ticksPerSecond
      return [{ pid: Number(name), parent, seconds: seconds(11), endedSeconds: seconds(13) }]
    } catch {
      // It ended in between, or is no process.
      return []
    }
  })
}
