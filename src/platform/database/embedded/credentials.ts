import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'

/** Passwords of the two roles: `gatehouse` owns the database and is who Gatehouse logs in as, `postgres` is the superuser. */
export interface Credentials {
  gatehouse: string
  postgres: string
}

/** The file is in the format of libpq's PGPASSFILE, so that psql and pg_dump can use it. */
const fileOf = (dataDir: string) => path.join(dataDir, 'pgpass')

export async function readCredentials(dataDir: string): Promise<Credentials | undefined> {
  const content = await readFile(fileOf(dataDir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const password = (role: string) => new RegExp(`^\\*:\\*:\\*:${role}:([0-9a-f]{64})$`, 'm').exec(content)?.[1]
  const [gatehouse, postgres] = [password('gatehouse'), password('postgres')]
  return gatehouse && postgres ? { gatehouse, postgres } : undefined
}

export const makeCredentials = (): Credentials => ({
  gatehouse: randomBytes(32).toString('hex'),
  postgres: randomBytes(32).toString('hex'),
})

/** Keeps the passwords (mode 0600), all or nothing. */
export async function writeCredentials(dataDir: string, credentials: Credentials): Promise<void> {
  const lines = Object.entries(credentials).map(([role, password]) => `*:*:*:${role}:${password}\n`)
  const temporary = `${fileOf(dataDir)}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    await file
      .writeFile(lines.join(''))
      .then(() => file.sync())
      .finally(() => file.close())
    await rename(temporary, fileOf(dataDir))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
