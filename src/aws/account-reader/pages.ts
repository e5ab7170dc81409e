import { ask } from '../verification/answer.ts'
import { AwsProblem, answerOf } from './problem.ts'
import type { Reading } from './reading.ts'

export interface Page<T> {
  items: T[]
  /** Where the next one begins; absent or empty: this was the last. */
  next: string | undefined
  /** There is more, but it was not said where it begins. */
  isCut?: boolean
}

/** One call. Throws an AwsProblem that begins with `what`. */
export function callAws<T>(
  { signal, secrets }: Reading,
  service: string,
  what: string,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  return answerOf(what, secrets, ask({ signal }, service, send))
}

/** Every page of a list. Throws an AwsProblem where one of them was not to be had. */
export async function* pagesOf<T>(
  reading: Reading,
  service: string,
  what: string,
  send: (token: string | undefined, options: { abortSignal: AbortSignal }) => Promise<Page<T>>,
): AsyncGenerator<T[], void> {
  let token: string | undefined
  do {
    const from = token
    const page: Page<T> = await callAws(reading, service, what, (options) => send(from, options))
    yield page.items
    token = page.next || undefined
    if (page.isCut || (token !== undefined && token === from)) throw new AwsProblem(`${what}: the list has no end.`, false)
  } while (token !== undefined)
}
