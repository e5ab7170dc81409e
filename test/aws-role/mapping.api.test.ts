import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { type GroupTenant, groupTenant, inputTypeOf, permissionGroups, policy } from '../support/groups.ts'
import { rowsOf } from '../support/rows.ts'
import { countStatements } from '../support/statements.ts'
import { accountWithRoles, iamRoles, keyOf, type SyncCalls, syncCalls, trustPolicy } from '../support/sync-calls.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ worker: true })
})
afterAll(() => app.close())

interface Scene {
  own: GroupTenant
  calls: SyncCalls
  accountId: string
  /** Ids of r000, r001, … */
  roles: string[]
}

async function scene(count = 3): Promise<Scene> {
  const own = await groupTenant(app)
  const calls = syncCalls(own)
  const accountId = accountWithRoles(app, count)
  await calls.put([{ accountName: 'prod', accessKeyId: keyOf(accountId) }])
  await calls.sync()
  return { own, calls, accountId, roles: (await calls.roles('(first: 200)')).map(({ id }) => id) }
}

const idsOf = (page: Data): string[] => page.nodes.map(({ id }: Data) => id)
const groupsOf = async ({ own }: Scene, count: number): Promise<string[]> => {
  const ids: string[] = []
  for (let i = 0; i < count; i++) ids.push((await own.group()).id)
  return ids
}
const versionOf = async ({ own }: Scene, id: string): Promise<number> =>
  (await own.ask(`{ node(id: "${id}") { ... on AwsRole { version } ... on UserGroup { version } } }`)).node.version

test('a mapping is seen from both ends, set, added to and taken from either, and each change counts a version of both', async () => {
  const at = await scene()
  const { own, roles } = at
  const [a, b, c] = (await groupsOf(at, 3)) as [string, string, string]
  const [role, other] = roles as [string, string]
  const set = await own.must('setAwsRoleUserGroups', { awsRoleId: role, userGroupIds: [b, a, a], expectedVersion: 1 })
  expect(set.awsRole).toEqual({ id: role, version: 2, userGroups: { nodes: [{ id: a }, { id: b }] } })
  expect(await versionOf(at, a)).toBe(2)
  const added = await own.must('addUserGroupAwsRoles', { userGroupId: c, awsRoleIds: [role, other] })
  expect(added.userGroup).toMatchObject({ version: 2, awsRoles: { nodes: [{ id: role }, { id: other }] } })
  expect([await versionOf(at, role), await versionOf(at, other)]).toEqual([3, 2])
  const removed = await own.must('removeAwsRoleUserGroups', { awsRoleId: role, userGroupIds: [a] })
  expect(idsOf(removed.awsRole.userGroups)).toEqual([b, c])
  const exact = await own.must('setUserGroupAwsRoles', { userGroupId: c, awsRoleIds: [other] })
  expect(idsOf(exact.userGroup.awsRoles)).toEqual([other])
  const more = await own.must('addAwsRoleUserGroups', { awsRoleId: other, userGroupIds: [a, c] })
  expect(idsOf(more.awsRole.userGroups)).toEqual([a, c])
  const less = await own.must('removeUserGroupAwsRoles', { userGroupId: c, awsRoleIds: [other, role] })
  expect(less.userGroup.awsRoles.nodes).toEqual([])
  const events = await at.calls.audit('awsRole.setUserGroups')
  expect(events).toMatchObject([{ subjectId: role, before: { removed: [] }, after: { added: [a, b].sort() } }])
  const { awsRole } = await own.ask(`{ awsRole(id: "${role}") { userGroups { edges { grantedAt node { id } } } } }`)
  expect(awsRole.userGroups.edges).toEqual([{ grantedAt: expect.stringMatching(/Z$/), node: { id: b } }])
  expect(
    idsOf(
      (await own.ask(`{ organization(id: "${own.id}") { awsRoles(filter: { granted: true }) { nodes { id } } } }`)).organization.awsRoles,
    ),
  ).toEqual([role, other])
  expect(
    idsOf(
      (await own.ask(`{ organization(id: "${own.id}") { awsRoles(filter: { granted: false }) { nodes { id } } } }`)).organization.awsRoles,
    ),
  ).toEqual([roles[2]])
})

test('what changes nothing changes no version and leaves no event', async () => {
  const at = await scene(1)
  const [group] = (await groupsOf(at, 1)) as [string]
  const [role] = at.roles as [string]
  await at.own.must('setAwsRoleUserGroups', { awsRoleId: role, userGroupIds: [group] })
  const before = await rowsOf(app, at.own.id)
  await at.own.must('setAwsRoleUserGroups', { awsRoleId: role, userGroupIds: [group] })
  await at.own.must('addUserGroupAwsRoles', { userGroupId: group, awsRoleIds: [role] })
  await at.own.must('removeUserGroupAwsRoles', { userGroupId: group, awsRoleIds: [] })
  expect(await rowsOf(app, at.own.id)).toEqual(before)
})

