import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { freePort } from '../support/app.ts'

export interface ServerProcess {
  url: string
  adminKey: string
  /** Ends it at once, with everything half-way, and starts it again on what it left behind. */
  killAndRestart(): Promise<void>
}

/** The whole server as a process of its own, with the embedded database in a folder of its own. Ends with the test. */
export async function startServerProcess(env: Record<string, string>): Promise<ServerProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-server-'))
  const port = await freePort()
  const adminKey = 'the-administrator-of-a-test-has-this-key'
  const { PATH = '' } = process.env
  const settings = {
    PATH,
    PORT: String(port),
    GATEHOUSE_DATA_DIR: path.join(folder, 'data'),
    GATEHOUSE_ADMIN_KEY: adminKey,
    GATEHOUSE_LOG_LEVEL: 'error',
    ...env,
  }
  const start = () =>
    spawn(process.execPath, ['--import', 'tsx', 'src/server.ts'], { env: settings, stdio: ['ignore', 'ignore', 'inherit'] })
  const url = `http://127.0.0.1:${port}`
  let child = start()
  onTestFinished(async () => {
    await end(child, 'SIGTERM')
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  })
  await untilReady(child, url)
  return {
    url,
    adminKey,
    async killAndRestart() {
      await end(child, 'SIGKILL')
      child = start()
      await untilReady(child, url)
    },
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await closed
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  for (const untilMs = Date.now() + 60_000; Date.now() < untilMs; await delay(100)) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    const response = await fetch(`${url}/readyz`).catch(() => null)
    if (response?.ok) return
  }
  throw new Error('the server does not become ready')
}
