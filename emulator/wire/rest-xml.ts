import { type HttpAnswer, RawAnswer } from '../service.ts'
import type { WireProtocol } from './protocol.ts'
import { pathParameters } from './route.ts'
import { toXml } from './xml.ts'

/** AWS REST XML as S3 speaks it: the operation in method and path, parameters in the query, XML out under a name of the answer's own. */
export const restXml: WireProtocol = {
  // Unsigned calls of S3 are those of anonymous visitors, and there are none here.
  recognizes: () => false,
  read(service, request) {
    for (const operation of service.operations) {
      const inPath = pathParameters(operation, request)
      if (inPath) return { name: operation.name, operation, params: () => ({ ...Object.fromEntries(request.query), ...inPath }) }
    }
    return { name: `${request.method} ${request.path}`, operation: undefined, params: () => ({}) }
  },
  write(_service, operation, output, requestId) {
    if (output instanceof RawAnswer) return withId(output.answer, requestId)
    return { status: operation.http?.status ?? 200, headers: headersOf(requestId), body: '' }
  },
  refuse: (_service, error, requestId) => ({
    status: error.httpStatus,
    headers: headersOf(requestId),
    body: toXml('Error', { Code: error.code, Message: error.message, ...error.extra, RequestId: requestId }),
  }),
  refusals: {
    accessDenied: { code: 'AccessDenied', status: 403 },
    throttled: { code: 'SlowDown', status: 503 },
    internal: { code: 'InternalError', status: 500 },
    invalid: { code: 'InvalidArgument', status: 400 },
    unknownKey: { code: 'InvalidAccessKeyId', status: 403 },
    expiredKey: { code: 'ExpiredToken', status: 400 },
    unsigned: { code: 'AccessDenied', status: 403 },
    unknownOperation: { code: 'NotImplemented', status: 501 },
  },
}

const headersOf = (requestId: string) => ({ 'content-type': 'application/xml', 'x-amz-request-id': requestId })

function withId(answer: HttpAnswer, requestId: string): HttpAnswer {
  return { ...answer, headers: { ...headersOf(requestId), ...answer.headers } }
}
