import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetAccountAuthorizationDetailsCommand,
  type IAMClient,
  ListRolesCommand,
  paginateGetAccountAuthorizationDetails,
  paginateListRoles,
} from '@aws-sdk/client-iam'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import { putRole } from '../../emulator/iam/role.ts'
import { administratorOf, clientsOf, pagesOf } from './clients.ts'
import { allow, policy, servicePrincipal } from './documents.ts'

const accountId = '123456789012'
const trust = servicePrincipal('lambda.amazonaws.com')
let emulator: AwsEmulator
let iam: IAMClient

afterEach(() => emulator.close())
beforeEach(async () => {
  emulator = createAwsEmulator()
  iam = clientsOf(await emulator.listen(), { credentials: administratorOf(accountId) }).iam
  const account = emulator.state.account(accountId)
  const tags = new Map([['team', 'one']])
  for (let index = 0; index < 250; index++) {
    const path = index % 10 === 0 ? '/tens/' : '/'
    putRole(account, Date.now(), {
      name: `role-${String(index).padStart(3, '0')}`,
      path,
      trustPolicy: trust,
      tags,
      inlinePolicies: { P: policy(allow('s3:*')) },
    })
  }
})
const allNames = Array.from({ length: 250 }, (_, index) => `role-${String(index).padStart(3, '0')}`)

test('ListRoles gives every role once, 100 a page, without tags', async () => {
  const pages = await pagesOf(paginateListRoles({ client: iam }, {}))
  expect(pages.map((page) => [page.Roles?.length, page.IsTruncated])).toEqual([
    [100, true],
    [100, true],
    [50, false],
  ])
  const roles = pages.flatMap((page) => page.Roles ?? [])
  expect(roles.map(({ RoleName }) => RoleName)).toEqual(allNames)
  expect(roles.some(({ Tags }) => Tags !== undefined)).toBe(false)
})

test('a last page that is exactly full is the last', async () => {
  const answer = await iam.send(new ListRolesCommand({ MaxItems: 250 }))
  expect([answer.Roles?.length, answer.IsTruncated, answer.Marker]).toEqual([250, false, undefined])
})

test('ListRoles with a path prefix counts only what lies below it', async () => {
  const pages = await pagesOf(paginateListRoles({ client: iam, pageSize: 20 }, { PathPrefix: '/tens/' }))
  expect(pages.map((page) => page.Roles?.length)).toEqual([20, 5])
})

test('a role that is made or deleted between two pages neither repeats nor hides another', async () => {
  const first = await iam.send(new ListRolesCommand({ MaxItems: 100 }))
  await iam.send(new DeleteRolePolicyCommand({ RoleName: 'role-050', PolicyName: 'P' }))
  await iam.send(new DeleteRoleCommand({ RoleName: 'role-050' }))
  await iam.send(new CreateRoleCommand({ RoleName: 'role-000-a', AssumeRolePolicyDocument: trust }))
  const second = await iam.send(new ListRolesCommand({ MaxItems: 1000, Marker: first.Marker }))
  expect(second.Roles?.map(({ RoleName }) => RoleName)).toEqual(allNames.slice(100))
})

test('GetAccountAuthorizationDetails gives every role with tags and inline policies', async () => {
  const input = { Filter: ['Role' as const], MaxItems: 200 }
  const pages = await pagesOf(paginateGetAccountAuthorizationDetails({ client: iam }, input))
  expect(pages.map((page) => [page.RoleDetailList?.length, page.IsTruncated])).toEqual([
    [200, true],
    [50, false],
  ])
  const role = pages[1]?.RoleDetailList?.at(-1)
  expect(role).toMatchObject({ RoleName: 'role-249', Path: '/', Tags: [{ Key: 'team', Value: 'one' }], AttachedManagedPolicies: [] })
  expect(decodeURIComponent(role?.AssumeRolePolicyDocument ?? '')).toBe(trust)
  expect(decodeURIComponent(role?.RolePolicyList?.[0]?.PolicyDocument ?? '')).toBe(policy(allow('s3:*')))
})

test('GetAccountAuthorizationDetails filtered to users has no roles', async () => {
  const answer = await iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ['User'] }))
  expect(answer).toMatchObject({ RoleDetailList: [], UserDetailList: [], IsTruncated: false })
})