describe('refused, and nothing is changed', () => {
  let at: Scene
  let foreign: Scene
  let [group, foreignGroup] = ['', '']
  beforeAll(async () => {
    ;[at, foreign] = [await scene(1), await scene(1)]
    ;[group, foreignGroup] = [(await groupsOf(at, 1))[0] as string, (await groupsOf(foreign, 1))[0] as string]
    await at.own.must('setAwsRoleUserGroups', { awsRoleId: at.roles[0], userGroupIds: [group] })
  })
  const many = (prefix: string) => Array.from({ length: 5_001 }, (_, i) => `${prefix}_${String(i).padStart(26, '0')}`)
  const onRole: [string, () => object, [string, string, string]][] = [
    [
      'a role of another organization',
      () => ({ awsRoleId: foreign.roles[0], userGroupIds: [] }),
      ['NotFoundError', 'NOT_FOUND', 'input.awsRoleId'],
    ],
    [
      'a group of another organization',
      () => ({ awsRoleId: at.roles[0], userGroupIds: [group, foreignGroup] }),
      ['NotFoundError', 'NOT_FOUND', 'input.userGroupIds.1'],
    ],
    [
      'a stale version',
      () => ({ awsRoleId: at.roles[0], userGroupIds: [], expectedVersion: 1 }),
      ['ConflictError', 'CONFLICT', 'input.expectedVersion'],
    ],
    [
      'too many groups',
      () => ({ awsRoleId: at.roles[0], userGroupIds: many('ug') }),
      ['ValidationError', 'VALUE_OUT_OF_BOUNDS', 'input.userGroupIds'],
    ],
  ]
  const onGroup: typeof onRole = [
    [
      'a group of another organization',
      () => ({ userGroupId: foreignGroup, awsRoleIds: [] }),
      ['NotFoundError', 'NOT_FOUND', 'input.userGroupId'],
    ],
    [
      'a role of another organization',
      () => ({ userGroupId: group, awsRoleIds: [foreign.roles[0]] }),
      ['NotFoundError', 'NOT_FOUND', 'input.awsRoleIds.0'],
    ],
    [
      'a stale version',
      () => ({ userGroupId: group, awsRoleIds: [], expectedVersion: 7 }),
      ['ConflictError', 'CONFLICT', 'input.expectedVersion'],
    ],
    [
      'too many roles',
      () => ({ userGroupId: group, awsRoleIds: many('role') }),
      ['ValidationError', 'VALUE_OUT_OF_BOUNDS', 'input.awsRoleIds'],
    ],
  ]
  const cases = ['set', 'add', 'remove'].flatMap((mode) => [
    ...onRole.map(([what, input, expected]) => ({ mutation: `${mode}AwsRoleUserGroups`, what, input, expected })),
    ...onGroup.map(([what, input, expected]) => ({ mutation: `${mode}UserGroupAwsRoles`, what, input, expected })),
  ])
  test.each(cases)('$mutation: $what', async ({ mutation, input, expected }) => {
    const before = [await rowsOf(app, at.own.id), await rowsOf(app, foreign.own.id)]
    const payload = await at.own.run(mutation, input())
    expect(payload.errors.map(({ __typename, code, path }: Data) => [__typename, code, path.join('.')])).toEqual([expected])
    expect(payload[mutation.endsWith('AwsRoles') ? 'userGroup' : 'awsRole']).toBeNull()
    expect([await rowsOf(app, at.own.id), await rowsOf(app, foreign.own.id)]).toEqual(before)
  })

  test.each(cases.filter(({ what }) => what === 'a stale version'))('$mutation needs both write scopes', async ({ mutation, input }) => {
    const document = `mutation ($input: ${inputTypeOf(mutation)}!) { ${mutation}(input: $input) { errors { code } } }`
    for (const scope of ['AWS_WRITE', 'USER_GROUPS_WRITE'] as const) {
      const { errors } = await app.send(await at.own.keyWith(scope, 'ORGANIZATIONS_READ'), document, { input: input() })
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' })
    }
  })
})

