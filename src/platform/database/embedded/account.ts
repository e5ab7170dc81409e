import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { DatabaseStartError } from '../start-error.ts'

/** Whose rights the server runs with. */
export interface Account {
  uid: number
  gid: number
}

const run = promisify(execFile)
const accountName = 'gatehouse'
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }

/**
 * PostgreSQL refuses to run as root. For root it is the owner of an existing cluster, else the user "gatehouse", who is created if that
 * is possible, else "postgres". For everybody else it is themselves: undefined.
 */
export async function findAccount(cluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const owner = await stat(cluster).catch(() => undefined)
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const account = (await lookUp(accountName)) ?? (await create()) ?? (await lookUp('postgres'))
  if (account) return account
  throw new DatabaseStartError(
    `PostgreSQL does not run as root, and no user "${accountName}" could be created for it: create one ` +
      `("useradd --system ${accountName}"), start Gatehouse as another user, or set DATABASE_URL.`,
  )
}

async function lookUp(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name], { env: environment })).stdout)),
    )
    return uid !== undefined && gid !== undefined && uid > 0 ? { uid, gid } : undefined
  } catch {
    return undefined
  }
}

async function create(): Promise<Account | undefined> {
  const shell = '/usr/sbin/nologin'
  // The second pair is for systems with busybox instead of shadow. Each may fail because another start was faster: the look-up decides.
  const attempts: [string, string[]][] = [
    ['useradd', ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', shell, accountName]],
    ['addgroup', ['-S', accountName]],
    ['adduser', ['-S', '-D', '-H', '-h', '/nonexistent', '-s', shell, '-G', accountName, accountName]],
  ]
  for (const [program, args] of attempts) {
    await run(program, args, { env: environment }).catch(() => undefined)
    const account = await lookUp(accountName)
    if (account) return account
  }
  return undefined
}
