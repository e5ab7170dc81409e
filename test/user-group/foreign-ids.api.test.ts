import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { attempt, type Expected, expectErrors, makeWorld, notFound, type World } from '../support/group-world.ts'
import { permissionGroups, policy } from '../support/groups.ts'

let app: TestApp
let own: World
let other: World
beforeAll(async () => {
  app = await startTestApp()
  own = await makeWorld(app, '111122223333')
  other = await makeWorld(app, '444455556666')
})
afterAll(() => app.close())

/** What is named: something of the other organization, or where there is no world, something that is nowhere. */
type Named = Pick<World, 'id' | 'memberId' | 'resourceGroupId' | 'userGroupId' | 'policyId' | 'componentId' | 'integrationId' | 'accountId'>
const nowhere = (): Named => ({
  id: newId('org'),
  memberId: newId('mem'),
  resourceGroupId: newId('rg'),
  userGroupId: newId('ug'),
  policyId: newId('pol'),
  componentId: newId('cmp'),
  integrationId: newId('int'),
  accountId: '999999999999',
})

interface Reference {
  name: string
  mutation: string
  input: (named: Named) => object
  errors: Expected[]
}

const everything = (organizationId: string) => [{ key: `organization.${organizationId}`, objects: [{ key: '*' }] }]
const membershipMutations = ['setUserGroupMembers', 'addUserGroupMembers', 'removeUserGroupMembers']

/** What a mutation is about. */
const subjects: Reference[] = [
  {
    name: 'the organization',
    mutation: 'inviteMembers',
    input: ({ id }) => ({ organizationId: id, emails: ['a@b.example'] }),
    errors: [notFound('input.organizationId')],
  },
  {
    name: 'the organization',
    mutation: 'createResourceGroup',
    input: ({ id }) => ({ organizationId: id, name: 'n', scope: everything(id) }),
    errors: [notFound('input.organizationId')],
  },
  {
    name: 'the organization',
    mutation: 'createUserGroup',
    input: ({ id }) => ({ organizationId: id, name: 'n' }),
    errors: [notFound('input.organizationId')],
  },
  { name: 'the member', mutation: 'acceptMember', input: ({ memberId }) => ({ id: memberId }), errors: [notFound('input.id')] },
  {
    name: 'the resource group',
    mutation: 'updateResourceGroup',
    input: ({ resourceGroupId }) => ({ id: resourceGroupId, name: 'n' }),
    errors: [notFound('input.id')],
  },
  {
    name: 'the user group',
    mutation: 'updateUserGroup',
    input: ({ userGroupId }) => ({ id: userGroupId, policies: [] }),
    errors: [notFound('input.id')],
  },
  ...membershipMutations.map((mutation) => ({
    name: 'the user group',
    mutation,
    input: ({ userGroupId }: Named) => ({ userGroupId, memberIds: [] }),
    errors: [notFound('input.userGroupId')],
  })),
]

/** What stands in it besides: refused also to one who may see both organizations. */
const inside: Reference[] = [
  ...membershipMutations.map((mutation) => ({
    name: 'a member',
    mutation,
    input: ({ memberId }: Named) => ({ userGroupId: own.userGroupId, memberIds: [own.memberId, memberId] }),
    errors: [notFound('input.memberIds.1')],
  })),
  ...['createUserGroup', 'updateUserGroup'].flatMap((mutation): Reference[] => {
    const of = (given: object) => ({
      ...(mutation === 'createUserGroup' ? { organizationId: own.id, name: 'n' } : { id: own.userGroupId }),
      policies: [{ ...policy('ALLOW', permissionGroups.viewer, own.resourceGroupId), ...given }],
    })
    return [
      {
        name: 'the resource group of a policy',
        mutation,
        input: ({ resourceGroupId }) => of({ resourceGroupIds: [own.resourceGroupId, resourceGroupId] }),
        errors: [notFound('input.policies.0.resourceGroupIds.1')],
      },
      { name: 'a policy', mutation, input: ({ policyId }) => of({ id: policyId }), errors: [notFound('input.policies.0.id')] },
    ]
  }),
  ...['createResourceGroup', 'updateResourceGroup'].flatMap((mutation): Reference[] => {
    const of = (scope: object[]) => ({
      ...(mutation === 'createResourceGroup' ? { organizationId: own.id, name: 'n' } : { id: own.resourceGroupId }),
      scope,
    })
    const object = (name: string, keyOf: (named: Named) => string): Reference => ({
      name: `${name} as an object`,
      mutation,
      input: (named) => of([{ key: `organization.${own.id}`, objects: [{ key: '*' }, { key: keyOf(named) }] }]),
      errors: [notFound('input.scope.0.objects.1.key')],
    })
    return [
      { name: 'the scope', mutation, input: ({ id }) => of(everything(id)), errors: [notFound('input.scope.0.key')] },
      object('an AWS account', ({ accountId }) => `awsAccount.${accountId}`),
      object('an integration', ({ integrationId }) => `integration.${integrationId}`),
      object('a component', ({ componentId }) => `component.${componentId}`),
      object('a user group', ({ userGroupId }) => `userGroup.${userGroupId}`),
    ]
  }),
]

const tableOf = (references: Reference[]) => references.map((reference) => [reference.name, reference.mutation, reference] as const)
const run = (key: string, mutation: string, input: object): Promise<Data> => attempt(app, [own, other], key, mutation, input)
const messages = (payload: Data) => JSON.stringify(payload.errors.map(({ message }: Data) => message))

test.each(tableOf(subjects))(
  '%s of %s: foreign is as good as nowhere, and changes nothing',
  async (_name, _of, { mutation, input, errors }) => {
    const answers = [await run(own.key, mutation, input(other)), await run(own.key, mutation, input(nowhere()))]
    for (const answer of answers) expectErrors(answer, errors)
    expect(new Set(answers.map(messages)).size).toBe(1)
  },
)

test.each(tableOf(inside))(
  '%s of %s: foreign is as good as nowhere, for one who may see both too, and changes nothing',
  async (_name, _of, { mutation, input, errors }) => {
    const answers: Data[] = []
    for (const key of [own.key, app.adminKey]) for (const named of [other, nowhere()]) answers.push(await run(key, mutation, input(named)))
    for (const answer of answers) expectErrors(answer, errors)
    expect(new Set(answers.map(messages)).size).toBe(1)
  },
)

test.each([
  ['removeMember', 'memberId', 'mem'],
  ['deleteResourceGroup', 'resourceGroupId', 'rg'],
  ['deleteUserGroup', 'userGroupId', 'ug'],
] as const)('%s of what is foreign, nowhere, malformed or of another type says that it is absent', async (mutation, field, prefix) => {
  const absent = { deletedIds: [], alreadyAbsent: true, organization: null, errors: [] }
  for (const id of [other[field], newId(prefix), 'nonsense', own.id]) expect(await run(own.key, mutation, { id })).toEqual(absent)
})
