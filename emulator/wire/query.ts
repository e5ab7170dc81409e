import type { HttpAnswer, HttpRequest } from '../service.ts'
import type { WireProtocol } from './protocol.ts'
import { toXml } from './xml.ts'

/** AWS Query: form parameters in, XML out (STS, IAM). */
export const query: WireProtocol = {
  recognizes: (service, request) => parameters(request).get('Version') === service.version,
  read(service, request) {
    const form = parameters(request)
    const name = form.get('Action') ?? ''
    return { name, operation: service.operations.find((operation) => operation.name === name), params: () => toTree(form) }
  },
  write(service, { name }, output, requestId) {
    const body = { [`${name}Result`]: output, ResponseMetadata: { RequestId: requestId } }
    return answer(200, toXml(`${name}Response`, body, ` xmlns="${service.namespace}"`), requestId)
  },
  refuse(service, error, requestId) {
    const Type = error.httpStatus >= 500 ? 'Receiver' : 'Sender'
    const body = { Error: { Type, Code: error.code, Message: error.message, ...error.extra }, RequestId: requestId }
    return answer(error.httpStatus, toXml('ErrorResponse', body, ` xmlns="${service.namespace}"`), requestId)
  },
  refusals: {
    accessDenied: { code: 'AccessDenied', status: 403 },
    throttled: { code: 'Throttling', status: 400 },
    internal: { code: 'InternalFailure', status: 500 },
    invalid: { code: 'ValidationError', status: 400 },
    unknownKey: { code: 'InvalidClientTokenId', status: 403 },
    expiredKey: { code: 'ExpiredToken', status: 403 },
    unsigned: { code: 'MissingAuthenticationToken', status: 403 },
    unknownOperation: { code: 'InvalidAction', status: 400 },
  },
}

/**
 * EC2's own kind of it: lists are numbered without `member` and answered as `item`s, answers have no envelope.
 */
export const ec2Query: WireProtocol = {
  ...query,
  write(service, { name }, output, requestId) {
    const body = { requestId, ...(output as object) }
    return answer(200, toXml(`${name}Response`, body, ` xmlns="${service.namespace}"`, 'item'), requestId)
  },
  refuse(_service, error, requestId) {
    const body = { Errors: { Error: { Code: error.code, Message: error.message, ...error.extra } }, RequestID: requestId }
    return answer(error.httpStatus, toXml('Response', body), requestId)
  },
  refusals: {
    ...query.refusals,
    accessDenied: { code: 'UnauthorizedOperation', status: 403 },
    throttled: { code: 'RequestLimitExceeded', status: 503 },
    internal: { code: 'InternalError', status: 500 },
    invalid: { code: 'InvalidParameterValue', status: 400 },
    unknownKey: { code: 'AuthFailure', status: 401 },
    expiredKey: { code: 'RequestExpired', status: 400 },
  },
}

/** The form of a POST, or the query string of a GET. */
function parameters(request: HttpRequest): URLSearchParams {
  return request.method === 'GET' ? request.query : new URLSearchParams(request.body.toString('utf8'))
}

type Tree = Map<string, Tree | string>

/** `Tags.member.1.Key=a` becomes `{ Tags: [{ Key: 'a' }] }`; an empty list is sent as `Tags=`. */
function toTree(form: URLSearchParams): unknown {
  const root: Tree = new Map()
  for (const [name, value] of form) {
    const path = name.split('.')
    let node = root
    for (const part of path.slice(0, -1)) {
      let child = node.get(part)
      if (!(child instanceof Map)) {
        child = new Map()
        node.set(part, child)
      }
      node = child
    }
    node.set(path.at(-1)!, value)
  }
  return toValue(root)
}

function toValue(node: Tree | string): unknown {
  if (typeof node === 'string') return node
  const members = node.get('member')
  if (node.size === 1 && members instanceof Map) return toList(members)
  // As EC2 counts.
  if (node.size > 0 && [...node.keys()].every((key) => /^\d+$/.test(key))) return toList(node)
  return Object.fromEntries([...node].map(([name, child]) => [name, toValue(child)]))
}

function toList(items: Tree): unknown[] {
  return [...items].sort(([left], [right]) => Number(left) - Number(right)).map(([, item]) => toValue(item))
}

function answer(status: number, body: string, requestId: string): HttpAnswer {
  return { status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }, body }
}
