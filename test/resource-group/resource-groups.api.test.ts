import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { type GroupTenant, groupTenant, nameOf, permissionGroups, policy } from '../support/groups.ts'
import { rowsOf } from '../support/rows.ts'

let app: TestApp
let own: GroupTenant
let scopeKey: string
let component: { id: string; integrationId: string }
const accountId = '111122223333'
beforeAll(async () => {
  app = await startTestApp()
  own = await groupTenant(app)
  scopeKey = `organization.${own.id}`
  await own.ask(`mutation { installAwsIntegration(input: { organizationId: "${own.id}" }) { errors { message } } }`)
  const { stageComponent } = await own.ask(
    `mutation { stageComponent(input: { organizationId: "${own.id}", kind: INVENTORY, itemId: "${accountId}" }) { component { id integration { id } } } }`,
  )
  component = { id: stageComponent.component.id, integrationId: stageComponent.component.integration.id }
})
afterAll(() => app.close())

const scopeOf = (...keys: string[]) => [{ key: scopeKey, objects: keys.map((key) => ({ key })) }]
const create = (input: object) => own.must('createResourceGroup', { organizationId: own.id, name: nameOf('resources'), ...input })

test('a resource group keeps its name, attributes and objects as given, and each object leads to what it names', async () => {
  const group = await own.group()
  const keys = [
    `component.${component.id}`,
    '*',
    `userGroup.${group.id}`,
    `integration.${component.integrationId}`,
    `awsAccount.${accountId}`,
  ]
  const meta = [
    { key: 'team', value: 'platform' },
    { key: 'note', value: '' },
  ]
  const { resourceGroup } = await create({ name: 'All kinds', scope: scopeOf(...keys), meta })
  expect(resourceGroup).toEqual({
    id: expect.stringMatching(/^rg_/),
    name: 'All kinds',
    version: 1,
    meta,
    scope: [{ key: scopeKey, objects: keys.map((key) => ({ key })) }],
  })
  const { node } = await own.ask(
    `query ($id: ID!) { node(id: $id) { ... on ResourceGroup { organization { id } createdAt updatedAt policies { totalCount }
      scope { objects { key node { __typename id ... on AwsAccount { accountId } } } } } } }`,
    { id: resourceGroup.id },
  )
  expect(node).toMatchObject({ organization: { id: own.id }, policies: { totalCount: 0 } })
  expect(node.scope[0].objects.map((object: Data) => object.node)).toEqual([
    { __typename: 'InventoryComponent', id: component.id },
    null,
    { __typename: 'UserGroup', id: group.id },
    { __typename: 'Integration', id: component.integrationId },
    { __typename: 'AwsAccount', id: expect.stringMatching(/^acct_/), accountId },
  ])
})

test('the thing behind a key needs the scope of its noun; the key itself does not', async () => {
  const id = await own.resourceGroup(`awsAccount.${accountId}`, `component.${component.id}`)
  const key = await own.keyWith('USER_GROUPS_READ', 'COMPONENTS_READ')
  const { data, errors } = await app.send(key, `{ resourceGroup(id: "${id}") { scope { objects { key node { id } } } } }`)
  expect(data.resourceGroup.scope[0].objects).toEqual([
    { key: `awsAccount.${accountId}`, node: null },
    { key: `component.${component.id}`, node: { id: component.id } },
  ])
  expect(errors).toMatchObject([
    { path: ['resourceGroup', 'scope', 0, 'objects', 0, 'node'], extensions: { code: 'FORBIDDEN', missingScopes: ['AWS_READ'] } },
  ])
})

test('what is gone leaves its key without a node; to give it again is a NotFoundError', async () => {
  const group = await own.group()
  const id = await own.resourceGroup(`userGroup.${group.id}`, '*')
  await own.must('deleteUserGroup', { id: group.id })
  const read = async () =>
    (await own.ask(`{ resourceGroup(id: "${id}") { scope { objects { key node { id } } } } }`)).resourceGroup.scope[0].objects
  expect(await read()).toEqual([
    { key: `userGroup.${group.id}`, node: null },
    { key: '*', node: null },
  ])
  await own.must('updateResourceGroup', { id, name: nameOf('renamed') })
  expect(await read()).toHaveLength(2)
  const { errors } = await own.run('updateResourceGroup', { id, scope: scopeOf(`userGroup.${group.id}`) })
  expect(errors).toMatchObject([{ __typename: 'NotFoundError', path: ['input', 'scope', '0', 'objects', '0', 'key'] }])
})

