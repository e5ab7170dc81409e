import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { type GroupTenant, groupTenant, nameOf, permissionGroups, policy } from '../support/groups.ts'
import { rowsOf } from '../support/rows.ts'

let app: TestApp
let own: GroupTenant
beforeAll(async () => {
  app = await startTestApp()
  own = await groupTenant(app)
})
afterAll(() => app.close())

const update = async (input: object): Promise<Data> => (await own.must('updateUserGroup', input)).userGroup
const events = async (id: string): Promise<Data[]> =>
  (
    await own.ask(
      'query ($id: ID!, $of: [ID!]) { organization(id: $id) { auditEvents(filter: { subjectIds: $of }) { nodes { action before after } } } }',
      { id: own.id, of: [id] },
    )
  ).organization.auditEvents.nodes

/** Policies as an answer has them, for those given. */
const shown = (policies: ReturnType<typeof policy>[]) =>
  policies.map(({ access, permissionGroupIds, resourceGroupIds }) => ({
    access,
    permissionGroups: permissionGroupIds.map((id) => ({ id })),
    resourceGroups: resourceGroupIds.map((id) => ({ id })),
  }))

test('a group is made with its policies, in the order given, and each leads back to it', async () => {
  const [first, second] = [await own.resourceGroup(), await own.resourceGroup()]
  const policies = [
    policy('DENY', permissionGroups.superAdmin, second),
    {
      ...policy('ALLOW', permissionGroups.viewer, second, first),
      permissionGroupIds: [permissionGroups.viewer, permissionGroups.awsRoleUser],
    },
    policy('ALLOW', permissionGroups.viewer, first),
  ]
  const name = nameOf('group')
  const { userGroup } = await own.must('createUserGroup', { organizationId: own.id, name, policies })
  expect(userGroup).toMatchObject({ id: expect.stringMatching(/^ug_/), name, version: 1, policies: shown(policies) })
  const { nodes } = await own.ask(
    'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Policy { userGroup { id name organization { id } } } } }',
    {
      ids: userGroup.policies.map(({ id }: Data) => id),
    },
  )
  expect(nodes).toEqual(policies.map(() => ({ userGroup: { id: userGroup.id, name, organization: { id: own.id } } })))
  expect(await events(userGroup.id)).toEqual([
    {
      action: 'userGroup.create',
      before: null,
      after: { name, policies: policies.map((given, i) => ({ ...given, id: userGroup.policies[i].id })) },
    },
  ])
})

test('both sets of a policy are sets: what is given twice counts once', async () => {
  const id = await own.resourceGroup()
  const { policies } = await own.group([
    { ...policy('ALLOW', permissionGroups.viewer, id, id), permissionGroupIds: [permissionGroups.viewer, permissionGroups.viewer] },
  ])
  expect(policies).toMatchObject(shown([policy('ALLOW', permissionGroups.viewer, id)]))
})

test('policies that are absent stay, present ones replace all, those given by id keep it, and none or null clears them', async () => {
  const [first, second] = [await own.resourceGroup(), await own.resourceGroup()]
  const group = await own.group([policy('ALLOW', permissionGroups.viewer, first), policy('DENY', permissionGroups.superAdmin, first)])
  const [allow, deny] = group.policies.map(({ id }: Data) => id)
  const name = nameOf('renamed')
  expect(await update({ id: group.id, name })).toEqual({ ...group, name, version: 2 })

  const changed = [
    policy('ALLOW', permissionGroups.awsRoleUser, second),
    { ...policy('DENY', permissionGroups.viewer, second, first), id: deny },
  ]
  const replaced = await update({ id: group.id, policies: changed, expectedVersion: 2 })
  expect(replaced).toMatchObject({ version: 3, policies: shown(changed) })
  expect(replaced.policies[1].id).toBe(deny)
  expect([allow, deny]).not.toContain(replaced.policies[0].id)
  expect((await own.ask(`{ node(id: "${allow}") { id } }`)).node).toBeNull()

  // Two that change places keep their ids.
  const swapped = await update({ id: group.id, policies: [changed[1], { ...changed[0], id: replaced.policies[0].id }] })
  expect(swapped.policies).toEqual([replaced.policies[1], replaced.policies[0]])
  expect(await update({ id: group.id, policies: [] })).toEqual({ ...group, name, version: 5, policies: [] })
  await update({ id: group.id, policies: changed.slice(0, 1) })
  expect(await update({ id: group.id, policies: null })).toEqual({ ...group, name, version: 7, policies: [] })
  expect((await events(group.id)).map(({ action }) => action)).toEqual([...Array(6).fill('userGroup.update'), 'userGroup.create'])
  expect((await events(group.id))[0]).toEqual({
    action: 'userGroup.update',
    before: { policies: [{ ...changed[0], id: expect.stringMatching(/^pol_/) }] },
    after: { policies: [] },
  })
})

