import type { AwsError, CommonReason } from '../errors.ts'
import type { HttpAnswer, HttpRequest, Operation, Service } from '../service.ts'
import { json, restJson } from './json.ts'
import { ec2Query, query } from './query.ts'
import { restXml } from './rest-xml.ts'

export interface ReadRequest {
  /** As the caller named it, also where the stand-in has no such operation. */
  name: string
  operation: Operation | undefined
  /** Throws where the body can't be read. */
  params(): unknown
}

/** How one of AWS's protocols puts calls and answers into HTTP. */
export interface WireProtocol {
  /** Whether an unsigned request can only be meant for this service. */
  recognizes(service: Service, request: HttpRequest): boolean
  read(service: Service, request: HttpRequest): ReadRequest
  write(service: Service, operation: Operation, output: unknown, requestId: string): HttpAnswer
  refuse(service: Service, error: AwsError, requestId: string): HttpAnswer
  refusals: Record<CommonReason, { code: string; status: number; extra?: Record<string, string> }>
}

const protocols: Record<Service['protocol'], WireProtocol> = { query, ec2Query, json, restJson, restXml }

export function protocolOf(service: Service): WireProtocol {
  return protocols[service.protocol]
}
