import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { JobName } from '../../src/jobs/enqueue.ts'

export interface WorkerProcess {
  /** All it has written so far. */
  output(): string
  /** How many jobs of this name it has begun. */
  begun(task: JobName): number
  /** As `kill -9` does; settles when it is gone. */
  kill(): Promise<void>
}

export interface WorkerSettings {
  databaseUrl: string
  adminKey: string
  encryptionKeys: string
  publicUrl: string
  awsEndpointUrl: string
}

/** `npm run worker` from its sources. It logs all it can. Settles when it is ready. */
export async function startWorkerProcess(settings: WorkerSettings): Promise<WorkerProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/worker.ts'], {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      DATABASE_URL: settings.databaseUrl,
      GATEHOUSE_ADMIN_KEY: settings.adminKey,
      GATEHOUSE_ENCRYPTION_KEYS: settings.encryptionKeys,
      GATEHOUSE_PUBLIC_URL: settings.publicUrl,
      GATEHOUSE_LOG_LEVEL: 'trace',
      AWS_ENDPOINT_URL: settings.awsEndpointUrl,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const isReady = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk
        if (output.includes('worker is ready')) resolve()
      })
    }
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}: ${output}`)))
  })
  await isReady
  return {
    output: () => output,
    begun: (task) => output.match(new RegExp(`Found task \\d+ \\(${task}`, 'g'))?.length ?? 0,
    kill: () => kill(child),
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