test('an update that says what is there already changes nothing at all', async () => {
  const [first, second] = [await own.resourceGroup(), await own.resourceGroup()]
  const policies = [policy('ALLOW', permissionGroups.viewer, second, first), policy('DENY', permissionGroups.superAdmin, first)]
  const group = await own.group(policies)
  const before = await rowsOf(app, own.id)
  const same = policies.map((given, i) => ({ ...given, id: group.policies[i].id }))
  expect(await update({ id: group.id, name: group.name, policies: same, expectedVersion: 1 })).toEqual(group)
  expect(await update({ id: group.id })).toEqual(group)
  expect(await rowsOf(app, own.id)).toEqual(before)
})

test('memberships are changed as a set: set, add and remove, with what is there already left as it is', async () => {
  const group = await own.group()
  const [a, b, c, d] = (await own.members(4)) as [string, string, string, string]
  const change = async (mutation: string, memberIds: string[], expectedVersion?: number) => {
    const { userGroup } = await own.must(mutation, { userGroupId: group.id, memberIds, expectedVersion })
    return [userGroup.version, userGroup.members.nodes.map(({ id }: Data) => id)]
  }
  expect(await change('setUserGroupMembers', [b, a, b], 1)).toEqual([2, [a, b]])
  expect(await change('addUserGroupMembers', [b, c], 2)).toEqual([3, [a, b, c]])
  expect(await change('addUserGroupMembers', [b, c], 3)).toEqual([3, [a, b, c]])
  expect(await change('removeUserGroupMembers', [b, d], 3)).toEqual([4, [a, c]])
  expect(await change('removeUserGroupMembers', [b, d])).toEqual([4, [a, c]])
  expect(await change('addUserGroupMembers', [])).toEqual([4, [a, c]])
  expect(await change('setUserGroupMembers', [c, a])).toEqual([4, [a, c]])
  expect(await change('setUserGroupMembers', [d, c])).toEqual([5, [c, d]])
  expect(await change('setUserGroupMembers', [])).toEqual([6, []])
  expect((await events(group.id)).slice(0, -1)).toEqual([
    { action: 'userGroup.setMembers', before: { removed: [c, d].sort() }, after: { added: [] } },
    { action: 'userGroup.setMembers', before: { removed: [a] }, after: { added: [d] } },
    { action: 'userGroup.removeMembers', before: { removed: [b] }, after: { added: [] } },
    { action: 'userGroup.addMembers', before: { removed: [] }, after: { added: [c] } },
    { action: 'userGroup.setMembers', before: { removed: [] }, after: { added: [a, b].sort() } },
  ])
})

test('a member keeps the time they came in as long as they stay', async () => {
  const group = await own.group()
  const [a, b] = await own.members(2)
  await own.must('setUserGroupMembers', { userGroupId: group.id, memberIds: [a] })
  const edges = async () =>
    (await own.ask(`{ userGroup(id: "${group.id}") { updatedAt members { edges { addedAt cursor node { id } } } } }`)).userGroup
  const first = await edges()
  await own.must('setUserGroupMembers', { userGroupId: group.id, memberIds: [a, b] })
  const second = await edges()
  expect(second.members.edges[0]).toEqual(first.members.edges[0])
  expect(second.members.edges[1].addedAt >= first.members.edges[0].addedAt).toBe(true)
  expect(second.updatedAt >= first.updatedAt).toBe(true)
})

