import type { TokenSource } from './aws.type.ts'

export type IdentityProblem = NonNullable<ReturnType<TokenSource['identityProblem']>>

/** No token can be had because this server is set up wrongly: it stays so until the operator mends it. */
export class IdentityUnusable extends Error {
  constructor(
    readonly problem: IdentityProblem,
    options?: ErrorOptions,
  ) {
    super(`${problem.expected}: ${problem.actual}`, options)
  }
}
