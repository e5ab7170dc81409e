import { coversPermission } from './permission.ts'
import { shippedPermissionGroups } from './permission-groups.ts'

export interface PermissionGroupRow {
  id: string
  name: string
  description: string
  /** Patterns `noun:verb`, each side a literal or a lone `*`. */
  permissions: readonly string[]
}

const byId = new Map(shippedPermissionGroups.map((group) => [group.id, group]))

/** The shipped group of that id, or null. The same in every organization. */
export function permissionGroup(id: string): PermissionGroupRow | null {
  return byId.get(id) ?? null
}

/** Ids of the groups with a pattern that covers one of these concrete permissions. */
export function permissionGroupsCovering(permissions: readonly string[]): string[] {
  return shippedPermissionGroups
    .filter((group) => group.permissions.some((pattern) => permissions.some((permission) => coversPermission(pattern, permission))))
    .map(({ id }) => id)
}

export interface PermissionGroupConditions {
  ids?: readonly string[] | null
  name?: string | null
  nameContains?: string | null
}

/** The shipped groups that meet every given condition, by name. Case does not count. */
export function permissionGroupsWhere(filter: PermissionGroupConditions | null | undefined): PermissionGroupRow[] {
  const [name, part] = [filter?.name?.toLowerCase(), filter?.nameContains?.toLowerCase()]
  return shippedPermissionGroups.filter(
    (group) =>
      (!filter?.ids || filter.ids.includes(group.id)) &&
      (name === undefined || group.name.toLowerCase() === name) &&
      (part === undefined || group.name.toLowerCase().includes(part)),
  )
}
