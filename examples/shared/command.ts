import { FileError } from './file.ts'
import { RequestError } from './gatehouse.ts'
import { UsageError } from './options.ts'
import type { Output } from './progress.ts'

/** What a program meets around it; a test gives its own. */
export interface Surroundings {
  env: Record<string, string | undefined>
  output: Output
  fetch?: typeof fetch
}

/**
 * Runs an example and returns its exit code: `work`'s own, 1 where the server stands in the way, 2 where the command line or a file cannot
 * be used. With --help it only tells the usage.
 */
export async function runCommand(
  args: string[],
  { output }: Surroundings,
  usage: string,
  work: (say: (text: string) => void) => Promise<number>,
): Promise<number> {
  const say = (text: string) => void output.write(`${text}\n`)
  if (args.includes('--help')) {
    say(usage)
    return 0
  }
  try {
    return await work(say)
  } catch (error) {
    if (error instanceof UsageError) say(`${error.message}\n\nAll options: --help`)
    else if (error instanceof FileError || error instanceof RequestError) say(error.message)
    // The file system, where something is to be written.
    else if (error instanceof Error && 'syscall' in error) say(error.message)
    else throw error
    return error instanceof RequestError ? 1 : 2
  }
}