test('an update changes what is given: absent stays, present replaces, and attributes can be cleared with null or none', async () => {
  const meta = [{ key: 'a', value: 'b' }]
  const { resourceGroup: made } = await create({ scope: scopeOf('*'), meta })
  const update = async (changes: object) => (await own.must('updateResourceGroup', { id: made.id, ...changes })).resourceGroup
  const name = nameOf('renamed')
  expect(await update({ name })).toEqual({ ...made, name, version: 2 })
  const scope = scopeOf(`awsAccount.${accountId}`, '*')
  expect(await update({ scope, expectedVersion: 2 })).toEqual({ ...made, name, scope, version: 3 })
  expect(await update({ meta: null })).toEqual({ ...made, name, scope, meta: [], version: 4 })
  expect(await update({ meta, scope: scopeOf('*') })).toEqual({ ...made, name, version: 5 })
  expect(await update({ meta: [] })).toEqual({ ...made, name, meta: [], version: 6 })
  const { organization } = await own.ask(
    `query ($id: ID!, $of: [ID!]) { organization(id: $id) { auditEvents(filter: { subjectIds: $of }) { nodes { action before after } } } }`,
    { id: own.id, of: [made.id] },
  )
  expect(organization.auditEvents.nodes).toHaveLength(6)
  expect(organization.auditEvents.nodes[0]).toEqual({
    action: 'resourceGroup.update',
    before: { name, meta, objects: ['*'] },
    after: { name, meta: [], objects: ['*'] },
  })
})

test('an update that says what is there already changes nothing at all', async () => {
  const { resourceGroup } = await create({ scope: scopeOf('*', `awsAccount.${accountId}`), meta: [{ key: 'a', value: 'b' }] })
  const before = await rowsOf(app, own.id)
  const { id, name, meta } = resourceGroup
  const same = await own.must('updateResourceGroup', { id, name, meta, scope: scopeOf('*', `awsAccount.${accountId}`) })
  expect(same.resourceGroup).toEqual(resourceGroup)
  expect((await own.must('updateResourceGroup', { id })).resourceGroup).toEqual(resourceGroup)
  expect(await rowsOf(app, own.id)).toEqual(before)
})

test('a resource group that policies use is not deleted and names them; without them it is', async () => {
  const id = await own.resourceGroup()
  const first = await own.group([policy('DENY', permissionGroups.superAdmin, id)])
  const second = await own.group([policy('ALLOW', permissionGroups.viewer, id), policy('DENY', permissionGroups.viewer, id)])
  const blockers = [...first.policies, ...second.policies].map((used: Data) => ({ __typename: 'Policy', id: used.id }))
  const refused = await own.run('deleteResourceGroup', { id })
  expect(refused).toMatchObject({
    deletedIds: [],
    alreadyAbsent: false,
    errors: [{ __typename: 'PreconditionError', path: ['input', 'id'] }],
  })
  expect(refused.errors[0].blockers).toHaveLength(3)
  expect(refused.errors[0].blockers).toEqual(expect.arrayContaining(blockers))
  const { resourceGroup } = await own.ask(
    `{ resourceGroup(id: "${id}") { policies(first: 2) { totalCount pageInfo { endCursor } nodes { id userGroup { id } } } } }`,
  )
  expect(resourceGroup.policies).toMatchObject({
    totalCount: 3,
    nodes: [{ userGroup: { id: first.id } }, { userGroup: { id: second.id } }],
  })
  const { resourceGroup: rest } = await own.ask(
    `{ resourceGroup(id: "${id}") { policies(first: 2, after: "${resourceGroup.policies.pageInfo.endCursor}") { nodes { id } } } }`,
  )
  expect([...resourceGroup.policies.nodes, ...rest.policies.nodes].map((used: Data) => used.id)).toEqual(
    blockers.map((used) => used.id).sort(),
  )
  await own.must('updateUserGroup', { id: first.id, policies: [] })
  await own.must('deleteUserGroup', { id: second.id })
  expect(await own.must('deleteResourceGroup', { id })).toEqual({
    deletedIds: [id],
    alreadyAbsent: false,
    organization: { id: own.id },
    errors: [],
  })
  expect(await own.must('deleteResourceGroup', { id })).toEqual({ deletedIds: [], alreadyAbsent: true, organization: null, errors: [] })
})

