import { topLevelError } from '../platform/errors.ts'
import { holds, Scope } from './scope.ts'

/** Who asks, once a credential has been checked. */
export interface Viewer {
  kind: 'API_KEY' | 'USER' | 'PLATFORM_ADMIN' | 'SYSTEM' | 'ANONYMOUS'
  /** Stands in the audit: the key's id, `platform-admin`, or the job that acts. */
  subject: string
  label: string
  scopes: readonly Scope[]
  /** The organizations whose rows may be seen; null: all of them. */
  organizationIds: readonly string[] | null
  apiKeyId: string | null
  /** Of a person: the e-mail address their token proves, in lower case; else null. */
  verifiedEmail: string | null
}

/** A request without a credential: it may look at the schema, and sees no row. */
export const anonymous: Viewer = {
  kind: 'ANONYMOUS',
  subject: 'anonymous',
  label: 'Anonymous',
  scopes: [],
  organizationIds: [],
  apiKeyId: null,
  verifiedEmail: null,
}

export const platformAdministrator: Viewer = {
  kind: 'PLATFORM_ADMIN',
  subject: 'platform-admin',
  label: 'Platform administrator',
  // CONNECTOR belongs to connector agents alone.
  scopes: Object.values(Scope).filter((scope) => scope !== 'CONNECTOR'),
  organizationIds: null,
  apiKeyId: null,
  verifiedEmail: null,
}

/** The server itself, working for one organization. */
export function systemViewer(organizationId: string): Viewer {
  return {
    kind: 'SYSTEM',
    subject: 'gatehouse',
    label: 'Gatehouse',
    scopes: platformAdministrator.scopes,
    organizationIds: [organizationId],
    apiKeyId: null,
    verifiedEmail: null,
  }
}

/** What a field asks of its caller. Every root field and every list of another noun declares one. */
export type Requirement = { scopes: Scope[] } | { anyOf: Scope[] } | { signedIn: true } | { platformAdministrator: true }

/** Throws UNAUTHENTICATED or FORBIDDEN unless the viewer meets the requirement. */
export function assertMeets(viewer: Viewer, requirement: Requirement): void {
  if (viewer.kind === 'ANONYMOUS') throw topLevelError.unauthenticated()
  if ('signedIn' in requirement) return
  if ('platformAdministrator' in requirement) {
    if (viewer.kind !== 'PLATFORM_ADMIN') throw topLevelError.forbidden('Only the platform administrator may do this.', [])
    return
  }
  if ('anyOf' in requirement) {
    const { anyOf } = requirement
    if (!anyOf.some((scope) => holds(viewer.scopes, scope)))
      throw topLevelError.forbidden(`This needs one of the scopes ${anyOf.join(', ')}.`, anyOf)
    return
  }
  const missing = requirement.scopes.filter((scope) => !holds(viewer.scopes, scope))
  if (missing.length > 0) throw topLevelError.forbidden(`This needs the scope ${missing.join(' and ')}.`, missing)
}

/** Whether rows of that organization exist for the viewer. */
export function maySee(viewer: Viewer, organizationId: string): boolean {
  return viewer.organizationIds === null || viewer.organizationIds.includes(organizationId)
}
