import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface LocalKeys {
  /** In the form of GATEHOUSE_ENCRYPTION_KEYS. */
  encryptionKeys: string
  adminKey: string
  adminKeyPath: string
  /** Whether this call made either of the two files. */
  created: boolean
}

/**
 * The keys of an installation with the embedded database: two files (0600) in its data directory, made where they are missing and
 * never overwritten. Concurrent calls agree. Throws an error that names the file if one cannot be read or written.
 */
export async function loadOrCreateLocalKeys(dataDir: string): Promise<LocalKeys> {
  const encryptionKeysPath = join(dataDir, 'encryption-keys')
  const adminKeyPath = join(dataDir, 'admin-key')
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  // An id of its own for each generated key: a lost file is then told apart from a changed one when the server starts.
  const newEncryptionKey = () => `local-${randomBytes(4).toString('hex')}:${randomBytes(32).toString('base64')}`
  const encryption = await readOrCreate(encryptionKeysPath, newEncryptionKey)
  const admin = await readOrCreate(adminKeyPath, () => randomBytes(32).toString('base64url'))
  if (admin.text.length < 32) throw new Error(`${adminKeyPath} must hold a key of at least 32 characters.`)
  return { encryptionKeys: encryption.text, adminKey: admin.text, adminKeyPath, created: encryption.created || admin.created }
}

async function readOrCreate(path: string, content: () => string): Promise<{ text: string; created: boolean }> {
  const existing = await readSecretFile(path)
  if (existing !== null) return { text: existing, created: false }
  const created = await createExclusively(path, content())
  const text = await readSecretFile(path)
  if (text === null) throw new Error(`${path} vanished while it was read.`)
  return { text, created }
}

async function readSecretFile(path: string): Promise<string | null> {
  try {
    const text = (await readFile(path, 'utf8')).trim()
    if (text === '') throw new Error(`${path} is empty. Restore it from a backup; a new key would not open what the old one sealed.`)
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
    return text
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

/** Whether this call made the file. A crash leaves the whole file or none; of concurrent calls one wins. */
async function createExclusively(path: string, content: string): Promise<boolean> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${content}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    // A link fails where the name is taken; a rename would replace the file.
    await link(temporary, path)
    await syncDirectory(dirname(path))
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await unlink(temporary).catch(() => undefined)
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
