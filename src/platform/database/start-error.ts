/** A start that cannot go on. The message is all an operator needs: what is wrong and how to mend it. Print it without the stack. */
export class DatabaseStartError extends Error {
  override name = 'DatabaseStartError'
}

const refusals: Record<string, string> = {
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the disk quota is used up: free some space',
  EROFS: 'the file system is read-only: set GATEHOUSE_DATA_DIR to a directory that can be written',
  EACCES: 'permission is denied: set GATEHOUSE_DATA_DIR to a directory that this user can write, or give it this one',
  EPERM: 'the operation is not permitted: set GATEHOUSE_DATA_DIR to a directory that this user owns',
  ENOTDIR: 'a part of the path is not a directory: set GATEHOUSE_DATA_DIR to another one',
  EEXIST: 'there is a file in its place: set GATEHOUSE_DATA_DIR to a directory',
}

/** What the operating system refused (disk full, not writable, …) as one message; anything else is returned as it is. */
export function asStartError(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseStartError) return error
  const { code, path } = error as NodeJS.ErrnoException
  const refusal = code === undefined ? undefined : refusals[code]
  if (refusal === undefined) return error
  return new DatabaseStartError(`The data directory ${directory} cannot be used: ${refusal} (${code}${path ? ` at ${path}` : ''}).`, {
    cause: error,
  })
}
