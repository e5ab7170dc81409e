import { type Credential, claimedAccountId } from './caller.ts'
import type { Subject } from './faults.ts'
import { parseArn } from './identifiers.ts'
import type { HttpRequest, Operation, Service } from './service.ts'
import type { EmulatorState } from './state.ts'
import { protocolOf } from './wire/protocol.ts'

/** What a request asks for, before anyone has checked whether it may. */
export interface Asked {
  service: Service
  operation: Operation | undefined
  /** Read on demand: broken ones are refused as the service refuses them. */
  params(): unknown
  credential: Credential | undefined
  subject: Subject
}

/** Tells the services apart by the signature's scope; an unsigned request by its version, target or path. */
export function identify(services: readonly Service[], state: EmulatorState, request: HttpRequest): Asked | undefined {
  const credential = readCredential(request)
  const service = services.find((known) => (credential ? known.name === credential.service : protocolOf(known).recognizes(known, request)))
  if (!service) return undefined
  const { name, operation, params } = protocolOf(service).read(service, request)
  const accountId = credential ? claimedAccountId(state, credential.accessKeyId) : accountOfRole(operation, params)
  return { service, operation, params, credential, subject: { service: service.name, operation: name, accountId } }
}

const scope = /Credential=([^/\s,]+)\/\d{8}\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request/

/** From the Authorization header, or from the query string of a presigned request. */
function readCredential({ headers, query }: HttpRequest): Credential | undefined {
  const presigned = query.get('X-Amz-Credential')
  const match = scope.exec(headers.authorization ?? (presigned ? `Credential=${presigned}` : ''))
  if (!match) return undefined
  const [, accessKeyId, region, service] = match as unknown as [string, string, string, string]
  const token = headers['x-amz-security-token'] ?? query.get('X-Amz-Security-Token') ?? undefined
  return { accessKeyId, region, service, sessionToken: typeof token === 'string' && token !== '' ? token : undefined }
}

function accountOfRole(operation: Operation | undefined, params: () => unknown): string {
  if (!operation?.isAnonymous) return '-'
  const found = params()
  const roleArn = typeof found === 'object' && found !== null && 'RoleArn' in found ? found.RoleArn : undefined
  return (typeof roleArn === 'string' && parseArn(roleArn)?.accountId) || '-'
}
