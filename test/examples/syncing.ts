/** What the tests of the sync example share: files of access keys, and runs of it in this process. */
import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { main } from '../../examples/sync-aws.ts'
import { makeFolder } from './onboarding.ts'

/** Stands in every file and environment, and nowhere else. */
export const secret = 'Very/secret+0123456789/of+the+example'

export interface GivenKey {
  accountName: string
  accessKeyId: string
}

export async function keysFile(keys: GivenKey[], mode = 0o600): Promise<string> {
  const file = path.join(await makeFolder(), 'keys.csv')
  const rows = keys.map(({ accountName, accessKeyId }) => `${accountName},${accessKeyId},${secret}`)
  await writeFile(file, ['account name,access key id,secret access key', ...rows].join('\n'))
  await chmod(file, mode)
  return file
}

export interface SyncRun {
  exitCode: number
  text: string
}

/** The example's main function, in this process. `told` is given all that it has said, whenever it says something. */
export async function runSync(
  args: string[],
  env: Record<string, string>,
  { told = () => undefined, fetch, isTTY }: { told?: (text: string) => void; fetch?: typeof globalThis.fetch; isTTY?: boolean } = {},
): Promise<SyncRun> {
  let text = ''
  const write = (part: string) => {
    text += part
    told(text)
  }
  const exitCode = await main(['--patience', '30', ...args], { env, output: { write, isTTY }, fetch })
  if (text.includes(secret)) throw new Error(`a secret stands in the output: ${text}`)
  return { exitCode, text }
}
