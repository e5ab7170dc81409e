import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from './app.ts'

export interface ServerProcess {
  port: number
  url: string
  child: ChildProcess
  output(): string
  /** Waits until the output has the text; fails when the process ends before or after 40 s. */
  printed(text: string | RegExp): Promise<RegExpMatchArray>
  /** The exit code, once it has ended. */
  ended(): Promise<number | null>
}

/** One of the entries as `npm start` and its sisters run them, in a process of its own. */
export async function startProcess(
  entry: 'server' | 'worker' | 'migrate' | 'rotate-keys',
  env: Record<string, string>,
  args: string[] = [],
): Promise<ServerProcess> {
  const port = env.PORT ? Number(env.PORT) : await freePort()
  const child = spawn(process.execPath, ['scripts/start.mjs', entry, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    child,
    output: () => output,
    async printed(text) {
      const until = Date.now() + 40_000
      for (;;) {
        const match = output.match(text)
        if (match) return match
        if (child.exitCode !== null || Date.now() > until) throw new Error(`"${text}" was not printed:\n${output}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    async ended() {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      return child.exitCode
    },
  }
}
