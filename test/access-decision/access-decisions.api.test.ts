import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { type GroupTenant, groupTenant, permissionGroups, policy } from '../support/groups.ts'

let app: TestApp
let own: GroupTenant
let other: GroupTenant
const accountId = '111122223333'
const ids = { member: '', pending: '', component: '', integration: '', otherComponent: '' }
beforeAll(async () => {
  app = await startTestApp()
  own = await groupTenant(app)
  other = await groupTenant(app)
  const staged = await stage(own, accountId)
  ids.component = staged.id
  ids.integration = staged.integration.id
  ids.otherComponent = (await stage(own, '444455556666')).id
  const [member] = await own.members(1)
  ids.member = member as string
  ids.pending = (await own.must('inviteMembers', { organizationId: own.id, emails: ['pending@example.com'] })).members[0].id
})
afterAll(() => app.close())

async function stage(tenant: GroupTenant, account: string): Promise<Data> {
  await tenant.ask(`mutation { installAwsIntegration(input: { organizationId: "${tenant.id}" }) { errors { message } } }`)
  const { stageComponent } = await tenant.ask(
    `mutation { stageComponent(input: { organizationId: "${tenant.id}", kind: INVENTORY, itemId: "${account}" }) { component { id integration { id } } } }`,
  )
  return stageComponent.component
}

const selection = `permission resourceKey decision reason member { id }
  because { userGroup { id } policy { id } permissionGroup { id } resourceGroup { id } matchedPermission matchedObject }`
const document = `query ($questions: [AccessQuestion!]!) { accessDecisions(questions: $questions) { ${selection} } }`

async function ask(...questions: [memberId: string, permission: string, resourceKey: string][]): Promise<Data[]> {
  const given = questions.map(([memberId, permission, resourceKey]) => ({ memberId, permission, resourceKey }))
  return (await own.ask(document, { questions: given })).accessDecisions
}

/** A member who is in one group with these policies. */
async function memberWith(...policies: object[]): Promise<{ id: string; groupId: string; policyIds: string[] }> {
  const [id] = (await own.members(1)) as [string]
  const group = await own.group(policies)
  await own.must('setUserGroupMembers', { userGroupId: group.id, memberIds: [id] })
  return { id, groupId: group.id, policyIds: group.policies.map((made: Data) => made.id) }
}

test('a decision tells what was asked, who, how it was decided and every match of the side that won', async () => {
  const wide = await own.resourceGroup('*', `awsAccount.${accountId}`)
  const narrow = await own.resourceGroup(`component.${ids.component}`, `component.${ids.otherComponent}`)
  const { id, groupId, policyIds } = await memberWith(
    policy('ALLOW', permissionGroups.integrationAdmin, wide, narrow),
    policy('ALLOW', permissionGroups.awsRoleUser, wide),
  )
  const [decided] = await ask([id, 'component:configure', `component.${ids.component}`])
  const match = (resourceGroup: string, matchedObject: string) => ({
    userGroup: { id: groupId },
    policy: { id: policyIds[0] },
    permissionGroup: { id: permissionGroups.integrationAdmin },
    resourceGroup: { id: resourceGroup },
    matchedPermission: 'component:*',
    matchedObject,
  })
  expect(decided).toEqual({
    permission: 'component:configure',
    resourceKey: `component.${ids.component}`,
    decision: 'ALLOW',
    reason: 'ALLOWED_BY_POLICY',
    member: { id },
    because: expect.arrayContaining([
      match(wide, '*'),
      match(wide, `awsAccount.${accountId}`),
      match(narrow, `component.${ids.component}`),
    ]),
  })
  expect(decided.because).toHaveLength(3)
  const { accessDecision } = await own.ask(`query ($question: AccessQuestion!) { accessDecision(question: $question) { ${selection} } }`, {
    question: { memberId: id, permission: 'component:configure', resourceKey: `component.${ids.component}` },
  })
  expect(accessDecision).toEqual(decided)
})