test('the database itself keeps a resource group that a policy uses', async () => {
  const id = await own.resourceGroup()
  await own.group([policy('DENY', permissionGroups.superAdmin, id)])
  const deletion = app.booted.services.db.pool.query('delete from "ResourceGroup" where "id" = $1', [id])
  await expect(deletion).rejects.toMatchObject({ code: '23503' })
})

test('resource groups are listed by name, and every filter holds by itself and with the others', async () => {
  const tenant = await groupTenant(app)
  const ids: Record<string, string> = {}
  for (const name of ['beta 100%', 'Alpha', 'ÄRGER', 'alphabet']) {
    const scope = [{ key: `organization.${tenant.id}`, objects: [{ key: '*' }] }]
    ids[name] = (await tenant.must('createResourceGroup', { organizationId: tenant.id, name, scope })).resourceGroup.id
  }
  const list = async (filter: object | null) =>
    (
      await tenant.ask(
        'query ($id: ID!, $filter: ResourceGroupFilter) { organization(id: $id) { resourceGroups(filter: $filter) { nodes { name } } } }',
        {
          id: tenant.id,
          filter,
        },
      )
    ).organization.resourceGroups.nodes.map(({ name }: Data) => name)
  expect(await list(null)).toEqual(['Alpha', 'alphabet', 'beta 100%', 'ÄRGER'])
  expect(await list({ name: 'ALPHA' })).toEqual(['Alpha'])
  expect(await list({ name: 'ärger' })).toEqual(['ÄRGER'])
  expect(await list({ nameContains: 'LPHA' })).toEqual(['Alpha', 'alphabet'])
  expect(await list({ nameContains: '0%' })).toEqual(['beta 100%'])
  expect(await list({ ids: [ids.Alpha, ids.ÄRGER, 'nonsense'] })).toEqual(['Alpha', 'ÄRGER'])
  expect(await list({ ids: [ids.Alpha], nameContains: 'bet' })).toEqual([])
})

test('permission groups are the same in every organization, in pages, by id and under every filter', async () => {
  const other = await groupTenant(app)
  const list = async (tenant: GroupTenant, args = '') =>
    (
      await tenant.ask(
        `{ organization(id: "${tenant.id}") { permissionGroups${args} { totalCount nodes { id name meta { key value } permissions } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
      )
    ).organization.permissionGroups
  const names = ({ nodes }: Data) => nodes.map(({ name }: Data) => name)
  const all = await list(own)
  expect((await list(other)).nodes).toEqual(all.nodes)
  for (const name of ['viewer', 'integration-admin', 'aws-role-user', 'security-auditor', 'group-admin', 'sso-admin', 'super-admin']) {
    expect(names(all)).toContain(name)
  }
  expect(names(all)).toEqual([...names(all)].sort())
  const first = await list(own, '(first: 5)')
  const second = await list(own, `(first: 5, after: "${first.pageInfo.endCursor}")`)
  const third = await list(own, `(first: 5, after: "${second.pageInfo.endCursor}")`)
  expect([first, second, third].flatMap(names)).toEqual(names(all))
  expect([first, second, third].map(({ pageInfo, totalCount }) => [pageInfo.hasNextPage, pageInfo.hasPreviousPage, totalCount])).toEqual([
    [true, false, all.totalCount],
    [true, true, all.totalCount],
    [false, true, all.totalCount],
  ])
  expect(names(await list(own, `(last: 5, before: "${third.pageInfo.startCursor}")`))).toEqual(names(second))
  expect(names(await list(own, '(last: 2)'))).toEqual(names(all).slice(-2))
  expect(names(await list(own, '(first: 0)'))).toEqual([])
  expect(names(await list(own, '(filter: { nameContains: "ADMIN" })'))).toEqual(names(all).filter((name: string) => name.includes('admin')))
  expect(names(await list(own, '(filter: { name: "VIEWER" })'))).toEqual(['viewer'])
  expect(names(await list(own, `(filter: { ids: ["${permissionGroups.superAdmin}", "x"] })`))).toEqual(['super-admin'])
  const { errors } = await app.send(
    other.key,
    `{ organization(id: "${other.id}") { permissionGroups(after: "${first.pageInfo.endCursor}") { totalCount } } }`,
  )
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'after' })
  const { node, permissionGroup } = await other.ask(
    `{ node(id: "${permissionGroups.superAdmin}") { __typename ... on PermissionGroup { name } } permissionGroup(id: "${permissionGroups.superAdmin}") { permissions } }`,
  )
  expect(node).toEqual({ __typename: 'PermissionGroup', name: 'super-admin' })
  expect(permissionGroup).toEqual({ permissions: ['*:*'] })
})