test('the members of a group are listed by address, in pages and under every filter; the groups of a member as they were made', async () => {
  const tenant = await groupTenant(app)
  const groups = [await tenant.group(), await tenant.group(), await tenant.group()]
  const { members } = await tenant.must('inviteMembers', {
    organizationId: tenant.id,
    emails: ['c@x.example', 'a@x.example', 'b@y.example'],
  })
  const [c, a, b] = members.map(({ id }: Data) => id)
  await tenant.must('acceptMember', { id: b })
  for (const { id } of [...groups].reverse()) await tenant.must('setUserGroupMembers', { userGroupId: id, memberIds: [b, c, a] })
  const page = async (args: string) =>
    (
      await tenant.ask(
        `{ userGroup(id: "${groups[0].id}") { members${args} { totalCount edges { cursor node { email } } nodes { email } pageInfo { hasNextPage endCursor } } } }`,
      )
    ).userGroup.members
  const emails = ({ nodes }: Data) => nodes.map(({ email }: Data) => email)
  expect(emails(await page(''))).toEqual(['a@x.example', 'b@y.example', 'c@x.example'])
  const first = await page('(first: 2)')
  expect(first.edges.map(({ node }: Data) => node)).toEqual(first.nodes)
  expect(first.pageInfo).toEqual({ hasNextPage: true, endCursor: first.edges[1].cursor })
  expect(emails(await page(`(first: 2, after: "${first.pageInfo.endCursor}")`))).toEqual(['c@x.example'])
  expect(emails(await page(`(last: 1, before: "${first.edges[1].cursor}")`))).toEqual(['a@x.example'])
  for (const [filter, expected] of [
    ['{ email: "B@y.example" }', ['b@y.example']],
    ['{ emailContains: "X.EX" }', ['a@x.example', 'c@x.example']],
    ['{ statuses: [ACCEPTED] }', ['b@y.example']],
    ['{ statuses: [PENDING], emailContains: "c@" }', ['c@x.example']],
    ['{ statuses: [ACCEPTED], emailContains: "c@" }', []],
  ] as const) {
    const found = await page(`(filter: ${filter})`)
    expect(emails(found)).toEqual(expected)
    expect(found.totalCount).toBe(expected.length)
  }
  const { member } = await tenant.ask(`{ member(id: "${a}") { userGroups(first: 2) { totalCount nodes { id } pageInfo { endCursor } } } }`)
  expect(member.userGroups).toMatchObject({ totalCount: 3, nodes: [{ id: groups[0].id }, { id: groups[1].id }] })
  const { member: more } = await tenant.ask(
    `{ member(id: "${a}") { userGroups(after: "${member.userGroups.pageInfo.endCursor}") { nodes { id } } } }`,
  )
  expect(more.userGroups.nodes).toEqual([{ id: groups[2].id }])
})

test('groups are listed by name or by age, either way, in pages, under every filter, and one is found by its exact name', async () => {
  const tenant = await groupTenant(app)
  const ids: Record<string, string> = {}
  for (const name of ['beta', 'Alpha', 'alphabet', 'Ωmega_1']) {
    ids[name] = (await tenant.must('createUserGroup', { organizationId: tenant.id, name })).userGroup.id
  }
  const list = async (args: string, variables: object = {}) =>
    (
      await tenant.ask(
        `query ($id: ID!, $filter: UserGroupFilter) { organization(id: $id) { userGroups(filter: $filter${args}) { totalCount nodes { name } pageInfo { endCursor } } } }`,
        { id: tenant.id, ...variables },
      )
    ).organization.userGroups
  const names = async (args: string, variables?: object) => (await list(args, variables)).nodes.map(({ name }: Data) => name)
  const byName = ['Alpha', 'alphabet', 'beta', 'Ωmega_1']
  const byAge = ['beta', 'Alpha', 'alphabet', 'Ωmega_1']
  expect(await names('')).toEqual(byName)
  expect(await names(', orderBy: { field: NAME, direction: DESC }')).toEqual([...byName].reverse())
  expect(await names(', orderBy: { field: CREATED_AT }')).toEqual(byAge)
  expect(await names(', orderBy: { field: CREATED_AT, direction: DESC }')).toEqual([...byAge].reverse())
  for (const [order, all] of [
    ['{ field: CREATED_AT, direction: DESC }', [...byAge].reverse()],
    ['{ field: NAME }', byName],
  ] as const) {
    const first = await list(`, orderBy: ${order}, first: 2`)
    expect(await names(`, orderBy: ${order}, first: 2, after: "${first.pageInfo.endCursor}"`)).toEqual(all.slice(2))
  }
  expect(await names('', { filter: { name: 'ALPHA' } })).toEqual(['Alpha'])
  expect(await names('', { filter: { name: 'ωMEGA_1' } })).toEqual(['Ωmega_1'])
  expect(await names('', { filter: { name: 'alp' } })).toEqual([])
  expect(await names('', { filter: { nameContains: 'ALP' } })).toEqual(['Alpha', 'alphabet'])
  expect(await names('', { filter: { nameContains: 'a_1' } })).toEqual(['Ωmega_1'])
  expect(await names('', { filter: { ids: [ids.beta, ids.alphabet] } })).toEqual(['alphabet', 'beta'])
  expect(await names('', { filter: { ids: [ids.beta], name: 'alpha' } })).toEqual([])
  expect((await list('', { filter: { nameContains: 'alp' } })).totalCount).toBe(2)
  const { organization } = await tenant.ask(
    `{ organization(id: "${tenant.id}") { a: userGroup(name: "Alpha") { id } b: userGroup(name: "ALPHA") { id } } }`,
  )
  expect(organization).toEqual({ a: { id: ids.Alpha }, b: null })
})

