import { CommonRefusal } from '../errors.ts'
import { type HttpRequest, RawAnswer, type Service } from '../service.ts'
import type { WireProtocol } from './protocol.ts'
import { pathParameters } from './route.ts'

const refusals: WireProtocol['refusals'] = {
  accessDenied: { code: 'AccessDeniedException', status: 400 },
  throttled: { code: 'ThrottlingException', status: 400 },
  internal: { code: 'InternalServerException', status: 500 },
  invalid: { code: 'ValidationException', status: 400 },
  unknownKey: { code: 'UnrecognizedClientException', status: 400 },
  expiredKey: { code: 'ExpiredTokenException', status: 400 },
  unsigned: { code: 'MissingAuthenticationTokenException', status: 400 },
  unknownOperation: { code: 'UnknownOperationException', status: 400 },
}

/** AWS JSON 1.1: the operation in X-Amz-Target, JSON in and out (CloudTrail, Identity Center, Secrets Manager). */
export const json: WireProtocol = {
  recognizes: (service, request) => service.operations.some(({ name }) => name === targetOf(request)),
  read(service, request) {
    const name = targetOf(request)
    return { name, operation: service.operations.find((operation) => operation.name === name), params: () => readBody(request) }
  },
  write: (service, _operation, output, requestId) => ({
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId },
    body: toJson(output ?? {}, service),
  }),
  refuse: (_service, error, requestId) => ({
    status: error.httpStatus,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId, 'x-amzn-errortype': error.code },
    body: JSON.stringify({ __type: error.code, message: error.message, ...error.extra }),
  }),
  refusals,
}

/** AWS REST JSON: the operation in method and path (Access Analyzer, Lambda, Resource Explorer). */
export const restJson: WireProtocol = {
  recognizes: (service, request) => service.operations.some((operation) => pathParameters(operation, request) !== undefined),
  read(service, request) {
    for (const operation of service.operations) {
      const inPath = pathParameters(operation, request)
      if (!inPath) continue
      const params = () => ({
        ...(operation.http?.hasPayload ? {} : readBody(request)),
        ...Object.fromEntries(request.query),
        ...inPath,
      })
      return { name: operation.name, operation, params }
    }
    return { name: `${request.method} ${request.path}`, operation: undefined, params: () => ({}) }
  },
  write(service, operation, output, requestId) {
    if (output instanceof RawAnswer) {
      return { ...output.answer, headers: { ...output.answer.headers, 'x-amzn-requestid': requestId } }
    }
    const headers = { 'content-type': 'application/json', 'x-amzn-requestid': requestId }
    return { status: operation.http?.status ?? 200, headers, body: output === undefined ? '' : toJson(output, service) }
  },
  refuse: (_service, error, requestId) => ({
    status: error.httpStatus,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId, 'x-amzn-errortype': error.code },
    body: JSON.stringify({ message: error.message, ...error.extra }),
  }),
  refusals: {
    ...refusals,
    accessDenied: { code: 'AccessDeniedException', status: 403 },
    throttled: { code: 'ThrottlingException', status: 429 },
    unknownKey: { code: 'UnrecognizedClientException', status: 403 },
    expiredKey: { code: 'ExpiredTokenException', status: 403 },
    unsigned: { code: 'MissingAuthenticationTokenException', status: 403 },
    unknownOperation: { code: 'UnknownOperationException', status: 404 },
  },
}

function targetOf(request: HttpRequest): string {
  return String(request.headers['x-amz-target'] ?? '')
    .split('.')
    .at(-1)!
}

function readBody(request: HttpRequest): Record<string, unknown> {
  if (request.body.length === 0) return {}
  try {
    const value: unknown = JSON.parse(request.body.toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Falls through: broken JSON and JSON that is no object are refused alike.
  }
  throw new CommonRefusal('invalid', 'The request body is not a JSON object.')
}

function toJson(value: unknown, service: Service): string {
  // Date.prototype.toJSON runs before a replacer sees the value, so the replacer looks at the object that holds it.
  return JSON.stringify(value, function (this: Record<string, unknown>, key, encoded) {
    const original = this[key]
    return original instanceof Date && service.timestamps === 'epochSeconds' ? original.getTime() / 1000 : encoded
  })
}
