import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Viewer } from '../../src/auth/viewer.ts'
import { createContext } from '../../src/context.ts'
import { ownMemberByOrganizationLoader } from '../../src/member/member.loader.ts'
import { acceptMember } from '../../src/member/member.service.ts'
import { Refusal } from '../../src/platform/errors.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { type GroupTenant, groupTenant } from '../support/groups.ts'
import { rowsOf } from '../support/rows.ts'

let app: TestApp
let own: GroupTenant
beforeAll(async () => {
  app = await startTestApp()
  own = await groupTenant(app)
})
afterAll(() => app.close())

const invite = (...emails: string[]): Promise<Data> => own.run('inviteMembers', { organizationId: own.id, emails })
const events = async (subjectId: string) =>
  (
    await own.ask(
      'query ($id: ID!, $of: [ID!]) { organization(id: $id) { auditEvents(filter: { subjectIds: $of }) { nodes { action before after } } } }',
      { id: own.id, of: [subjectId] },
    )
  ).organization.auditEvents.nodes

test('an invitation makes a PENDING member of each new address, in the order of the addresses, and leaves who is there as they are', async () => {
  const { members: first } = await invite('Ada.Lovelace@Example.com', 'bob+tag@example.org')
  expect(first).toEqual([
    { id: expect.stringMatching(/^mem_/), email: 'ada.lovelace@example.com', status: 'PENDING', version: 1 },
    { id: expect.stringMatching(/^mem_/), email: 'bob+tag@example.org', status: 'PENDING', version: 1 },
  ])
  await own.must('acceptMember', { id: first[1].id })
  const { members, errors } = await invite('new@example.com', 'BOB+TAG@example.org', 'new@example.com')
  expect(errors).toEqual([])
  expect(members).toEqual([
    { id: expect.stringMatching(/^mem_/), email: 'new@example.com', status: 'PENDING', version: 1 },
    { ...first[1], status: 'ACCEPTED', version: 2 },
  ])
  expect(await events(members[0].id)).toEqual([
    { action: 'member.invite', before: null, after: { email: 'new@example.com', status: 'PENDING' } },
  ])
  expect((await events(first[1].id)).map(({ action }: Data) => action)).toEqual(['member.accept', 'member.invite'])
})

test('accepting again changes nothing', async () => {
  const [id] = (await invite('again@example.com')).members.map((member: Data) => member.id)
  const { member } = await own.must('acceptMember', { id })
  expect(member).toMatchObject({ status: 'ACCEPTED', version: 2 })
  const before = await rowsOf(app, own.id)
  expect((await own.must('acceptMember', { id })).member).toEqual(member)
  expect(await rowsOf(app, own.id)).toEqual(before)
})

test('a member that is removed leaves every group, and removing them again says that they are absent', async () => {
  const [leaver, stayer] = await own.members(2)
  const group = await own.group()
  const other = await own.group()
  for (const { id } of [group, other]) await own.must('setUserGroupMembers', { userGroupId: id, memberIds: [leaver, stayer] })
  const removed = await own.must('removeMember', { id: leaver, expectedVersion: 1 })
  expect(removed).toEqual({ deletedIds: [leaver], alreadyAbsent: false, organization: { id: own.id }, errors: [] })
  const { member, nodes } = await own.ask(
    'query ($id: ID!, $groups: [ID!]!) { member(id: $id) { id } nodes(ids: $groups) { ... on UserGroup { members { totalCount nodes { id } } } } }',
    { id: leaver, groups: [group.id, other.id] },
  )
  expect(member).toBeNull()
  for (const { members } of nodes) expect(members).toEqual({ totalCount: 1, nodes: [{ id: stayer }] })
  expect((await events(leaver as string))[0]).toMatchObject({
    action: 'member.remove',
    before: { userGroupIds: [group.id, other.id].sort() },
  })
  expect(await own.must('removeMember', { id: leaver })).toEqual({ deletedIds: [], alreadyAbsent: true, organization: null, errors: [] })
})

