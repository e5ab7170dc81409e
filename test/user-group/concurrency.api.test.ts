import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { type GroupTenant, groupTenant, nameOf, permissionGroups, policy } from '../support/groups.ts'

const rounds = 12

let app: TestApp
let own: GroupTenant
beforeAll(async () => {
  app = await startTestApp()
  own = await groupTenant(app)
})
afterAll(() => app.close())

const membersOf = async (id: string): Promise<Data> =>
  (await own.ask(`{ userGroup(id: "${id}") { version members { totalCount nodes { id } } } }`)).userGroup
const idsOf = ({ members }: Data): string[] => members.nodes.map(({ id }: Data) => id)
const errorsOf = (answers: Data[]) => answers.flatMap(({ errors }) => errors.map(({ __typename }: Data) => __typename))

/** Rows that lead nowhere: no membership without group and member, no use of a resource group without both its ends. */
async function orphans(): Promise<number> {
  const { rows } = await app.booted.services.db.pool.query<{ count: number }>(
    `select (select count(*) from "UserGroupMember" l where not exists (select from "UserGroup" g where g."id" = l."userGroupId")
        or not exists (select from "Member" m where m."id" = l."memberId"))::int
      + (select count(*) from "PolicyResourceGroup" u where not exists (select from "Policy" x where x."id" = u."policyId")
        or not exists (select from "ResourceGroup" r where r."id" = u."resourceGroupId"))::int
      + (select count(*) from "Policy" x where not exists (select from "PolicyResourceGroup" u where u."policyId" = x."id"))::int as "count"`,
  )
  return rows[0]?.count ?? -1
}

test('writers who add different members all win, and the version counts each of them', async () => {
  const group = await own.group()
  const members = await own.members(rounds)
  const answers = await Promise.all(members.map((id) => own.run('addUserGroupMembers', { userGroupId: group.id, memberIds: [id] })))
  expect(errorsOf(answers)).toEqual([])
  const now = await membersOf(group.id)
  expect(idsOf(now)).toEqual(members)
  expect(now.version).toBe(1 + rounds)
})

test('writers who add the same member make one change', async () => {
  const group = await own.group()
  const memberIds = await own.members(1)
  await Promise.all(Array.from({ length: rounds }, () => own.must('addUserGroupMembers', { userGroupId: group.id, memberIds })))
  expect(await membersOf(group.id)).toMatchObject({ version: 2, members: { totalCount: 1 } })
})

test('a set against adds ends as one of their orders: the set is whole, and an add is in it or was before it', async () => {
  const [a, b, c, d] = (await own.members(4)) as [string, string, string, string]
  for (let round = 0; round < rounds; round += 1) {
    const group = await own.group()
    await own.must('setUserGroupMembers', { userGroupId: group.id, memberIds: [d] })
    const answers = await Promise.all([
      own.run('addUserGroupMembers', { userGroupId: group.id, memberIds: [c] }),
      own.run('setUserGroupMembers', { userGroupId: group.id, memberIds: [a, b] }),
    ])
    expect(errorsOf(answers)).toEqual([])
    const now = await membersOf(group.id)
    expect([
      [a, b],
      [a, b, c],
    ]).toContainEqual(idsOf(now))
    expect(now.version).toBe(4)
  }
})

test('of sets at the same version one wins, and the others are told the version it made', async () => {
  const group = await own.group()
  const members = await own.members(6)
  const answers = await Promise.all(
    members.map((id) => own.run('setUserGroupMembers', { userGroupId: group.id, memberIds: [id], expectedVersion: 1 })),
  )
  const won = answers.filter(({ errors }) => errors.length === 0)
  expect(won).toHaveLength(1)
  for (const { errors, userGroup } of answers.filter((answer) => answer !== won[0])) {
    expect(userGroup).toBeNull()
    expect(errors).toMatchObject([{ __typename: 'ConflictError', path: ['input', 'expectedVersion'], currentVersion: 2 }])
  }
  expect(idsOf(await membersOf(group.id))).toEqual(idsOf(won[0].userGroup))
})

