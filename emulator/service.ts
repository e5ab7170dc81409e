import type { IncomingHttpHeaders } from 'node:http'
import type { z } from 'zod'
import type { Caller } from './caller.ts'
import type { CommonReason } from './errors.ts'
import type { ContextValues } from './policy/context.ts'
import type { Account, EmulatorState } from './state.ts'
import { readInput } from './validation.ts'

export interface HttpRequest {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface HttpAnswer {
  status: number
  headers: Record<string, string>
  body: string | Buffer
}

/** What a handler returns when its answer is not a document but bytes with a status of their own, as Lambda's Invoke. */
export class RawAnswer {
  constructor(readonly answer: HttpAnswer) {}
}

/** What every handler has at hand. Times are epoch milliseconds. */
export interface Exchange {
  state: EmulatorState
  request: HttpRequest
  nowMs: number
  /** When something written by this call becomes visible to readers: now, unless a fault delays it. */
  visibleAtMs(): number
}

/** A signed call: who asks, in which account and region. */
export interface Call extends Exchange {
  account: Account
  caller: Caller
  region: string
}

/** What a call is about, for the policies that decide on it. */
export interface Target {
  arn: string
  /** How a refusal names it, where the service does not name the ARN. */
  shownAs?: string
  tags?: ReadonlyMap<string, string>
  context?: ContextValues
}

interface Definition<Input> {
  name: string
  /** REST services only; `{Name}` stands for one path segment. With `hasPayload` the body is the caller's bytes, no parameters. */
  http?: { method: string; path: string; status?: number; hasPayload?: boolean }
  input: z.ZodType<Input>
}

interface SignedDefinition<Input> extends Definition<Input> {
  /** The IAM action, where it is not the service's prefix and the operation's name. `none`: nobody needs a permission for it. */
  action?: string
  /** `account` (default) and `none` are asked about `*`; with `none` there is no `aws:ResourceAccount` key either. */
  resource?: 'account' | 'none' | ((input: Input, call: Call) => Target)
  handle(input: Input, call: Call): unknown
}

interface AnonymousDefinition<Input> extends Definition<Input> {
  handle(input: Input, exchange: Exchange): unknown
}

interface OperationBase {
  name: string
  http?: Definition<unknown>['http']
}
export interface SignedOperation extends OperationBase {
  isAnonymous: false
  action: string | undefined
  /** Checks the input's form, then gives what is left to do with it. */
  prepare(params: unknown): { resource(call: Call): Target | 'account' | 'none'; handle(call: Call): unknown }
}
export interface AnonymousOperation extends OperationBase {
  isAnonymous: true
  prepare(params: unknown): { handle(exchange: Exchange): unknown }
}
export type Operation = SignedOperation | AnonymousOperation

export interface Service {
  /** As in requests and faults: iam, sts, access-analyzer, cloudtrail, lambda, sso, resource-explorer-2, s3, ec2, tagging, secretsmanager. It is also the service's name in the signature's scope. */
  name: string
  actionPrefix: string
  protocol: 'query' | 'ec2Query' | 'json' | 'restJson' | 'restXml'
  timestamps: 'iso8601' | 'epochSeconds'
  /** Query protocol only. */
  version?: string
  namespace?: string
  /** Where the service codes a common refusal in a way of its own. */
  refusals?: Partial<Record<CommonReason, { code: string; status: number; extra?: Record<string, string> }>>
  operations: readonly Operation[]
  /** What `GET /_emulator/state` shows of an account. */
  describe?(account: Account): Record<string, unknown>
  /** What `POST /_emulator/<name>` puts into an account, where no operation here makes it. */
  seeds?: Record<string, Seed>
}

/** Reads the form of one thing, and says how to put it: the function gives the thing's ARN. */
export interface Seed {
  prepare(item: unknown): (state: EmulatorState) => string
}

/** An operation that wants a signed request and, unless its action is `none`, a permission. */
export function operation<Input>(definition: SignedDefinition<Input>): SignedOperation {
  const { name, http, action, resource = 'account' } = definition
  return {
    name,
    http,
    action,
    isAnonymous: false,
    prepare(params) {
      const input = readInput(definition.input, params)
      return {
        resource: (call) => (typeof resource === 'function' ? resource(input, call) : resource),
        handle: (call) => definition.handle(input, call),
      }
    },
  }
}

/** A thing that is put into an account without a call. Throws a ZodError where the form is another. */
export function seed<Item extends { accountId: string; region: string }>(
  form: z.ZodType<Item>,
  put: (account: Account, item: Item, nowMs: number) => { arn: string },
): Seed {
  return {
    prepare(given) {
      const item = form.parse(given)
      return (state) => put(state.accountInRegion(item.accountId, item.region), item, state.now()).arn
    },
  }
}

/** An operation that anyone may send unsigned. */
export function anonymousOperation<Input>(definition: AnonymousDefinition<Input>): AnonymousOperation {
  const { name, http } = definition
  return {
    name,
    http,
    isAnonymous: true,
    prepare(params) {
      const input = readInput(definition.input, params)
      return { handle: (exchange) => definition.handle(input, exchange) }
    },
  }
}