test('members are listed by address, and every filter holds by itself and with the others', async () => {
  const tenant = await groupTenant(app)
  const { members } = await tenant.must('inviteMembers', {
    organizationId: tenant.id,
    emails: ['zoe@b.example', 'amy_x@b.example', 'amyyx@a.example', 'max%@a.example'],
  })
  await tenant.must('acceptMember', { id: members[0].id })
  await tenant.must('acceptMember', { id: members[1].id })
  const list = async (filter: object | null) => {
    const { organization } = await tenant.ask(
      'query ($id: ID!, $filter: MemberFilter) { organization(id: $id) { members(filter: $filter) { totalCount nodes { email } } } }',
      { id: tenant.id, filter },
    )
    expect(organization.members.totalCount).toBe(organization.members.nodes.length)
    return organization.members.nodes.map(({ email }: Data) => email)
  }
  expect(await list(null)).toEqual(['amy_x@b.example', 'amyyx@a.example', 'max%@a.example', 'zoe@b.example'])
  expect(await list({ email: 'ZOE@b.example' })).toEqual(['zoe@b.example'])
  expect(await list({ email: 'zoe' })).toEqual([])
  expect(await list({ emailContains: 'B.EXAMPLE' })).toEqual(['amy_x@b.example', 'zoe@b.example'])
  expect(await list({ emailContains: 'amy_x' })).toEqual(['amy_x@b.example'])
  expect(await list({ emailContains: '%@' })).toEqual(['max%@a.example'])
  expect(await list({ statuses: ['PENDING'] })).toEqual(['amyyx@a.example', 'max%@a.example'])
  expect(await list({ statuses: ['ACCEPTED'], emailContains: 'amy' })).toEqual(['amy_x@b.example'])
  expect(await list({ statuses: [] })).toEqual([])
  const { organization } = await tenant.ask(
    'query ($id: ID!) { organization(id: $id) { a: member(email: "Zoe@B.example") { email } b: member(email: "no") { email } } }',
    {
      id: tenant.id,
    },
  )
  expect(organization).toEqual({ a: { email: 'zoe@b.example' }, b: null })
})

