import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

export interface BenchProcess {
  pid: number
  /** What the first group of the expression found in its output. */
  said: string
  stop(): Promise<void>
}

/** Starts Node.js with these arguments and waits for the line that says it is ready. */
export async function startProcess(args: string[], env: Record<string, string>, ready: RegExp): Promise<BenchProcess> {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, args, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = ready.exec(line)?.[1]
      if (found) resolve(found)
      else if (/"level":[456]0/.test(line)) console.error(line)
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
  const processes = readProcesses()
  const below = (pid: number): number[] =>
    processes.filter(({ parent }) => parent === pid).flatMap((child) => [child.pid, ...below(child.pid)])
  const usedBy = (pids: number[]) => processes.filter(({ pid }) => pids.includes(pid)).reduce((sum, { seconds }) => sum + seconds, 0)
  return {
    example: (user + system) / 1e6,
    server: usedBy([serverPid]),
    PostgreSQL: usedBy(below(serverPid)),
    'AWS stand-in': usedBy([standInPid]),
  }
}

const ticksPerSecond = 100

/** Of /proc/<pid>/stat, after the name in parentheses: 1 is the parent, 11 and 12 the ticks in user and kernel mode. */
function readProcesses(): { pid: number; parent: number; seconds: number }[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((name) => {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
        .map(Number)
      const [, parent = 0] = fields
      return /^\d+$/.test(name) ? [{ pid: Number(name), parent, seconds: ((fields[11] ?? 0) + (fields[12] ?? 0)) / ticksPerSecond }] : []
    } catch {
      // It ended in between, or is no process.
      return []
    }
  })
}
