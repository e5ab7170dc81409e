import type { PolicyAccess } from '../generated/prisma/enums.ts'
import { coversPermission } from '../permission-group/permission.ts'
import { coveringKeys, type ResourcePlace } from '../resource-group/resource-key.ts'

/** What is asked: one permission on one thing; null where the key names nothing. */
export interface Question {
  permission: string
  place: ResourcePlace | null
}

/** What is known of a member. More than concerns the question does no harm. */
export interface AccessFacts {
  isAccepted: boolean
  /** Of the groups the member is in. */
  policies: readonly PolicyFact[]
  /** AWS roles that the groups of the member grant. */
  grants: readonly RoleGrant[]
}

export interface PolicyFact {
  id: string
  userGroupId: string
  access: PolicyAccess
  permissionGroups: readonly { id: string; permissions: readonly string[] }[]
  resourceGroups: readonly { id: string; objects: readonly string[] }[]
}

export interface RoleGrant {
  userGroupId: string
  awsRoleId: string
}

export type AccessReason = 'EXPLICIT_DENY' | 'ALLOWED_BY_POLICY' | 'GRANTED_BY_ROLE_MAPPING' | 'NO_MATCHING_POLICY' | 'MEMBER_NOT_ACCEPTED'

/** One way in which something matched. A role mapping has no policy. */
export interface Match {
  userGroupId: string
  policyId: string | null
  permissionGroupId: string | null
  resourceGroupId: string | null
  matchedPermission: string
  matchedObject: string
}

export interface Decision {
  decision: PolicyAccess
  reason: AccessReason
  /** All matches of the winning side, in an order of their own. */
  because: Match[]
}

/** The one permission that a role mapping grants, on the role it names. */
const mappedPermission = 'awsRole:assume'

/**
 * Decides from facts alone, whatever their order: any deny that matches wins, over role mappings too; else any allow or role mapping; else deny.
 */
export function decide({ permission, place }: Question, { isAccepted, policies, grants }: AccessFacts): Decision {
  if (!isAccepted) return { decision: 'DENY', reason: 'MEMBER_NOT_ACCEPTED', because: [] }
  if (!place) return nothingMatches
  const covering = new Set(coveringKeys(place))
  const matchesOf = (access: PolicyAccess) =>
    policies.flatMap((policy) => (policy.access === access ? matches(policy, permission, covering) : []))
  const denies = matchesOf('DENY')
  if (denies.length > 0) return { decision: 'DENY', reason: 'EXPLICIT_DENY', because: inOrder(denies) }
  const allows = matchesOf('ALLOW')
  const mapped = permission === mappedPermission ? grants.filter(({ awsRoleId }) => place.key === `awsRole.${awsRoleId}`) : []
  if (allows.length + mapped.length === 0) return nothingMatches
  return {
    decision: 'ALLOW',
    reason: allows.length > 0 ? 'ALLOWED_BY_POLICY' : 'GRANTED_BY_ROLE_MAPPING',
    because: inOrder([...allows, ...mapped.map(({ userGroupId }) => mappingMatch(userGroupId, place.key))]),
  }
}

const nothingMatches: Decision = { decision: 'DENY', reason: 'NO_MATCHING_POLICY', because: [] }

/** Every permission of a policy that covers the one asked for, with every object that covers the thing. */
function matches(
  { id, userGroupId, permissionGroups, resourceGroups }: PolicyFact,
  permission: string,
  covering: ReadonlySet<string>,
): Match[] {
  const permissions = permissionGroups.flatMap((group) =>
    group.permissions
      .filter((pattern) => coversPermission(pattern, permission))
      .map((pattern) => ({ permissionGroupId: group.id, pattern })),
  )
  if (permissions.length === 0) return []
  const objects = resourceGroups.flatMap((group) =>
    group.objects.filter((key) => covering.has(key)).map((key) => ({ resourceGroupId: group.id, key })),
  )
  return permissions.flatMap(({ permissionGroupId, pattern }) =>
    objects.map(({ resourceGroupId, key }) => ({
      userGroupId,
      policyId: id,
      permissionGroupId,
      resourceGroupId,
      matchedPermission: pattern,
      matchedObject: key,
    })),
  )
}

const mappingMatch = (userGroupId: string, matchedObject: string): Match => ({
  userGroupId,
  policyId: null,
  permissionGroupId: null,
  resourceGroupId: null,
  matchedPermission: mappedPermission,
  matchedObject,
})

/** By the ids of what matched, so that equal facts give equal answers. */
function inOrder(found: Match[]): Match[] {
  const keyOf = (match: Match) =>
    [match.userGroupId, match.policyId, match.permissionGroupId, match.resourceGroupId, match.matchedPermission, match.matchedObject].join(
      ' ',
    )
  return found
    .map((match) => ({ match, key: keyOf(match) }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ match }) => match)
}
