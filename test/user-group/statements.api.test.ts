import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { type GroupTenant, groupTenant, permissionGroups, policy } from '../support/groups.ts'
import { countStatements } from '../support/statements.ts'

let app: TestApp
let small: GroupTenant
let large: GroupTenant
beforeAll(async () => {
  app = await startTestApp()
  small = await filled(2, 1)
  large = await filled(24, 12)
})
afterAll(() => app.close())

/** Every group has every member and, for each resource group, a policy that uses all of them. */
async function filled(members: number, groups: number): Promise<GroupTenant> {
  const tenant = await groupTenant(app)
  const memberIds = await tenant.members(members)
  const resources: string[] = []
  for (let i = 0; i < groups; i += 1) resources.push(await tenant.resourceGroup('*'))
  for (let i = 0; i < groups; i += 1) {
    const { id } = await tenant.group(resources.map(() => policy('ALLOW', permissionGroups.viewer, ...resources)))
    await tenant.must('setUserGroupMembers', { userGroupId: id, memberIds })
  }
  return tenant
}

async function statementsOf(tenant: GroupTenant, query: string, variables?: object): Promise<{ count: number; data: Data }> {
  const { statements, result } = await countStatements(() => tenant.ask(query, variables))
  return { count: statements.filter((text) => !text.includes('"ApiKey"')).length, data: result }
}

async function idsIn(tenant: GroupTenant): Promise<{ members: string[]; groups: string[] }> {
  const { organization } = await tenant.ask(
    'query ($id: ID!) { organization(id: $id) { members { nodes { id } } userGroups { nodes { id } } } }',
    {
      id: tenant.id,
    },
  )
  return { members: organization.members.nodes.map(({ id }: Data) => id), groups: organization.userGroups.nodes.map(({ id }: Data) => id) }
}

/** What lies under an organization, with the statements it takes: one a level, two where a level is reached by links. The organization comes with the key. */
const walks: [name: string, selection: string, count: number][] = [
  ['members', 'members { nodes { email } }', 1],
  ['members with their groups', 'members { nodes { email userGroups { nodes { name } } } }', 3],
  ['members with groups and their number', 'members { totalCount nodes { userGroups { totalCount nodes { name } } } }', 5],
  ['groups', 'userGroups { nodes { name } }', 1],
  ['groups with their members', 'userGroups { nodes { members { edges { addedAt node { email } } } } }', 3],
  ['groups with members of a state', 'userGroups { nodes { members(filter: { statuses: [ACCEPTED] }) { nodes { email } } } }', 3],
  ['groups with their policies', 'userGroups { nodes { policies { access permissionGroups { name } } } }', 2],
  [
    'groups with policies and resource groups',
    'userGroups { nodes { policies { permissionGroups { name } resourceGroups { name } } } }',
    3,
  ],
  [
    'groups with members, policies and all that these apply to',
    'userGroups { nodes { members { nodes { email } } policies { permissionGroups { name } resourceGroups { name scope { objects { key } } } } } }',
    6,
  ],
  ['resource groups with objects', 'resourceGroups { nodes { scope { objects { key } } } }', 2],
  ['resource groups with the policies that use them', 'resourceGroups { nodes { policies { nodes { access userGroup { name } } } } }', 3],
  ['permission groups', 'permissionGroups { totalCount nodes { name permissions } }', 0],
]

test.each(walks)('%s: as many statements in a large organization as in a small one', async (_name, selection, count) => {
  const query = 'query ($id: ID!) { organization(id: $id) { %s } }'.replace('%s', selection)
  const [few, many] = [await statementsOf(small, query, { id: small.id }), await statementsOf(large, query, { id: large.id })]
  expect([few.count, many.count]).toEqual([count, count])
  if (count > 0) expect(JSON.stringify(many.data).length).toBeGreaterThan(JSON.stringify(few.data).length * 3)
})

test('200 decisions take three statements, one takes three, and what a match names one a noun', async () => {
  const { members, groups } = await idsIn(large)
  const questions = Array.from({ length: 200 }, (_, i) => ({
    memberId: members[i % members.length] as string,
    permission: ['member:read', 'awsRole:assume', 'userGroup:read'][i % 3] as string,
    resourceKey: `userGroup.${groups[i % groups.length]}`,
  }))
  const plain =
    'query ($questions: [AccessQuestion!]!) { accessDecisions(questions: $questions) { decision reason member { email } because { matchedObject } } }'
  expect((await statementsOf(large, plain, { questions })).count).toBe(3)
  expect((await statementsOf(large, plain, { questions: questions.slice(0, 1) })).count).toBe(3)
  const whole = `query ($questions: [AccessQuestion!]!) { accessDecisions(questions: $questions) { decision because {
    userGroup { name } policy { access } permissionGroup { name } resourceGroup { name } } } }`
  const { count, data: answer } = await statementsOf(large, whole, { questions: questions.slice(0, 20) })
  expect(count).toBe(6)
  expect(answer.accessDecisions[0].because).toHaveLength(12 * 12 * 12)
})

test('decisions asked for one by one in one request are decided together', async () => {
  const { members, groups } = await idsIn(large)
  const fields = members
    .map(
      (id, i) =>
        `d${i}: accessDecision(question: { memberId: "${id}", permission: "member:read", resourceKey: "userGroup.${groups[0]}" }) { decision }`,
    )
    .join('\n')
  const { count, data: decided } = await statementsOf(large, `{ ${fields} }`)
  expect(count).toBe(3)
  expect(Object.values(decided)).toEqual(Array(24).fill({ decision: 'ALLOW' }))
})

test('a change of many members, policies or objects takes as many statements as one of few', async () => {
  const tenant = await groupTenant(app)
  const memberIds = await tenant.members(60)
  const resources = await Promise.all(Array.from({ length: 6 }, () => tenant.resourceGroup()))
  const group = await tenant.group()
  const counted = async (mutation: string, input: object) => (await countStatements(() => tenant.must(mutation, input))).statements.length
  const pairs: [string, object, object][] = [
    ['setUserGroupMembers', { userGroupId: group.id, memberIds: memberIds.slice(0, 1) }, { userGroupId: group.id, memberIds }],
    [
      'removeUserGroupMembers',
      { userGroupId: group.id, memberIds: memberIds.slice(0, 1) },
      { userGroupId: group.id, memberIds: memberIds.slice(1, 59) },
    ],
    ['addUserGroupMembers', { userGroupId: group.id, memberIds: memberIds.slice(0, 1) }, { userGroupId: group.id, memberIds }],
    [
      'updateUserGroup',
      { id: group.id, policies: [policy('DENY', permissionGroups.viewer, ...resources.slice(0, 1))] },
      { id: group.id, policies: Array.from({ length: 50 }, () => policy('ALLOW', permissionGroups.viewer, ...resources)) },
    ],
    [
      'inviteMembers',
      { organizationId: tenant.id, emails: ['first@example.com'] },
      { organizationId: tenant.id, emails: Array.from({ length: 300 }, (_, i) => `n${i}@example.com`) },
    ],
  ]
  for (const [mutation, few, many] of pairs) {
    const counts = [await counted(mutation, few), await counted(mutation, many)]
    expect(counts, mutation).toEqual([counts[0], counts[0]])
  }
})
