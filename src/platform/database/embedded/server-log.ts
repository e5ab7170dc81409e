import type { Log } from '../../log.ts'

const explanations: [pattern: RegExp, explanation: string][] = [
  [/No space left on device|Disk quota exceeded|wrote only \d+ of \d+ bytes/i, 'the disk is full: free some space.'],
  [/Read-only file system/i, 'the file system is read-only: set GATEHOUSE_DATA_DIR to a directory that can be written.'],
  [
    /Permission denied|wrong ownership/i,
    'its files belong to another user: start as that user, or set GATEHOUSE_DATA_DIR to another directory.',
  ],
  [
    /error while loading shared libraries|Library not loaded|image not found/i,
    'its libraries are incomplete: run "npm rebuild" with scripts allowed.',
  ],
  [
    /could not (bind|create any) Unix(-domain)? (address|socket)/i,
    'its socket cannot be made there: set GATEHOUSE_DATA_DIR to a directory on a local disk.',
  ],
  [
    /could not create shared memory segment|could not map anonymous shared memory/i,
    'there is too little (shared) memory for it on this machine.',
  ],
]

/** What the server or initdb said, as the end of a sentence with a remedy where one is known. */
export function explainFailure(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  // Those who connect meanwhile are told to wait, and that is logged as fatal too.
  const telling = lines
    .filter((line) => /(FATAL|PANIC|ERROR|error|could not)/.test(line) && !/the database system is /.test(line))
    .slice(-3)
  const said = (telling.length > 0 ? telling : lines.slice(-3)).join(' ').trim()
  const explanation = explanations.find(([pattern]) => pattern.test(output))?.[1]
  return [explanation, said ? `PostgreSQL says: ${said}` : 'PostgreSQL ended without a word.'].filter(Boolean).join(' ')
}

/** Passes what the server says on to the log, line by line, and keeps the last lines to explain a failed start with. */
export function followServerLog(stream: NodeJS.ReadableStream, log: Log): () => string {
  const kept: string[] = []
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      kept.push(line)
      if (kept.length > 20) kept.shift()
      const level = /^(PANIC):/.test(line) ? 'error' : /^(FATAL|WARNING):/.test(line) ? 'warn' : 'debug'
      log[level]({ postgres: line }, 'PostgreSQL')
    }
  })
  return () => [...kept, rest].join('\n')
}
