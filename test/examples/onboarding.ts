/** What the tests of the onboarding example share: accounts files, runs of it in this process and in one of their own, and what it left behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { main } from '../../examples/onboard-aws.ts'

export const kinds = ['IAM_ASSESSMENT', 'IAM_WRITE', 'INVENTORY']

export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-example-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A file of that many accounts, 500000000000 and up. */
export async function accountsFile(count: number): Promise<string> {
  const file = path.join(await makeFolder(), 'accounts.csv')
  await writeFile(file, accountIds(count).join('\n'))
  return file
}

export const accountIds = (count: number) => Array.from({ length: count }, (_, index) => String(500_000_000_000 + index))

export interface Sent {
  kind: 'query' | 'mutation'
  operation: string
}

/** Stands in for fetch: `send` is the real one. */
export type Interposed = (sent: Sent, send: () => Promise<Response>) => Promise<Response>

export interface OnboardingRun {
  exitCode: number
  text: string
  /** Every request, attempts one by one. */
  sent: Sent[]
}

/** The example's main function, in this process. */
export async function onboard(
  args: string[],
  env: Record<string, string>,
  interposed: Interposed = (_, send) => send(),
): Promise<OnboardingRun> {
  const sent: Sent[] = []
  let text = ''
  const counting: typeof fetch = (input, init) => {
    const [, kind, operation] = /^\s*(query|mutation) (\w+)/.exec(JSON.parse(String(init?.body)).query) ?? []
    const request = { kind: kind as Sent['kind'], operation: operation ?? '' }
    sent.push(request)
    return interposed(request, () => fetch(input, init))
  }
  // So that one that stands still says so before the test's own time is up.
  const exitCode = await main(['--patience', '30', ...args], { env, output: { write: (part) => (text += part) }, fetch: counting })
  return { exitCode, text, sent }
}

export const mutationsOf = ({ sent }: OnboardingRun): string[] =>
  sent.filter(({ kind }) => kind === 'mutation').map(({ operation }) => operation)

/** What fetch rejects with when the connection breaks. */
export const connectionLost = () =>
  Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }) })

/** The same as a program of its own. `text` grows as it runs. */
export function spawnOnboarding(
  args: string[],
  env: Record<string, string>,
): { child: ChildProcess; text(): string; exitCode: Promise<number | null> } {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/onboard-aws.ts', ...args], {
    env: { PATH, NODE_NO_WARNINGS: '1', ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  return { child, text: () => text, exitCode: new Promise((resolve) => child.once('close', resolve)) }
}
