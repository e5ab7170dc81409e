/** A refusal as an AWS service words it. `code` and `httpStatus` are what goes over the wire; `extra` are further members of the error body. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly httpStatus = 400,
    readonly extra: Record<string, string> = {},
  ) {
    super(message)
    this.name = code
  }
}

/** Which of the reasons that every service shares a call was refused for; each service has its own code and status for them. */
export type CommonReason =
  | 'accessDenied'
  | 'throttled'
  | 'internal'
  | 'invalid'
  | 'unknownKey'
  | 'expiredKey'
  | 'unsigned'
  | 'unknownOperation'

/** A refusal that is worded alike everywhere but coded differently by each service. */
export class CommonRefusal extends Error {
  constructor(
    readonly reason: CommonReason,
    message: string,
    /** Instead of the service's usual one. */
    readonly httpStatus?: number,
  ) {
    super(message)
    this.name = reason
  }
}