describe('a key covers itself and what lies in it', () => {
  const keys = () => ({
    '*': '*',
    account: `awsAccount.${accountId}`,
    'other account': 'awsAccount.444455556666',
    integration: `integration.${ids.integration}`,
    component: `component.${ids.component}`,
    'other component': `component.${ids.otherComponent}`,
  })
  type Key = keyof ReturnType<typeof keys>
  const within: Record<Key, Key[]> = {
    '*': ['*', 'account', 'other account', 'integration', 'component', 'other component'],
    account: ['account', 'component'],
    'other account': ['other account', 'other component'],
    integration: ['integration', 'component', 'other component'],
    component: ['component'],
    'other component': ['other component'],
  }
  test.each(Object.keys(within) as Key[])('%s', async (container) => {
    const { id } = await memberWith(policy('ALLOW', permissionGroups.superAdmin, await own.resourceGroup(keys()[container])))
    const asked = Object.keys(within) as Key[]
    const decided = await ask(...asked.map((key): [string, string, string] => [id, 'anything:do', keys()[key]]))
    expect(asked.filter((_key, i) => decided[i].decision === 'ALLOW')).toEqual(within[container])
  })
})

test('a deny wins over any allow, from whichever group it comes, and only for what it says', async () => {
  const [everywhere, here] = [await own.resourceGroup(), await own.resourceGroup(`awsAccount.${accountId}`)]
  const { id } = await memberWith(policy('ALLOW', permissionGroups.superAdmin, everywhere))
  const denying = await own.group([policy('DENY', permissionGroups.awsRoleUser, here)])
  await own.must('addUserGroupMembers', { userGroupId: denying.id, memberIds: [id] })
  const decided = await ask(
    [id, 'awsRole:assume', `awsAccount.${accountId}`],
    [id, 'awsRole:assume', 'awsAccount.444455556666'],
    [id, 'awsRole:delete', `awsAccount.${accountId}`],
  )
  expect(decided.map(({ decision, reason }) => [decision, reason])).toEqual([
    ['DENY', 'EXPLICIT_DENY'],
    ['ALLOW', 'ALLOWED_BY_POLICY'],
    ['ALLOW', 'ALLOWED_BY_POLICY'],
  ])
  expect(decided[0].because).toEqual([
    {
      userGroup: { id: denying.id },
      policy: { id: denying.policies[0].id },
      permissionGroup: { id: permissionGroups.awsRoleUser },
      resourceGroup: { id: here },
      matchedPermission: 'awsRole:assume',
      matchedObject: `awsAccount.${accountId}`,
    },
  ])
})

test('nothing that matches is a deny; case counts in permissions and keys', async () => {
  const { id } = await memberWith(policy('ALLOW', permissionGroups.awsRoleUser, await own.resourceGroup()))
  const decided = await ask(
    [id, 'awsRole:assume', '*'],
    [id, 'awsrole:assume', '*'],
    [id, 'awsRole:Assume', '*'],
    [id, 'integration:read', '*'],
    [id, 'awsRole:assume', `AwsAccount.${accountId}`],
  )
  expect(decided.map(({ reason }) => reason)).toEqual([
    'ALLOWED_BY_POLICY',
    'NO_MATCHING_POLICY',
    'NO_MATCHING_POLICY',
    'NO_MATCHING_POLICY',
    'NO_MATCHING_POLICY',
  ])
})

test.each([
  ['unknown', () => `component.${newId('cmp')}`],
  ['of another organization', () => foreignKey],
  ['malformed', () => 'awsAccount.12'],
  ['of no known kind', () => 'planet.mars'],
  ['empty', () => ''],
])('a key that is %s is denied as matching nothing, also to who is allowed everything', async (_name, keyOf) => {
  foreignKey ||= `component.${(await stage(other, '777788889999')).id}`
  const { id } = await memberWith(policy('ALLOW', permissionGroups.superAdmin, await own.resourceGroup()))
  const [unknown, known] = await ask([id, 'component:read', keyOf()], [id, 'component:read', `component.${ids.component}`])
  expect(unknown).toMatchObject({ decision: 'DENY', reason: 'NO_MATCHING_POLICY', because: [], member: { id } })
  expect(known.decision).toBe('ALLOW')
})
let foreignKey = ''