test('members of a role and roles of a member are exactly the pairs that are decided ALLOW, through the groups that are named', async () => {
  const at = await scene(4)
  const { own, roles, accountId } = at
  const { awsRoleUser, viewer } = permissionGroups
  const members = await own.members(6)
  const resources = {
    all: await own.resourceGroup('*'),
    account: await own.resourceGroup(`awsAccount.${accountId}`),
    first: await own.resourceGroup(`awsRole.${roles[0]}`),
    second: await own.resourceGroup(`awsRole.${roles[1]}`),
  }
  const groups: string[] = []
  for (const policies of [
    [],
    [],
    [policy('ALLOW', awsRoleUser, resources.first), policy('ALLOW', awsRoleUser, resources.second)],
    [policy('ALLOW', awsRoleUser, resources.account)],
    [policy('DENY', awsRoleUser, resources.second)],
    [policy('ALLOW', viewer, resources.all)],
    [policy('DENY', awsRoleUser, resources.all)],
  ])
    groups.push((await own.group(policies)).id)
  const [plain, second, byRole, byAccount, denySecond, viewers, denyAll] = groups as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  const join = (userGroupId: string, ...places: number[]) =>
    own.must('setUserGroupMembers', { userGroupId, memberIds: places.map((i) => members[i]) })
  await own.must('setUserGroupAwsRoles', { userGroupId: plain, awsRoleIds: [roles[0], roles[1]] })
  await own.must('setUserGroupAwsRoles', { userGroupId: second, awsRoleIds: [roles[1], roles[3]] })
  await join(plain, 0, 1, 4, 5)
  await join(second, 0, 2)
  await join(byRole, 1, 3)
  await join(byAccount, 2)
  await join(denySecond, 1, 2)
  await join(viewers, 0, 3)
  await join(denyAll, 4)
  await app.booted.services.db.pool.query(`update "Member" set "status" = 'PENDING' where "id" = $1`, [members[5]])
  const questions: { memberId: string; permission: string; resourceKey: string }[] = []
  for (const memberId of members) {
    for (const role of roles) {
      questions.push({ memberId, permission: 'awsRole:assume', resourceKey: `awsRole.${role}` })
    }
  }
  const { accessDecisions } = await own.ask(
    `query ($questions: [AccessQuestion!]!) { accessDecisions(questions: $questions) { decision because { userGroup { id } } } }`,
    { questions },
  )
  const decided = accessDecisions.flatMap(({ decision, because }: Data, index: number) => {
    const via = [...new Set(because.map(({ userGroup }: Data) => userGroup.id))].sort()
    const { memberId, resourceKey } = questions[index] as { memberId: string; resourceKey: string }
    return decision === 'ALLOW' ? [JSON.stringify([memberId, resourceKey.replace('awsRole.', ''), via])] : []
  })
  expect(decided.length).toBeGreaterThan(8)
  expect(decided.length).toBeLessThan(20)
  const { byRoles, byMembers } = await own.ask(
    `query ($roles: [ID!]!, $members: [ID!]!) {
      byRoles: nodes(ids: $roles) { id ... on AwsRole { members { totalCount edges { node { id } via { id } } } } }
      byMembers: nodes(ids: $members) { id ... on Member { awsRoles { totalCount edges { node { id } via { id } } } } } }`,
    { roles, members },
  )
  const ofRoles = byRoles.flatMap(({ id, members: { edges } }: Data) =>
    edges.map(({ node, via }: Data) => JSON.stringify([node.id, id, via.map((group: Data) => group.id).sort()])),
  )
  const ofMembers = byMembers.flatMap(({ id, awsRoles: { edges } }: Data) =>
    edges.map(({ node, via }: Data) => JSON.stringify([id, node.id, via.map((group: Data) => group.id).sort()])),
  )
  expect(ofRoles.sort()).toEqual([...decided].sort())
  expect(ofMembers.sort()).toEqual([...decided].sort())
  for (const { members: page } of byRoles) expect(page.totalCount).toBe(page.edges.length)
})

