import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import {
  attempt,
  type Expected,
  expectErrors,
  invalid,
  makeWorld,
  malformed,
  notFound,
  outOfBounds,
  quota,
  stale,
  twice,
  type World,
} from '../support/group-world.ts'
import { permissionGroups, policy } from '../support/groups.ts'

let app: TestApp
let own: World
beforeAll(async () => {
  app = await startTestApp({ quotas: { userGroups: 3, resourceGroups: 3, members: 3, policiesPerGroup: 4 } })
  own = await makeWorld(app, '111122223333')
})
afterAll(() => app.close())

interface Refusal {
  name: string
  mutation: string
  input: () => object
  errors: Expected[]
}

const scopeOf = (...keys: string[]) => [{ key: `organization.${own.id}`, objects: keys.map((key) => ({ key })) }]
const allow = (...resourceGroupIds: string[]) => policy('ALLOW', permissionGroups.viewer, ...resourceGroupIds)
const many = (count: number) => Array.from({ length: count }, (_, i) => i)
const newGroup = (policies: () => object[]) => () => ({ organizationId: own.id, name: 'new', policies: policies() })
const newResources = (input: () => object) => () => ({ organizationId: own.id, name: 'new', scope: scopeOf('*'), ...input() })
const change = (id: () => string, changes: () => object) => () => ({ id: id(), ...changes() })
const resources = () => own.resourceGroupId
const group = () => own.userGroupId