test('a group deleted while members are added leaves nothing behind: the add came before or finds no group', async () => {
  const memberIds = await own.members(20)
  for (let round = 0; round < rounds; round += 1) {
    const group = await own.group([policy('ALLOW', permissionGroups.viewer, await own.resourceGroup())])
    const [added, deleted] = await Promise.all([
      own.run('addUserGroupMembers', { userGroupId: group.id, memberIds }),
      own.run('deleteUserGroup', { id: group.id }),
    ])
    expect(deleted.errors).toEqual([])
    if (added.errors.length > 0) expect(added.errors).toMatchObject([{ __typename: 'NotFoundError', path: ['input', 'userGroupId'] }])
    expect(await orphans()).toBe(0)
  }
})

test('a member removed while they are added to groups is in none afterwards', async () => {
  const group = await own.group()
  const stays = await own.members(1)
  for (let round = 0; round < rounds; round += 1) {
    const [leaver] = (await own.members(1)) as [string]
    const [removed, ...changes] = await Promise.all([
      own.run('removeMember', { id: leaver }),
      own.run('addUserGroupMembers', { userGroupId: group.id, memberIds: [leaver, ...stays] }),
      own.run('setUserGroupMembers', { userGroupId: group.id, memberIds: [...stays, leaver] }),
    ])
    expect(removed.errors).toEqual([])
    for (const { errors } of changes) if (errors.length > 0) expect(errors).toMatchObject([{ __typename: 'NotFoundError' }])
    expect(idsOf(await membersOf(group.id))).not.toContain(leaver)
    expect(await orphans()).toBe(0)
  }
})

test('a resource group is deleted or used, never both', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const [id, group] = [await own.resourceGroup(), await own.group()]
    const [deleted, updated] = await Promise.all([
      own.run('deleteResourceGroup', { id }),
      own.run('updateUserGroup', { id: group.id, policies: [policy('DENY', permissionGroups.superAdmin, id)] }),
    ])
    const isDeleted = deleted.errors.length === 0
    if (isDeleted)
      expect(updated.errors).toMatchObject([{ __typename: 'NotFoundError', path: ['input', 'policies', '0', 'resourceGroupIds', '0'] }])
    else expect([deleted.errors, updated.errors]).toMatchObject([[{ __typename: 'PreconditionError' }], []])
    expect(await orphans()).toBe(0)
  }
})

describe('of those who make things of one name at once, one wins and the others are shown it:', () => {
  test('user groups', async () => {
    const name = nameOf('contested')
    const answers = await Promise.all(Array.from({ length: 6 }, () => own.run('createUserGroup', { organizationId: own.id, name })))
    const [won, ...more] = answers.filter(({ errors }) => errors.length === 0)
    expect(more).toEqual([])
    for (const { errors } of answers.filter((answer) => answer !== won)) {
      expect(errors).toMatchObject([{ __typename: 'DuplicateError', path: ['input', 'name'], existing: { id: won.userGroup.id } }])
    }
  })

  test('resource groups, one of them renamed', async () => {
    const name = nameOf('contested')
    const id = await own.resourceGroup()
    const scope = [{ key: `organization.${own.id}`, objects: [{ key: '*' }] }]
    const answers = await Promise.all([
      own.run('updateResourceGroup', { id, name }),
      ...Array.from({ length: 5 }, () => own.run('createResourceGroup', { organizationId: own.id, name, scope })),
    ])
    const [won, ...more] = answers.filter(({ errors }) => errors.length === 0)
    expect(more).toEqual([])
    for (const { errors } of answers.filter((answer) => answer !== won)) {
      expect(errors).toMatchObject([{ __typename: 'DuplicateError', existing: { id: won.resourceGroup.id } }])
    }
  })
})

test('policies replaced by several at once are those of one of them, whole', async () => {
  const group = await own.group()
  const resourceGroups = await Promise.all(Array.from({ length: 5 }, () => own.resourceGroup()))
  await Promise.all(
    resourceGroups.map((id) =>
      own.must('updateUserGroup', {
        id: group.id,
        policies: [policy('ALLOW', permissionGroups.viewer, id), policy('DENY', permissionGroups.viewer, id)],
      }),
    ),
  )
  const { userGroup } = await own.ask(`{ userGroup(id: "${group.id}") { version policies { access resourceGroups { id } } } }`)
  expect(userGroup.version).toBe(6)
  expect(userGroup.policies.map(({ access }: Data) => access)).toEqual(['ALLOW', 'DENY'])
  expect(userGroup.policies[0].resourceGroups).toEqual(userGroup.policies[1].resourceGroups)
  expect(await orphans()).toBe(0)
})