test('pages of the members of a role, from either end, are the whole list in parts, each of its groups being larger than a page', async () => {
  const at = await scene(1)
  const { own, roles } = at
  const [role] = roles as [string]
  const members = await own.members(30)
  const { awsRoleUser } = permissionGroups
  const resources = await own.resourceGroup(`awsRole.${role}`)
  const mapped = await own.group([])
  const allowed = await own.group([policy('ALLOW', awsRoleUser, resources)])
  const denied = await own.group([policy('DENY', awsRoleUser, resources)])
  await own.must('setUserGroupAwsRoles', { userGroupId: mapped.id, awsRoleIds: [role] })
  const join = (userGroupId: string, isIn: (i: number) => boolean) =>
    own.must('setUserGroupMembers', { userGroupId, memberIds: members.filter((_, i) => isIn(i)) })
  await join(mapped.id, (i) => i % 2 === 0)
  await join(allowed.id, (i) => i % 3 === 0)
  // The first of their addresses above all: a page that counted them would end before it is full.
  await join(denied.id, (i) => i < 6 || i % 10 === 0)
  await app.booted.services.db.pool.query(`update "Member" set "status" = 'PENDING' where "id" = any($1)`, [members.slice(6, 10)])
  const decided = await own.ask(
    'query ($questions: [AccessQuestion!]!) { accessDecisions(questions: $questions) { decision because { userGroup { id } } } }',
    { questions: members.map((memberId) => ({ memberId, permission: 'awsRole:assume', resourceKey: `awsRole.${role}` })) },
  )
  const via = new Map<string, string[]>(
    decided.accessDecisions.flatMap(({ decision, because }: Data, i: number) =>
      decision === 'ALLOW' ? [[members[i], because.map(({ userGroup }: Data) => userGroup.id).sort()]] : [],
    ),
  )
  const ask = async (args: string): Promise<Data> =>
    (
      await own.ask(`{ awsRole(id: "${role}") { members(${args}) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { id email } via { id } } } } }`)
    ).awsRole.members
  const whole = await ask('first: 100')
  expect(whole.edges.map(({ node }: Data) => node.email)).toEqual(whole.edges.map(({ node }: Data) => node.email).sort())
  expect(new Map(whole.edges.map((edge: Data) => [edge.node.id, edge.via.map((group: Data) => group.id).sort()]))).toEqual(via)
  expect(whole.edges.length).toBeGreaterThan(9)
  const walk = async (size: string, more: 'hasNextPage' | 'hasPreviousPage', cut: (info: Data) => string) => {
    const pages: Data[][] = []
    for (let end = ''; ; ) {
      const { edges, pageInfo, totalCount } = await ask(`${size}${end}`)
      expect(totalCount).toBe(via.size)
      pages.push(edges)
      if (!pageInfo[more]) return pages
      end = cut(pageInfo)
    }
  }
  const forward = await walk('first: 4', 'hasNextPage', ({ endCursor }) => `, after: "${endCursor}"`)
  expect(forward.flat()).toEqual(whole.edges)
  expect(forward.slice(0, -1).every(({ length }) => length === 4)).toBe(true)
  const backward = await walk('last: 4', 'hasPreviousPage', ({ startCursor }) => `, before: "${startCursor}"`)
  expect(backward.reverse().flat()).toEqual(whole.edges)
  const { awsRole } = await own.ask(
    `{ awsRole(id: "${role}") { start: members(first: 4) { nodes { id } } end: members(last: 4) { nodes { id } } } }`,
  )
  const ids = whole.edges.map(({ node }: Data) => ({ id: node.id }))
  expect(awsRole).toEqual({ start: { nodes: ids.slice(0, 4) }, end: { nodes: ids.slice(-4) } })
})

