import { setTimeout as delay } from 'node:timers/promises'
import { authorize } from './authorize.ts'
import { authenticate } from './caller.ts'
import { AwsError, CommonRefusal } from './errors.ts'
import type { Faults, Subject } from './faults.ts'
import { uuid } from './identifiers.ts'
import { type Asked, identify } from './identify.ts'
import type { Requests } from './requests.ts'
import type { Exchange, HttpAnswer, HttpRequest, Service } from './service.ts'
import type { EmulatorState } from './state.ts'
import { protocolOf } from './wire/protocol.ts'

export interface Gateway {
  services: readonly Service[]
  state: EmulatorState
  faults: Faults
  requests: Requests
  /** Ends delays that are under way when the emulator closes. */
  closing: AbortSignal
}

/** One AWS call from its request to its answer; `silent` and `reset` ask the server to give none. */
export async function answerCall(gateway: Gateway, request: HttpRequest): Promise<HttpAnswer | 'silent' | 'reset'> {
  const requestId = uuid()
  const asked = identify(gateway.services, gateway.state, request)
  if (!asked) return unknownService(requestId)
  const { service, subject } = asked
  const end = gateway.requests.begin(subject, gateway.state.now(), asked.credential?.region)
  let outcome: HttpAnswer | 'silent' | 'reset'
  try {
    outcome = (await strike(gateway, subject)) ?? (await perform(gateway, asked, request, requestId))
  } catch (error) {
    outcome = protocolOf(service).refuse(service, toAwsError(service, error), requestId)
  }
  end(typeof outcome === 'string' ? outcome : outcome.status)
  return outcome
}

/** Lets the faults in force act: delays first, then the one that ends the call, if any. */
async function strike({ faults, closing }: Gateway, subject: Subject): Promise<'silent' | 'reset' | undefined> {
  const slow = faults.strike(subject, ['slow'])
  if (slow) await delay(slow.delayMs, undefined, { signal: closing })
  const fault = faults.strike(subject, ['silent', 'reset', 'throttle', 'refuse', 'error500'])
  switch (fault?.kind) {
    case 'throttle':
      throw new CommonRefusal('throttled', 'Rate exceeded', fault.httpStatus)
    case 'refuse':
      throw new CommonRefusal('accessDenied', `Not authorized to perform ${subject.service}:${subject.operation}`)
    case 'error500':
      throw new CommonRefusal('internal', 'We encountered an internal error. Please try again.')
    default:
      return fault?.kind
  }
}

async function perform(gateway: Gateway, asked: Asked, request: HttpRequest, requestId: string): Promise<HttpAnswer> {
  const { state, faults } = gateway
  const { operation, credential, service, subject } = asked
  if (!operation) throw new CommonRefusal('unknownOperation', `Could not find operation ${subject.operation}`)
  const nowMs = state.now()
  const visibleAtMs = () => nowMs + (faults.strike(subject, ['delayVisibility'])?.delayVisibilityMs ?? 0)
  const exchange: Exchange = { state, request, nowMs, visibleAtMs }
  const write = (output: unknown) => protocolOf(service).write(service, operation, output, requestId)
  if (operation.isAnonymous) return write(await operation.prepare(asked.params()).handle(exchange))
  if (!credential) throw new CommonRefusal('unsigned', 'Request is missing Authentication Token')
  const call = { ...exchange, ...authenticate(state, credential, nowMs), region: credential.region }
  const prepared = operation.prepare(asked.params())
  const action = operation.action ?? `${service.actionPrefix}:${operation.name}`
  if (action !== 'none') authorize(call, action, prepared.resource(call))
  return write(await prepared.handle(call))
}

function toAwsError(service: Service, error: unknown): AwsError {
  if (error instanceof AwsError) return error
  const refusals = { ...protocolOf(service).refusals, ...service.refusals }
  if (error instanceof CommonRefusal) {
    const { code, status, extra } = refusals[error.reason]
    return new AwsError(code, error.message, error.httpStatus ?? status, extra)
  }
  const { code, status, extra } = refusals.internal
  return new AwsError(code, error instanceof Error ? error.message : String(error), status, extra)
}

function unknownService(requestId: string): HttpAnswer {
  const body = JSON.stringify({ __type: 'UnknownOperationException', message: 'No service of this stand-in answers such a request.' })
  const headers = { 'content-type': 'application/json', 'x-amzn-requestid': requestId, 'x-amzn-errortype': 'UnknownOperationException' }
  return { status: 404, headers, body }
}