const refusals: Refusal[] = [
  {
    name: 'no address at all',
    mutation: 'inviteMembers',
    input: () => ({ organizationId: own.id, emails: [] }),
    errors: [outOfBounds('input.emails')],
  },
  {
    name: 'more than 500 addresses',
    mutation: 'inviteMembers',
    input: () => ({ organizationId: own.id, emails: many(501).map((i) => `a${i}@example.com`) }),
    errors: [outOfBounds('input.emails')],
  },
  {
    name: 'addresses that are none, each at its place, the good ones among them too',
    mutation: 'inviteMembers',
    input: () => ({ organizationId: own.id, emails: ['good@example.com', 'bad', 'fine@example.com', `${'a'.repeat(80)}@example.com`] }),
    errors: [malformed('input.emails.1'), outOfBounds('input.emails.3')],
  },
  {
    name: 'more members than the quota',
    mutation: 'inviteMembers',
    input: () => ({ organizationId: own.id, emails: many(3).map((i) => `a${i}@example.com`) }),
    errors: [quota('input.emails', 3)],
  },
  {
    name: 'a stale version',
    mutation: 'removeMember',
    input: () => ({ id: own.memberId, expectedVersion: 7 }),
    errors: [stale(1)],
  },

  ...[
    { name: 'an empty name', changes: () => ({ name: '' }), errors: [outOfBounds('input.name')] },
    { name: 'a name of 201 characters', changes: () => ({ name: 'x'.repeat(201) }), errors: [outOfBounds('input.name')] },
    { name: 'a name with a control character', changes: () => ({ name: 'a\nb' }), errors: [malformed('input.name')] },
    { name: 'a name that begins with a space', changes: () => ({ name: ' a' }), errors: [malformed('input.name')] },
  ].flatMap(({ name, changes, errors }) => [
    { name, mutation: 'createResourceGroup', input: newResources(changes), errors },
    { name, mutation: 'updateResourceGroup', input: change(resources, changes), errors },
    { name, mutation: 'createUserGroup', input: () => ({ organizationId: own.id, ...changes() }), errors },
    { name, mutation: 'updateUserGroup', input: change(group, changes), errors },
  ]),
  ...['updateResourceGroup', 'updateUserGroup'].map((mutation) => ({
    name: 'a name cleared with null',
    mutation,
    input: change(mutation === 'updateUserGroup' ? group : resources, () => ({ name: null })),
    errors: [invalid('input.name', 'REQUIRED_VALUE_MISSING')],
  })),
  {
    name: 'a scope cleared with null',
    mutation: 'updateResourceGroup',
    input: change(resources, () => ({ scope: null })),
    errors: [invalid('input.scope', 'REQUIRED_VALUE_MISSING')],
  },

  ...[
    { name: 'no scope at all', scope: () => [], errors: [outOfBounds('input.scope')] },
    { name: 'no object in it', scope: () => scopeOf(), errors: [outOfBounds('input.scope.0.objects')] },
    {
      name: 'more than 500 objects',
      scope: () => scopeOf(...many(501).map((i) => `awsAccount.${String(i).padStart(12, '0')}`)),
      errors: [outOfBounds('input.scope.0.objects')],
    },
    {
      name: 'a scope that is not of the form organization.<id>',
      scope: () => [{ key: own.id, objects: [{ key: '*' }] }],
      errors: [malformed('input.scope.0.key')],
    },
    { name: 'everything as a scope', scope: () => [{ key: '*', objects: [{ key: '*' }] }], errors: [malformed('input.scope.0.key')] },
    {
      name: 'the same scope twice',
      scope: () => [...scopeOf('*'), ...scopeOf(`awsAccount.${own.accountId}`)],
      errors: [twice('input.scope.1.key')],
    },
    {
      name: 'an object twice',
      scope: () => scopeOf('*', `awsAccount.${own.accountId}`, '*'),
      errors: [twice('input.scope.0.objects.2.key')],
    },
    ...[
      '',
      'awsAccount',
      'awsAccount.',
      'awsAccount.123',
      'awsAccount.1234567890123',
      'awsaccount.111122223333',
      'integration.*',
      '*.*',
      'integration.nonsense',
      'component.int_01m8099x7jfqa9jnhgn17s6rk9',
      'organization.org_01m8099x7jfqa9jnhgn17s6rk9',
      'constructor.x',
      ' *',
    ].map((key) => ({
      name: `the object key ${JSON.stringify(key)}`,
      scope: () => scopeOf('*', key),
      errors: [malformed('input.scope.0.objects.1.key')],
    })),
    {
      name: 'several things wrong at once, each told at its place',
      scope: () => [{ key: 'wrong', objects: [{ key: 'bad' }, { key: '*' }, { key: '*' }] }],
      errors: [malformed('input.scope.0.key'), malformed('input.scope.0.objects.0.key'), twice('input.scope.0.objects.2.key')],
    },
  ].flatMap(({ name, scope, errors }) => [
    { name, mutation: 'createResourceGroup', input: newResources(() => ({ scope: scope() })), errors },
    { name, mutation: 'updateResourceGroup', input: change(resources, () => ({ scope: scope(), name: 'other' })), errors },
  ]),

  ...[
    { name: 'more than 50 attributes', meta: many(51).map((i) => ({ key: `k${i}`, value: 'v' })), errors: [outOfBounds('input.meta')] },
    {
      name: 'an attribute twice',
      meta: [
        { key: 'a', value: '1' },
        { key: 'a', value: '2' },
      ],
      errors: [twice('input.meta.1.key')],
    },
    { name: 'an attribute without a key', meta: [{ key: '', value: 'v' }], errors: [outOfBounds('input.meta.0.key')] },
    { name: 'a key of 129 characters', meta: [{ key: 'k'.repeat(129), value: 'v' }], errors: [outOfBounds('input.meta.0.key')] },
    { name: 'a value of 257 characters', meta: [{ key: 'k', value: 'v'.repeat(257) }], errors: [outOfBounds('input.meta.0.value')] },
  ].flatMap(({ name, meta, errors }) => [
    { name, mutation: 'createResourceGroup', input: newResources(() => ({ meta })), errors },
    { name, mutation: 'updateResourceGroup', input: change(resources, () => ({ meta })), errors },
  ]),

  {
    name: 'a taken name',
    mutation: 'createResourceGroup',
    input: newResources(() => ({ name: own.resourceGroupName })),
    errors: [['DuplicateError', 'VALUE_DUPLICATE', 'input.name', { existing: { id: expect.stringMatching(/^rg_/) } }]],
  },
  {
    name: 'a taken name',
    mutation: 'createUserGroup',
    input: () => ({ organizationId: own.id, name: own.userGroupName }),
    errors: [['DuplicateError', 'VALUE_DUPLICATE', 'input.name', { existing: { id: expect.stringMatching(/^ug_/) } }]],
  },
  {
    name: 'the name of another one',
    mutation: 'updateResourceGroup',
    input: () => ({ id: own.secondResourceGroupId, name: own.resourceGroupName }),
    errors: [['DuplicateError', 'VALUE_DUPLICATE', 'input.name', { existing: { id: expect.stringMatching(/^rg_/) } }]],
  },
  {
    name: 'the name of another one',
    mutation: 'updateUserGroup',
    input: () => ({ id: own.secondUserGroupId, name: own.userGroupName, policies: [] }),
    errors: [['DuplicateError', 'VALUE_DUPLICATE', 'input.name', { existing: { id: expect.stringMatching(/^ug_/) } }]],
  },
  {
    name: 'a stale version',
    mutation: 'updateResourceGroup',
    input: change(resources, () => ({ name: 'x', expectedVersion: 2 })),
    errors: [stale(1)],
  },
  {
    name: 'a stale version',
    mutation: 'deleteResourceGroup',
    input: change(resources, () => ({ expectedVersion: 2 })),
    errors: [stale(1)],
  },
  {
    name: 'a stale version',
    mutation: 'updateUserGroup',
    input: change(group, () => ({ policies: [], expectedVersion: 1 })),
    errors: [stale(2)],
  },
  { name: 'a stale version', mutation: 'deleteUserGroup', input: change(group, () => ({ expectedVersion: 1 })), errors: [stale(2)] },
  {
    name: 'a resource group that policies use',
    mutation: 'deleteResourceGroup',
    input: change(resources, () => ({})),
    errors: [
      [
        'PreconditionError',
        'PRECONDITION_FAILED',
        'input.id',
        {
          remediation: expect.stringContaining('updateUserGroup'),
          blockers: [
            { __typename: 'Policy', id: expect.stringMatching(/^pol_/) },
            { __typename: 'Policy', id: expect.stringMatching(/^pol_/) },
          ],
        },
      ],
    ],
  },

  ...[
    {
      name: 'a policy without permission groups',
      policies: () => [allow(own.resourceGroupId), { ...allow(own.resourceGroupId), permissionGroupIds: [] }],
      errors: [outOfBounds('input.policies.1.permissionGroupIds')],
    },
    { name: 'a policy without resource groups', policies: () => [allow()], errors: [outOfBounds('input.policies.0.resourceGroupIds')] },
    {
      name: 'a policy of more than 100 resource groups',
      policies: () => [allow(...many(101).map(() => own.resourceGroupId))],
      errors: [outOfBounds('input.policies.0.resourceGroupIds')],
    },
    {
      name: 'a policy of more than 50 permission groups',
      policies: () => [{ ...allow(own.resourceGroupId), permissionGroupIds: many(51).map(() => permissionGroups.viewer) }],
      errors: [outOfBounds('input.policies.0.permissionGroupIds')],
    },
    {
      name: 'permission groups that do not exist',
      policies: () => [{ ...allow(own.resourceGroupId), permissionGroupIds: [newId('pg'), permissionGroups.viewer, 'nonsense'] }],
      errors: [notFound('input.policies.0.permissionGroupIds.0'), notFound('input.policies.0.permissionGroupIds.2')],
    },
    {
      name: 'more policies than the quota of a group',
      policies: () => many(5).map(() => allow(own.resourceGroupId)),
      errors: [quota('input.policies', 4)],
    },
    {
      name: 'a policy of another group',
      policies: () => [allow(own.resourceGroupId), { ...allow(own.resourceGroupId), id: own.otherPolicyId }],
      errors: [notFound('input.policies.1.id')],
    },
  ].flatMap(({ name, policies, errors }) => [
    { name, mutation: 'createUserGroup', input: newGroup(policies), errors },
    { name, mutation: 'updateUserGroup', input: change(group, () => ({ policies: policies(), name: 'other' })), errors },
  ]),
  {
    name: 'a policy twice',
    mutation: 'updateUserGroup',
    input: change(group, () => ({ policies: many(2).map(() => ({ ...allow(own.resourceGroupId), id: own.policyId })) })),
    errors: [twice('input.policies.1.id')],
  },
  ...['setUserGroupMembers', 'addUserGroupMembers', 'removeUserGroupMembers'].flatMap((mutation) => [
    {
      name: 'a stale version',
      mutation,
      input: () => ({
        userGroupId: own.userGroupId,
        memberIds: mutation === 'removeUserGroupMembers' ? [own.memberId] : [],
        expectedVersion: 1,
      }),
      errors: [stale(2)],
    },
    {
      name: 'more than 20,000 members',
      mutation,
      input: () => ({ userGroupId: own.userGroupId, memberIds: many(20_001).map(() => own.memberId) }),
      errors: [outOfBounds('input.memberIds')],
    },
  ]),
]

describe('is refused, and nothing changes:', () => {
  test.each(refusals.map((refusal) => [refusal.mutation, refusal.name, refusal] as const))(
    '%s of %s',
    async (_mutation, _name, { mutation, input, errors }) => {
      expectErrors(await attempt(app, [own], own.key, mutation, input()), errors)
    },
  )

  test.each([
    ['createUserGroup', () => ({ organizationId: own.id, name: 'one too many' }), 'UserGroup', quota('input', 3)],
    ['createResourceGroup', newResources(() => ({ name: 'one too many' })), 'ResourceGroup', quota('input', 3)],
  ] as const)('%s beyond the quota', async (mutation, input, table, expected) => {
    const { pool } = app.booted.services.db
    const fillers = many(3).map(() => `${newId(table === 'UserGroup' ? 'ug' : 'rg')}`)
    await pool.query(`insert into "${table}" ("id", "organizationId", "name") select k, $1, k from unnest($2::text[]) as k`, [
      own.id,
      fillers,
    ])
    try {
      expectErrors(await attempt(app, [own], own.key, mutation, input()), [expected])
    } finally {
      await pool.query(`delete from "${table}" where "id" = any($1::text[])`, [fillers])
    }
  })
})