test('a deleted group takes its policies and memberships along and leaves members and resource groups', async () => {
  const resourceGroup = await own.resourceGroup()
  const group = await own.group([
    policy('ALLOW', permissionGroups.viewer, resourceGroup),
    policy('DENY', permissionGroups.viewer, resourceGroup),
  ])
  const memberIds = await own.members(2)
  await own.must('setUserGroupMembers', { userGroupId: group.id, memberIds })
  const before = await rowsOf(app, own.id, { except: ['AuditEvent'] })
  const policyIds = group.policies.map(({ id }: Data) => id)
  const deleted = await own.must('deleteUserGroup', { id: group.id, expectedVersion: 2 })
  expect(deleted).toEqual({ deletedIds: [group.id, ...policyIds], alreadyAbsent: false, organization: { id: own.id }, errors: [] })
  const { UserGroup, UserGroupMember, Policy, PolicyResourceGroup, ...rest } = await rowsOf(app, own.id, { except: ['AuditEvent'] })
  const { UserGroup: groups, UserGroupMember: links, Policy: policies, PolicyResourceGroup: uses, ...restBefore } = before
  expect(rest).toEqual(restBefore)
  const counts = (...lists: (string[] | undefined)[]) => lists.map((list) => list?.length ?? 0)
  const [g = 0, l = 0, p = 0, u = 0] = counts(groups, links, policies, uses)
  expect(counts(UserGroup, UserGroupMember, Policy, PolicyResourceGroup)).toEqual([g - 1, l - 2, p - 2, u - 2])
  expect((await events(group.id))[0]).toMatchObject({
    action: 'userGroup.delete',
    before: { name: group.name, policies: [{ id: policyIds[0] }, { id: policyIds[1] }] },
  })
  expect(await own.must('deleteUserGroup', { id: group.id })).toEqual({
    deletedIds: [],
    alreadyAbsent: true,
    organization: null,
    errors: [],
  })
})

test('deleting the organization takes all of it along, names what went, and leaves the rows of others as they are', async () => {
  const other = await groupTenant(app)
  const doomed = await groupTenant(app)
  const made: string[] = []
  for (const tenant of [other, doomed]) {
    const resourceGroup = await tenant.resourceGroup()
    const group = await tenant.group([policy('DENY', permissionGroups.superAdmin, resourceGroup)])
    const named = await tenant.resourceGroup(`userGroup.${group.id}`)
    const memberIds = await tenant.members(3)
    await tenant.must('setUserGroupMembers', { userGroupId: group.id, memberIds })
    if (tenant === doomed) made.push(resourceGroup, group.id, group.policies[0].id, named, ...memberIds)
  }
  const before = await rowsOf(app, other.id)
  const { deleteOrganization } = await doomed.ask(
    `mutation { deleteOrganization(input: { id: "${doomed.id}", confirmSlug: "${doomed.slug}" }) { deletedIds errors { message } } }`,
  )
  expect(deleteOrganization.errors).toEqual([])
  expect(deleteOrganization.deletedIds).toEqual(expect.arrayContaining([doomed.id, ...made]))
  expect(Object.values(await rowsOf(app, doomed.id, { except: ['PlatformAuditEvent', 'AwsIdentityTombstone', 'Change'] })).flat()).toEqual(
    [],
  )
  expect(await rowsOf(app, other.id)).toEqual(before)
})