test('groups, members and the groups they come through cost the same statements for one role and for many', async () => {
  const at = await scene(5)
  const [memberId] = await at.own.members(1)
  for (const userGroupId of await groupsOf(at, 3)) {
    await at.own.must('setUserGroupAwsRoles', { userGroupId, awsRoleIds: at.roles })
    await at.own.must('setUserGroupMembers', { userGroupId, memberIds: [memberId] })
  }
  const document = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on AwsRole { userGroups { totalCount edges { grantedAt node { name } } }
    members { totalCount edges { node { email awsRoles { edges { node { name } via { name } } } } via { name } } } } } }`
  const count = (ids: string[]) => countStatements(() => at.own.ask(document, { ids }))
  await count(at.roles.slice(0, 1))
  const [one, four] = [await count(at.roles.slice(0, 1)), await count(at.roles.slice(0, 4))]
  expect(four.result.nodes.map(({ userGroups }: Data) => userGroups.totalCount)).toEqual([3, 3, 3, 3])
  expect(aboutMappings(four)).toBe(aboutMappings(one))
  const set = (awsRoleIds: string[], userGroupId: string) =>
    countStatements(() => at.own.run('setUserGroupAwsRoles', { userGroupId, awsRoleIds }))
  const [few, many] = (await groupsOf(at, 2)) as [string, string]
  expect(aboutMappings(await set(at.roles, many))).toBe(aboutMappings(await set(at.roles.slice(0, 1), few)))
})

/** The worker and its schedules send statements of their own meanwhile. */
const aboutMappings = ({ statements }: { statements: string[] }) =>
  statements.filter((text) => /"(UserGroup|UserGroupAwsRole|UserGroupMember|AwsRole|Member|AuditEvent)"/.test(text)).length

test('two who set the same role at once at the same version: one wins, the other is told', async () => {
  const at = await scene(1)
  const [a, b] = (await groupsOf(at, 2)) as [string, string]
  const [awsRoleId] = at.roles
  const payloads = await Promise.all(
    [a, b].map((id) => at.own.run('setAwsRoleUserGroups', { awsRoleId, userGroupIds: [id], expectedVersion: 1 })),
  )
  expect(payloads.map(({ errors }) => errors.map(({ code }: Data) => code).join()).sort()).toEqual(['', 'CONFLICT'])
  const winner = payloads.find(({ errors }) => errors.length === 0)
  expect(idsOf(winner?.awsRole.userGroups)).toHaveLength(1)
})

test('20 changes of one mapping from both ends at once: all are done, none is lost', async () => {
  const at = await scene(5)
  const groups = await groupsOf(at, 4)
  await Promise.all([
    ...groups.map((userGroupId) => at.own.must('addUserGroupAwsRoles', { userGroupId, awsRoleIds: [...at.roles].reverse() })),
    ...at.roles.map((awsRoleId) => at.own.must('addAwsRoleUserGroups', { awsRoleId, userGroupIds: [...groups].reverse() })),
    ...groups.map((userGroupId) => at.own.must('addUserGroupAwsRoles', { userGroupId, awsRoleIds: at.roles })),
  ])
  const { UserGroupAwsRole } = await rowsOf(app, at.own.id)
  expect(UserGroupAwsRole).toHaveLength(20)
})

test('another role under a known ARN is granted by nobody; the groups that granted the one before stand in the audit', async () => {
  const at = await scene(2)
  const [group] = (await groupsOf(at, 1)) as [string]
  await at.own.must('setUserGroupAwsRoles', { userGroupId: group, awsRoleIds: at.roles })
  const iam = iamRoles(app, at.accountId)
  const old = iam.latest('r000')!
  iam.put('r000', { ...old, id: `${old.id.slice(0, -4)}ZZZZ`, trustPolicy: trustPolicy(at.accountId) }, app.aws.state.now())
  await at.calls.sync()
  const { userGroup } = await at.own.ask(`{ userGroup(id: "${group}") { awsRoles { nodes { name } } } }`)
  expect(userGroup.awsRoles.nodes).toEqual([{ name: 'r001' }])
  expect(await at.calls.audit('awsRole.replace')).toMatchObject([
    { subjectId: at.roles[0], before: { userGroupIds: [group] }, after: { userGroupIds: [] } },
  ])
})

test('a role that a resource group names is not deleted, and the resource groups are named; with its mappings it is gone and comes back without', async () => {
  const at = await scene(1)
  const { own } = at
  const [role] = at.roles as [string]
  const [group] = (await groupsOf(at, 1)) as [string]
  await own.must('setUserGroupAwsRoles', { userGroupId: group, awsRoleIds: [role] })
  const resourceGroupId = await own.resourceGroup(`awsRole.${role}`)
  const before = await rowsOf(app, own.id)
  const remove = () =>
    own.ask(
      `mutation { deleteAwsRole(input: { id: "${role}", force: true }) { deletedIds errors { __typename path ... on PreconditionError { blockers { id } } } } }`,
    )
  expect((await remove()).deleteAwsRole).toEqual({
    deletedIds: [],
    errors: [{ __typename: 'PreconditionError', path: ['input', 'id'], blockers: [{ id: resourceGroupId }] }],
  })
  expect(await rowsOf(app, own.id)).toEqual(before)
  await own.must('deleteResourceGroup', { id: resourceGroupId })
  expect((await remove()).deleteAwsRole).toEqual({ deletedIds: [role], errors: [] })
  await at.calls.sync()
  const { userGroup } = await own.ask(`{ userGroup(id: "${group}") { awsRoles { totalCount } } }`)
  expect(userGroup.awsRoles.totalCount).toBe(0)
  expect(await at.calls.roles()).toHaveLength(1)
})

test('a key that names a role of another organization, or one that is gone, names nothing', async () => {
  const [at, foreign] = [await scene(1), await scene(1)]
  const payload = await at.own.run('createResourceGroup', {
    organizationId: at.own.id,
    name: 'foreign',
    scope: [{ key: `organization.${at.own.id}`, objects: [{ key: `awsRole.${at.roles[0]}` }, { key: `awsRole.${foreign.roles[0]}` }] }],
  })
  expect(payload.errors).toMatchObject([{ __typename: 'NotFoundError', path: ['input', 'scope', '0', 'objects', '1', 'key'] }])
})