test('a page goes on where the last one ended, forward and backward', async () => {
  const tenant = await groupTenant(app)
  const ids = await tenant.members(7)
  const page = async (args: string) =>
    (
      await tenant.ask(
        `query ($id: ID!) { organization(id: $id) { members(${args}) { nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
        { id: tenant.id },
      )
    ).organization.members
  const first = await page('first: 3')
  const second = await page(`first: 3, after: "${first.pageInfo.endCursor}"`)
  const third = await page(`first: 3, after: "${second.pageInfo.endCursor}"`)
  expect([first, second, third].flatMap(({ nodes }) => nodes.map(({ id }: Data) => id))).toEqual(ids)
  expect(third.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
  const back = await page(`last: 3, before: "${third.pageInfo.startCursor}"`)
  expect(back.nodes).toEqual(second.nodes)
})

test('the quota of members is kept exactly, also by calls at once', async () => {
  const small = await startTestApp({ quotas: { members: 30 } })
  try {
    const tenant = await groupTenant(small)
    const batch = (n: number) => Array.from({ length: 10 }, (_, i) => `m${n * 10 + i}@example.com`)
    const answers = await Promise.all(
      [0, 1, 2, 3, 4].map((n) => tenant.run('inviteMembers', { organizationId: tenant.id, emails: batch(n) })),
    )
    const refused = answers.filter(({ errors }) => errors.length > 0)
    expect(refused).toHaveLength(2)
    for (const { members, errors } of refused) {
      expect(members).toBeNull()
      expect(errors).toEqual([
        { __typename: 'QuotaError', code: 'QUOTA_EXCEEDED', message: expect.any(String), path: ['input', 'emails'], limit: 30 },
      ])
    }
    const { organization } = await tenant.ask('query ($id: ID!) { organization(id: $id) { members { totalCount } } }', { id: tenant.id })
    expect(organization.members.totalCount).toBe(30)
    // Who is there already takes no further place.
    const known = answers.find(({ errors }) => errors.length === 0).members[0].email
    expect((await tenant.must('inviteMembers', { organizationId: tenant.id, emails: [known] })).members).toHaveLength(1)
  } finally {
    await small.close()
  }
})

test('two who accept at once, and two who invite the same address at once, make one change', async () => {
  const email = 'race@example.com'
  const invited = await Promise.all(Array.from({ length: 8 }, () => invite(email)))
  const ids = new Set(invited.flatMap(({ members }) => members.map(({ id }: Data) => id)))
  expect(ids.size).toBe(1)
  const [id] = [...ids] as [string]
  const accepted = await Promise.all(Array.from({ length: 8 }, () => own.must('acceptMember', { id })))
  for (const { member } of accepted) expect(member).toMatchObject({ status: 'ACCEPTED', version: 2 })
  expect((await events(id)).map(({ action }: Data) => action)).toEqual(['member.accept', 'member.invite'])
})

test('acceptMember needs USER_GROUPS_WRITE of a key', async () => {
  const [id] = (await invite('scoped@example.com')).members.map((member: Data) => member.id)
  const before = await rowsOf(app, own.id, { except: ['ApiKey', 'AuditEvent'] })
  for (const scope of ['USER_GROUPS_READ', 'ORGANIZATIONS_WRITE'] as const) {
    const { errors } = await app.send(await own.keyWith(scope), `mutation { acceptMember(input: { id: "${id}" }) { member { id } } }`)
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missingScopes: ['USER_GROUPS_WRITE'] })
  }
  expect(await rowsOf(app, own.id, { except: ['ApiKey', 'AuditEvent'] })).toEqual(before)
  const { data } = await app.send(
    await own.keyWith('USER_GROUPS_WRITE'),
    `mutation { acceptMember(input: { id: "${id}" }) { member { status } } }`,
  )
  expect(data.acceptMember.member.status).toBe('ACCEPTED')
})

/** A person whose token proves an address. They belong to no organization before they have accepted. */
const person = (verifiedEmail: string | null): Viewer => ({
  kind: 'USER',
  subject: 'user',
  label: 'A user',
  scopes: ['ADMIN'],
  organizationIds: [],
  apiKeyId: null,
  verifiedEmail,
})

test('a person accepts for their own verified address alone, whatever scopes they hold', async () => {
  const [mine, theirs] = (await invite('me@example.com', 'them@example.com')).members.map((member: Data) => member.id)
  const accept = (viewer: Viewer, id: string) => acceptMember(createContext(app.booted.services, viewer, null), id)
  const before = await rowsOf(app, own.id)
  for (const [viewer, id] of [
    [person('me@example.com'), theirs],
    [person(null), mine],
  ] as const) {
    const refused = await accept(viewer, id).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Refusal)
    expect((refused as Refusal).errors).toMatchObject([{ code: 'NOT_FOUND', path: ['input', 'id'] }])
  }
  expect(await rowsOf(app, own.id)).toEqual(before)
  expect(await accept(person('me@example.com'), mine)).toMatchObject({ id: mine, status: 'ACCEPTED' })
})

test('viewer.member is the person asking, invited or accepted, and nobody for a key', async () => {
  const [id] = (await invite('self@example.com')).members.map((member: Data) => member.id)
  const memberOf = (viewer: Viewer) => ownMemberByOrganizationLoader(createContext(app.booted.services, viewer, null)).load(own.id)
  expect(await memberOf(person('self@example.com'))).toMatchObject({ id, status: 'PENDING' })
  expect(await memberOf(person('other@example.com'))).toBeNull()
  const { viewer } = await own.ask('query ($id: ID!) { viewer { member(organizationId: $id) { id } } }', { id: own.id })
  expect(viewer.member).toBeNull()
})
