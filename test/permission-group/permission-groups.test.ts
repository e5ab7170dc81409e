import { expect, test } from 'vitest'
import { z } from 'zod'
import { coversPermission, isConcretePermission } from '../../src/permission-group/permission.ts'
import { permissionGroupsCovering } from '../../src/permission-group/permission-group.ts'
import { shippedPermissionGroups } from '../../src/permission-group/permission-groups.ts'
import { isId } from '../../src/platform/typeid.ts'

const side = String.raw`(?:\*|[a-z][A-Za-z0-9]*)`
const schema = z.array(
  z.strictObject({
    id: z.string().refine((id) => isId('pg', id), 'is no id of a permission group'),
    name: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
    description: z.string().min(5).max(200).endsWith('.'),
    permissions: z.array(z.string().regex(new RegExp(`^${side}:${side}$`))).min(1),
  }),
)

test('every shipped permission group has the form the graph promises', () => {
  expect(schema.parse(shippedPermissionGroups)).toEqual(shippedPermissionGroups)
})

test('ids and names are unique, names in order, and no group says a permission twice', () => {
  const names = shippedPermissionGroups.map(({ name }) => name)
  expect(new Set(shippedPermissionGroups.map(({ id }) => id)).size).toBe(shippedPermissionGroups.length)
  expect(names).toEqual([...new Set(names)].sort())
  for (const { permissions } of shippedPermissionGroups) expect(new Set(permissions).size).toBe(permissions.length)
})

// Policies of customers name these ids: a line that goes or changes here breaks them. New ones are added.
test.each([
  ['pg_01m8099x7jfqa9jnhgn17s6rk9', 'aws-admin'],
  ['pg_01m8099x7xfqa9jnhsdqpr9tj8', 'aws-role-user'],
  ['pg_01m8099x7yfqa9jnj74gams60c', 'aws-role-viewer'],
  ['pg_01m8099x7yfqa9jnjbfsv7yd38', 'component-operator'],
  ['pg_01m8099x7yfqa9jnjpyb7s2vee', 'group-admin'],
  ['pg_01m8099x7yfqa9jnjswkbnk39z', 'integration-admin'],
  ['pg_01m8099x7yfqa9jnk7hgwp89cn', 'integration-viewer'],
  ['pg_01m8099x7yfqa9jnka1b8g57d2', 'key-admin'],
  ['pg_01m8099x7yfqa9jnkpkfkm4gk2', 'resource-owner'],
  ['pg_01m8099x7yfqa9jnkvqbk2fa6t', 'security-auditor'],
  ['pg_01m8099x7yfqa9jnm26ahck1d8', 'sso-admin'],
  ['pg_01m8099x7zfqa9jnme1zf7k7j9', 'super-admin'],
  ['pg_01m8099x7zfqa9jnmpm08yk0qg', 'viewer'],
])('%s is %s for good', (id, name) => {
  expect(shippedPermissionGroups.find((group) => group.id === id)?.name).toBe(name)
})

test.each([
  ['awsRole:assume', 'awsRole:assume', true],
  ['awsRole:*', 'awsRole:assume', true],
  ['*:assume', 'awsRole:assume', true],
  ['*:*', 'awsRole:assume', true],
  ['awsRole:read', 'awsRole:assume', false],
  ['*:read', 'awsRole:assume', false],
  ['integration:*', 'awsRole:assume', false],
  ['awsrole:assume', 'awsRole:assume', false],
  ['awsRole:Assume', 'awsRole:assume', false],
  ['aws*:assume', 'awsRole:assume', false],
])('the pattern %s on %s: %s', (pattern, permission, covers) => {
  expect(coversPermission(pattern, permission)).toBe(covers)
})

test.each([
  ['awsRole:assume', true],
  ['a:b', true],
  ['awsRole:*', false],
  ['*:assume', false],
  ['*:*', false],
  ['awsRole', false],
  ['awsRole:', false],
  [':assume', false],
  ['awsRole:assume:now', false],
  ['aws Role:assume', false],
  ['', false],
  [`a:${'b'.repeat(127)}`, false],
])('%j is one permission: %s', (permission, is) => {
  expect(isConcretePermission(permission)).toBe(is)
})

test('the groups that cover a permission are found, whichever of several is asked for', () => {
  const names = (...permissions: string[]) =>
    permissionGroupsCovering(permissions).map((id) => shippedPermissionGroups.find((group) => group.id === id)?.name)
  expect(names('awsRole:assume')).toEqual(['aws-admin', 'aws-role-user', 'super-admin'])
  expect(names('ssoConnector:delete', 'awsRole:assume')).toEqual(['aws-admin', 'aws-role-user', 'sso-admin', 'super-admin'])
  expect(names('kindToCome:paint')).toEqual(['super-admin'])
  expect(names()).toEqual([])
})
