import { GraphQLError } from 'graphql'

/**
 * Refusals a caller can act on are plain values in the `errors` of a payload; `__typename` picks their GraphQL type.
 * Everything else is a top-level error with `extensions.code`.
 */
export type UserErrorCode =
  | 'NOT_FOUND'
  | 'REQUIRED_VALUE_MISSING'
  | 'VALUE_INCORRECT_TYPE'
  | 'VALUE_INCORRECT_FORMAT'
  | 'VALUE_OUT_OF_BOUNDS'
  | 'VALUE_DUPLICATE'
  | 'INVALID_VALUE'
  | 'INVALID_TRANSITION'
  | 'CONFLICT'
  | 'IMMUTABLE_FIELD'
  | 'PRECONDITION_FAILED'
  | 'VERIFICATION_FAILED'
  | 'UPSTREAM_UNAVAILABLE'
  | 'QUOTA_EXCEEDED'

export interface UserErrorValue {
  __typename: string
  code: UserErrorCode
  message: string
  path: string[]
  documentationUrl?: string | null
  [extra: string]: unknown
}

type Path = (string | number)[]
const text = (path: Path) => path.map(String)

export const userError = {
  validation: (code: UserErrorCode, path: Path, message: string): UserErrorValue => ({
    __typename: 'ValidationError',
    code,
    path: text(path),
    message,
  }),
  notFound: (path: Path, noun: string): UserErrorValue => ({
    __typename: 'NotFoundError',
    code: 'NOT_FOUND',
    path: text(path),
    message: `There is no ${noun} with this id. Check the id; it may have been deleted.`,
  }),
  duplicate: (path: Path, message: string, existing: { id: string } | null): UserErrorValue => ({
    __typename: 'DuplicateError',
    code: 'VALUE_DUPLICATE',
    path: text(path),
    message,
    existing,
  }),
  conflict: (path: Path, currentVersion: number | null): UserErrorValue => ({
    __typename: 'ConflictError',
    code: 'CONFLICT',
    path: text(path),
    message: `It has changed in the meantime${currentVersion === null ? '' : ` and is at version ${currentVersion}`}. Read it again and repeat the call.`,
    currentVersion,
  }),
  precondition: (
    path: Path,
    message: string,
    remediation: string | null = null,
    blockers: { id: string }[] | null = null,
  ): UserErrorValue => ({
    __typename: 'PreconditionError',
    code: 'PRECONDITION_FAILED',
    path: text(path),
    message,
    remediation,
    blockers,
  }),
  transition: (path: Path, message: string, fromState: string, allowedActions: readonly string[]): UserErrorValue => ({
    __typename: 'TransitionError',
    code: 'INVALID_TRANSITION',
    path: text(path),
    message,
    fromState,
    allowedActions,
  }),
  verification: (path: Path, message: string, verification: unknown): UserErrorValue => ({
    __typename: 'VerificationError',
    code: 'VERIFICATION_FAILED',
    path: text(path),
    message,
    verification,
  }),
  upstream: (path: Path, service: string, message: string, retryable: boolean): UserErrorValue => ({
    __typename: 'UpstreamError',
    code: 'UPSTREAM_UNAVAILABLE',
    path: text(path),
    message,
    service,
    retryable,
  }),
  quota: (path: Path, message: string, limit: number): UserErrorValue => ({
    __typename: 'QuotaError',
    code: 'QUOTA_EXCEEDED',
    path: text(path),
    message,
    limit,
  }),
}

/** Thrown inside a use case to leave it (and its transaction) with refusals for the payload. */
export class Refusal extends Error {
  readonly errors: UserErrorValue[]
  constructor(...errors: UserErrorValue[]) {
    super(errors[0]?.message ?? 'refused')
    this.errors = errors
  }
}

/** Throws one Refusal with all problems found, if there are any: a caller sees several at once. */
export function refuseIfAny(errors: UserErrorValue[]): void {
  if (errors.length > 0) throw new Refusal(...errors)
}

/**
 * Runs a use case and turns a Refusal into the payload's `errors`; `empty` holds what the payload says when refused. A use case that
 * has something to show besides its refusals returns both.
 */
export async function payload<Empty extends object, Done extends object>(
  empty: Empty,
  work: () => Promise<Done>,
): Promise<(Empty | Done) & { errors: UserErrorValue[] }> {
  try {
    return { errors: [], ...(await work()) }
  } catch (error) {
    if (error instanceof Refusal) return { ...empty, errors: error.errors }
    throw error
  }
}

export const topLevelError = {
  unauthenticated: (message = 'Send an API key as "Authorization: Bearer gh_…".') =>
    new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } }),
  forbidden: (message: string, missingScopes: string[]) => new GraphQLError(message, { extensions: { code: 'FORBIDDEN', missingScopes } }),
  badInput: (message: string, argument?: string) =>
    new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', ...(argument ? { argument } : {}) } }),
  tooCostly: (message: string) => new GraphQLError(message, { extensions: { code: 'COST_LIMIT_EXCEEDED' } }),
}

/**
 * Whether the database refused a text for a character that none of its texts can hold: U+0000, or half of a surrogate pair in JSON. It came
 * with the request, so it is the caller's to mend.
 */
export function isUnstorableText(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, originalCode, detail, cause, meta } = error as Record<string, unknown>
  const state = originalCode ?? code
  if (state === '22021' || state === '22P05' || (state === '22P02' && /surrogate/i.test(String(detail)))) return true
  return isUnstorableText(cause) || isUnstorableText((meta as Record<string, unknown> | undefined)?.driverAdapterError)
}