test('a member who has not accepted, is unknown or of another organization is denied as such, and the last two alike', async () => {
  const group = await own.group([policy('ALLOW', permissionGroups.superAdmin, await own.resourceGroup())])
  await own.must('setUserGroupMembers', { userGroupId: group.id, memberIds: [ids.pending] })
  const [foreign] = (await other.members(1)) as [string]
  const decided = await ask([ids.pending, 'a:b', '*'], [newId('mem'), 'a:b', '*'], [foreign, 'a:b', '*'], ['nonsense', 'a:b', '*'])
  const denied = { permission: 'a:b', resourceKey: '*', decision: 'DENY', reason: 'MEMBER_NOT_ACCEPTED', because: [] }
  expect(decided).toEqual([{ ...denied, member: { id: ids.pending } }, ...Array(3).fill({ ...denied, member: null })])
  await own.must('acceptMember', { id: ids.pending })
  expect((await ask([ids.pending, 'a:b', '*']))[0].decision).toBe('ALLOW')
})

test('what a group loses stops counting at once: a policy, a member, an object, the group itself', async () => {
  const resources = await own.resourceGroup(`awsAccount.${accountId}`, 'awsAccount.444455556666')
  const { id, groupId } = await memberWith(policy('ALLOW', permissionGroups.superAdmin, resources))
  const reason = async () => (await ask([id, 'a:b', `awsAccount.${accountId}`]))[0].reason
  expect(await reason()).toBe('ALLOWED_BY_POLICY')
  const scope = (key: string) => [{ key: `organization.${own.id}`, objects: [{ key }] }]
  const steps: [undo: () => Promise<unknown>, redo: () => Promise<unknown>][] = [
    [
      () => own.must('updateResourceGroup', { id: resources, scope: scope('awsAccount.444455556666') }),
      () => own.must('updateResourceGroup', { id: resources, scope: scope('*') }),
    ],
    [
      () => own.must('removeUserGroupMembers', { userGroupId: groupId, memberIds: [id] }),
      () => own.must('addUserGroupMembers', { userGroupId: groupId, memberIds: [id] }),
    ],
    [
      () => own.must('updateUserGroup', { id: groupId, policies: [] }),
      () => own.must('updateUserGroup', { id: groupId, policies: [policy('ALLOW', permissionGroups.superAdmin, resources)] }),
    ],
  ]
  for (const [undo, redo] of steps) {
    await undo()
    expect(await reason()).toBe('NO_MATCHING_POLICY')
    await redo()
    expect(await reason()).toBe('ALLOWED_BY_POLICY')
  }
  await own.must('deleteUserGroup', { id: groupId })
  expect(await reason()).toBe('NO_MATCHING_POLICY')
})

test('what is no question is null with its error, and the others are answered', async () => {
  const questions = ['a:b', 'awsRole:*', '*:*', 'awsRole', 'a:b:c'].map((permission) => ({
    memberId: ids.member,
    permission,
    resourceKey: '*',
  }))
  const { data, errors } = await app.send(own.key, document, { questions })
  expect(data.accessDecisions.map((decided: Data) => decided?.reason ?? null)).toEqual(['NO_MATCHING_POLICY', null, null, null, null])
  expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual(
    [1, 2, 3, 4].map((i) => [['accessDecisions', i], 'BAD_USER_INPUT']),
  )
  const single = await app.send(
    own.key,
    `{ accessDecision(question: { memberId: "${ids.member}", permission: "x:*", resourceKey: "*" }) { reason } }`,
  )
  expect(single.data.accessDecision).toBeNull()
  expect(single.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
})

test('200 questions are answered in their order, 201 are refused', async () => {
  const questions = Array.from({ length: 201 }, (_, i) => ({ memberId: ids.member, permission: `noun${i}:verb`, resourceKey: '*' }))
  const decided = (await own.ask(document, { questions: questions.slice(0, 200) })).accessDecisions
  expect(decided.map(({ permission }: Data) => permission)).toEqual(questions.slice(0, 200).map(({ permission }) => permission))
  const { errors } = await app.send(own.key, document, { questions })
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'questions' })
  expect((await own.ask(document, { questions: [] })).accessDecisions).toEqual([])
})
