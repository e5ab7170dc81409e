import { type Answer, describe, isDenied, UpstreamProblem } from '../verification/answer.ts'
import { plainText } from '../verification/plain-text.ts'

/** Why AWS could not be read, in words for whoever runs the account: bounded, printable, without secrets. */
export class AwsProblem extends Error {
  override readonly name = 'AwsProblem'

  constructor(
    message: string,
    /** The call is not allowed: asking again does not help, another call may. */
    readonly isDenial: boolean,
    /** AWS told of a part, and that there is more which it does not tell. */
    readonly isTruncation = false,
  ) {
    super(message)
  }
}

const maxLength = 1_000

/** The answer's value. Refusals, silence and everything else that is none are thrown as an AwsProblem that begins with `what`. */
export async function answerOf<T>(what: string, secrets: Iterable<string>, call: Promise<Answer<T>>): Promise<T> {
  const problem = (reason: string, isDenial: boolean) => new AwsProblem(plainText(`${what}: ${reason}`, secrets, maxLength), isDenial)
  let answer: Answer<T>
  try {
    answer = await call
  } catch (error) {
    if (error instanceof UpstreamProblem) throw problem(error.message, false)
    throw error
  }
  if ('refusal' in answer) throw problem(describe(answer.refusal), isDenied(answer.refusal))
  return answer.value
}
